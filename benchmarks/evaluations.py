#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Question: how many network evaluations does each sampler need on a trained network, and which is the cheapest whose CRPS is within 1 %?

Runs 'calibrate' on a finished experiment for every sampler and prints CRPS against evaluations. Needs its store and checkpoints; writes
to FOLDER alone, goes on from there when it was stopped.

Usage: evaluations.py PROGRAM NAMELIST RUN FOLDER [--months N] [--members N] [group/key=value ...]
       RUN: the experiment's folder, with samples.h5 and checkpoints/
"""
import argparse
import json
import os
import pathlib
import subprocess

STEPS = {"multistep": [1, 2, 3, 4, 6, 8, 12, 18, 25, 35], "ddpm": [3, 4, 6, 8, 12, 18, 25, 35], "ddim": [3, 4, 6, 8, 12, 18, 25, 35],
         "dpmpp_2m": [3, 4, 6, 8, 12, 18, 25, 35], "dpmpp_2s": [2, 3, 4, 6, 9, 12, 18], "euler": [3, 4, 6, 8, 12, 18, 25, 35],
         "heun": [2, 3, 4, 6, 9, 12, 18], "euler_maruyama": [6, 12, 25, 35], "predictor_corrector": [3, 4, 6, 9, 12, 18]}


def tried(arguments, sampler):
    """The ways to sample of one sampler, as calibration.json lists them."""
    folder = pathlib.Path(arguments.folder).resolve() / sampler
    result = folder / "calibration.json"
    if not result.exists():
        folder.mkdir(parents=True, exist_ok=True)
        run = pathlib.Path(arguments.run).resolve()
        best = json.loads((run / "checkpoints/best.json").read_text(encoding="utf-8"))["step"]
        subprocess.run([arguments.program, "calibrate", arguments.namelist, f"experiment/directory='{folder}'",
                        f"dataset/store='{run}/samples.h5'", f"reconstruct/checkpoint='{run}/checkpoints/step_{best:08d}'",
                        f"calibration/samplers='{sampler}'", "calibration/steps=" + ",".join(map(str, STEPS[sampler])),
                        "calibration/noise_scales=1.0", f"calibration/months={arguments.months}",
                        f"calibration/members={arguments.members}", *arguments.overrides],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={"OMP_NUM_THREADS": "1", **os.environ})
    ways = json.loads(result.read_text(encoding="utf-8"))["tried"]
    return {way["evaluations"]: way for way in ways}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("program", "namelist", "run", "folder"):
        parser.add_argument(name)
    parser.add_argument("--months", type=int, default=6)
    parser.add_argument("--members", type=int, default=6)
    arguments, arguments.overrides = parser.parse_known_args()
    ways = {sampler: tried(arguments, sampler) for sampler in STEPS}
    score = lambda way: way["crps_over_lerp_mae"] or float("inf")
    best = min(score(way) for of_sampler in ways.values() for way in of_sampler.values())
    counts = sorted({n for of_sampler in ways.values() for n in of_sampler})
    print(f"CRPS above the least of all ({best:.4f} of Lerp's mean absolute error), in percent, by evaluations of the network\n")
    print("| sampler | " + " | ".join(map(str, counts)) + " | first within 1 % | spread / skill there |")
    print("|---" * (len(counts) + 3) + "|")
    for sampler, of_sampler in ways.items():
        cells = [f"{100 * (score(of_sampler[n]) / best - 1):.1f}" if n in of_sampler else "" for n in counts]
        within = [n for n in sorted(of_sampler) if score(of_sampler[n]) <= 1.01 * best]
        spread = ", ".join(f"{ratio:.2f}" for ratio in of_sampler[within[0]]["spread_skill"]) if within else ""
        print(f"| `{sampler}` | " + " | ".join(cells) + f" | {within[0] if within else 'none'} | {spread} |")


if __name__ == "__main__":
    main()
