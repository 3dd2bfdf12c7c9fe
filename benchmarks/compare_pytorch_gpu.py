#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Question: how fast are evaluation and training of the network on a GPU beside PyTorch, and how near to its limit?

usage: benchmarks/compare_pytorch_gpu.py [--json FILE] [--batch N] [--rounds N] [--program build/cuda/benchmarks/network_speed]

Both sides compute the same network with the same weights and batch and take turns; a ratio is the median of the rounds'
ratios. PyTorch's times are of tensors that lie on the GPU, ours of the same ('device') and of fields in the host's memory,
as `reconstruct` evaluates them ('host'). The limit is the rate of the largest of three bfloat16 matrix products. Needs a
PyTorch with CUDA and a build of the preset 'cuda' against its LibTorch with -D HINDSCALE_BENCHMARKS=ON.
"""
import argparse
import json
import pathlib
import statistics
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/reference/model"))
sys.path.insert(0, str(ROOT / "benchmarks"))
import torch  # noqa: E402
import reference  # noqa: E402
from compare_pytorch import CASES, Ours  # noqa: E402

LAST = torch.channels_last
THREADS = 8  # of our side, for copies between fields and pinned memory


def least_seconds(calls, work):
    least = float("inf")
    for _ in range(calls):
        torch.cuda.synchronize()
        start = time.perf_counter()
        work()
        torch.cuda.synchronize()
        least = min(least, time.perf_counter() - start)
    return least


def matrix_limit():
    """The most FLOP/s of bfloat16 matrix products of random numbers."""
    most = 0.0
    for n in (2048, 4096, 8192):
        a, b = (torch.randn(n, n, device="cuda").bfloat16() for _ in range(2))
        torch.mm(a, b)
        repeats = 10
        seconds = least_seconds(3, lambda: [torch.mm(a, b) for _ in range(repeats)])
        most = max(most, 2 * n**3 * repeats / seconds)
    return most


def load(folder):
    step = pathlib.Path(folder) / "step_00000001"
    config = json.loads((step / "state.json").read_text(encoding="utf-8"))["network"]
    tensors = reference.read_safetensors(step / "model.safetensors")
    weights = {name[4:]: value for name, value in tensors.items() if name.startswith("raw.")}

    def network(dtype, layout):
        made = reference.UNet(config)
        made.load_state_dict(weights)
        return made.to(device="cuda", dtype=dtype, memory_format=layout)

    return network, tensors


def evaluations(network, x, when):
    """PyTorch's ways to evaluate, each warmed up, by name."""
    def run(model, field):
        def call():
            with torch.no_grad():
                return model(field, when)
        for _ in range(3):
            call()
        return call

    plain, last = x.cuda(), x.cuda().bfloat16().contiguous(memory_format=LAST)
    bfloat16 = network(torch.bfloat16, LAST)
    return {"eager_float32": run(network(torch.float32, torch.contiguous_format), plain),
            "eager": run(network(torch.bfloat16, torch.contiguous_format), plain.bfloat16()),
            "channels_last": run(bfloat16, last),
            "compiled": run(torch.compile(bfloat16), last),
            "compiled_graphs": run(torch.compile(bfloat16, mode="reduce-overhead"), last)}


def training(network, x, when, dtype, compiled):
    model, field = network(dtype, LAST), x.cuda().to(dtype).contiguous(memory_format=LAST)
    run = torch.compile(model) if compiled else model

    def step():
        model.zero_grad(set_to_none=True)
        run(field, when).float().square().mean().backward()

    for _ in range(3):
        step()
    return step


def compare(preset, arguments):
    case, batch, calls = CASES[preset], arguments.batch, arguments.calls
    with tempfile.TemporaryDirectory() as folder:
        ours = Ours(arguments.program, folder, preset, THREADS, batch)
        if "CUDA" not in ours.description:
            sys.exit("compare_pytorch_gpu.py: network_speed sees no GPU")
        network, tensors = load(folder)
    x, when = tensors["x"], torch.tensor([500.0], device="cuda")
    with torch.no_grad():
        exact = network(torch.float64, torch.contiguous_format)(x.cuda().double(), when).cpu()
    theirs = evaluations(network, x, when)
    steps = {"eager": training(network, x, when, torch.bfloat16, False), "compiled": training(network, x, when, torch.bfloat16, True)}
    rounds = []
    for _ in range(arguments.rounds):
        row = {name: least_seconds(calls, work) for name, work in theirs.items()}
        row |= {f"train_{name}": least_seconds(calls, work) for name, work in steps.items()}
        row |= {name: ours.measure(name, calls)
                for name in ("device_bfloat16", "device_float32", "bfloat16", "train_bfloat16", "train_float32")}
        row["limit"] = matrix_limit()
        rounds.append(row)
    ours.close()
    median = lambda value: statistics.median(value(r) for r in rounds)
    error = lambda name: ((tensors[name] - exact).norm() / exact.norm()).item()
    return {"batch": batch, "limit_tflop_per_second": median(lambda r: r["limit"]) / 1e12,
            "vs": {name: median(lambda r: r[name] / r["device_bfloat16"]) for name in theirs},
            "share_of_limit": {where: median(lambda r: case["flop"] * batch / r[name] / r["limit"])
                               for where, name in (("device", "device_bfloat16"), ("host", "bfloat16"))},
            "compiled_share_of_limit": median(lambda r: case["flop"] * batch / min(r["compiled"], r["compiled_graphs"]) / r["limit"]),
            "training_vs": {name: median(lambda r: r[f"train_{name}"] / r["train_bfloat16"]) for name in steps},
            "milliseconds_a_sample": {name: 1e3 * median(lambda r: r[name]) / batch for name in rounds[0] if name != "limit"},
            "relative_error": {"bfloat16": error("bfloat16"), "float32": error("float32")}}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=pathlib.Path, help="also write the results here")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=10, help="a turn takes the fastest of so many")
    parser.add_argument("--presets", nargs="+", default=list(CASES), choices=list(CASES))
    parser.add_argument("--program", default=str(ROOT / "build/cuda/benchmarks/network_speed"))
    arguments = parser.parse_args()
    print(f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}, batches of {arguments.batch}")
    results = {}
    for preset in arguments.presets:
        results[preset] = compare(preset, arguments)
        print(f"{preset} at {CASES[preset]['side']} x {CASES[preset]['side']}")
        for name, value in results[preset].items():
            print(f"  {name:24} " + (", ".join(f"{k} {v:.3g}" for k, v in value.items()) if isinstance(value, dict)
                                     else f"{value:.4g}"))
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
