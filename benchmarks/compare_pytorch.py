#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Question: how fast are evaluation and training of the network beside PyTorch, and how near to the machine's limit?

usage: benchmarks/compare_pytorch.py [--json FILE] [--rounds N] [--threads N] [--program build/ci/benchmarks/network_speed]

Both sides compute the same network with the same weights, batch and threads and take turns; a ratio is the median of
the rounds' ratios. Where the processor cannot compute with bfloat16, float32 takes its place. Needs Debian's python3-torch and the build of the preset 'ci' (tools/setup.sh ci; cmake --preset ci;
cmake --build --preset ci --target network_speed hindscale), and for two ranks the data of the demo (ferret-datasets).
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/reference/model"))
try:
    import torch
    import reference
except ImportError as error:
    sys.exit(f"compare_pytorch.py: {error}; install python3-torch and python3-numpy (tools/setup.sh ci) and use /usr/bin/python3")

# FLOP of one evaluation: a multiply-add is two (tests/reference/model/reference.py --count at 128 x 128; by place for small).
CASES = {"dpdm": {"side": 128, "flop": 2 * 13057916928}, "small": {"side": 32, "flop": 474e3 * 32 * 32}}
BATCH = 4
CALLS = {"dpdm": 2, "small": 30}  # a turn takes the fastest of so many


class Ours:
    """The C++ program, which waits for its turns."""

    def __init__(self, program, folder, preset, threads, batch=BATCH):
        self.process = subprocess.Popen([program, folder, preset, str(batch), str(CASES[preset]["side"]), str(threads)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.description = self.process.stdout.readline().strip()
        if not self.description.startswith("ready"):
            sys.exit("compare_pytorch.py: network_speed did not start")

    def measure(self, what, calls):
        self.process.stdin.write(f"{what} {calls}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def least_seconds(calls, work):
    least = float("inf")
    for _ in range(calls):
        start = time.perf_counter()
        work()
        least = min(least, time.perf_counter() - start)
    return least


def convolution_limit(calls, dtype):
    """The most FLOP/s of PyTorch's own 3 x 3 convolutions, in either layout."""
    most = 0.0
    for channels, side in ((64, 128), (128, 64), (256, 32)):
        for layout in (torch.contiguous_format, torch.channels_last):
            x = torch.randn(BATCH, channels, side, side).to(dtype).contiguous(memory_format=layout)
            layer = torch.nn.Conv2d(channels, channels, 3, padding=1).to(dtype).to(memory_format=layout)
            layer(x)
            flop = 2 * 9 * channels * channels * side * side * BATCH
            most = max(most, flop / least_seconds(calls, lambda: layer(x)))
    return most


def load(folder):
    """The network of a checkpoint folder in PyTorch, its input, and our outputs."""
    step = pathlib.Path(folder) / "step_00000001"
    config = json.loads((step / "state.json").read_text(encoding="utf-8"))["network"]
    tensors = reference.read_safetensors(step / "model.safetensors")
    network = reference.UNet(config)
    network.load_state_dict({name: tensors["raw." + name] for name, _ in network.named_parameters()})
    return network, tensors


def relative_errors(network, tensors):
    with torch.no_grad():
        exact = network.double()(tensors["x"].double(), torch.tensor([500.0]))
    network.float()
    return {name: ((tensors[name] - exact).norm() / exact.norm()).item() for name in ("float32", "bfloat16") if name in tensors}


def compare_evaluation(preset, arguments):
    calls = CALLS[preset]
    with tempfile.TemporaryDirectory() as folder:
        ours = Ours(arguments.program, folder, preset, arguments.threads)
        network, tensors = load(folder)
    errors = relative_errors(network, tensors)
    fastest = "bfloat16" if "bfloat16" in tensors else "float32"
    dtype = getattr(torch, fastest)
    x, when = tensors["x"], torch.tensor([500.0])
    channels_last = torch.nn.Module.to(load_copy(network), memory_format=torch.channels_last)
    x_last = x.contiguous(memory_format=torch.channels_last)
    rounds = []
    with torch.no_grad():
        for _ in range(arguments.rounds):
            rounds.append({**{name: ours.measure(name, calls) for name in errors},
                           "eager": least_seconds(calls, lambda: network(x, when)),
                           "channels_last": least_seconds(calls, lambda: channels_last(x_last, when)),
                           "limit": max(ours.measure("limit", 3), convolution_limit(3, dtype))})
    ours.close()
    median = lambda value: statistics.median(value(r) for r in rounds)
    return {"precision": fastest,
            "vs_eager": median(lambda r: r["eager"] / r[fastest]),
            "vs_channels_last": median(lambda r: r["channels_last"] / r[fastest]),
            "share_of_limit": median(lambda r: CASES[preset]["flop"] * BATCH / r[fastest] / r["limit"]),
            "relative_error": errors[fastest],
            "float32_vs_eager": median(lambda r: r["eager"] / r["float32"]),
            "float32_relative_error": errors["float32"],
            "milliseconds": {name: 1e3 * median(lambda r: r[name]) / BATCH
                             for name in (*errors, "eager", "channels_last")},
            "limit_gflop_per_second": median(lambda r: r["limit"]) / 1e9}, ours.description


def compare_training(preset, arguments):
    """Forward and backward passes of one batch: PyTorch in float32, ours in float32 and, where it can, bfloat16."""
    calls = CALLS[preset]
    with tempfile.TemporaryDirectory() as folder:
        ours = Ours(arguments.program, folder, preset, arguments.threads)
        network, tensors = load(folder)
    x, when = tensors["x"], torch.tensor([500.0])

    def step():
        network.zero_grad(set_to_none=True)
        network(x, when).square().mean().backward()

    step()
    precisions = [name for name in ("bfloat16", "float32") if name in tensors]
    rounds = [{**{name: ours.measure("train_" + name, calls) for name in precisions}, "eager": least_seconds(calls, step)}
              for _ in range(arguments.rounds)]
    ours.close()
    median = lambda value: statistics.median(value(r) for r in rounds)
    return {"vs_eager": median(lambda r: r["eager"] / r[precisions[0]]),
            "float32_vs_eager": median(lambda r: r["eager"] / r["float32"]),
            "milliseconds": {name: 1e3 * median(lambda r: r[name]) / BATCH for name in (*precisions, "eager")}}


def patches_a_second(folder):
    """The median over the intervals of a training; the first, with its start-up, left out."""
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    return statistics.median(line["patches_per_s"] for line in lines[1:] if "patches_per_s" in line)


def two_ranks(arguments):
    """Throughput of a training on two ranks over that of two trainings of one rank, side by side, each with half the batch."""
    hindscale = str(pathlib.Path(arguments.program).parent.parent / "bin/hindscale")
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    with tempfile.TemporaryDirectory() as temporary:
        root = pathlib.Path(temporary)

        def command(stage, name, *options):
            return [hindscale, stage, str(ROOT / "namelists/winds.nml"), f"experiment/directory='{root / name}'",
                    f"dataset/store='{root}/samples.h5'", "training/steps=160", "training/validate_every=1000",
                    "training/checkpoint_every=1000", "training/validation_months=1", *options]

        def start(arguments):
            return subprocess.Popen(arguments, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

        def finish(process):
            message = process.communicate()[1]
            if process.returncode != 0:
                sys.exit("compare_pytorch.py: " + message)

        finish(start(command("prepare", "prepared")))
        ratios = []
        for i in range(3):
            finish(start(["mpirun", "-n", "2", *command("train", f"pair{i}")]))
            single = [start(command("train", f"single{i}{k}", "training/batch=4")) for k in range(2)]
            for process in single:
                finish(process)
            ratios.append(patches_a_second(root / f"pair{i}") /
                          sum(patches_a_second(root / f"single{i}{k}") for k in range(2)))
    return statistics.median(ratios)


def load_copy(network):
    copy = reference.UNet(network.config)
    copy.load_state_dict(network.state_dict())
    return copy


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=pathlib.Path, help="also write the results here")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--program", default=str(ROOT / "build/ci/benchmarks/network_speed"))
    arguments = parser.parse_args()
    if not pathlib.Path(arguments.program).exists():
        sys.exit(f"compare_pytorch.py: {arguments.program} is not there; cmake --preset ci && "
                 "cmake --build --preset ci --target network_speed")
    torch.set_num_threads(arguments.threads)
    results = {}
    for preset in CASES:
        results[preset], device = compare_evaluation(preset, arguments)
        print(f"{preset}, batches of {BATCH} at {CASES[preset]['side']} x {CASES[preset]['side']}, {arguments.threads} threads; "
              f"PyTorch {torch.__version__}; {device.removeprefix('ready, ')}")
        for name, value in results[preset].items():
            print(f"  {name:24} " + (", ".join(f"{k} {v:.2f}" for k, v in value.items()) if isinstance(value, dict)
                                     else value if isinstance(value, str) else f"{value:.3g}"))
    training = {preset: compare_training(preset, arguments) for preset in CASES}
    results["training"] = {"vs_eager": min(case["vs_eager"] for case in training.values()), **training,
                           "two_ranks": two_ranks(arguments)}
    print(f"training, forward and backward of batches of {BATCH}; two ranks over two trainings of one rank side by side: "
          f"{results['training']['two_ranks']:.3f}")
    for preset, case in training.items():
        print(f"  {preset:8} vs_eager {case['vs_eager']:.3g}, float32 {case['float32_vs_eager']:.3g}; ms a patch "
              + ", ".join(f"{k} {v:.2f}" for k, v in case["milliseconds"].items()))
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
