#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Question: how many network evaluations does each sampler need on a trained network, and which is the cheapest whose CRPS is within 1 %?

Runs 'calibrate' on a finished experiment for every sampler and prints CRPS against evaluations. Needs its store and checkpoints; writes
to FOLDER alone, goes on from there when it was stopped.

Usage: evaluations.py PROGRAM NAMELIST RUN FOLDER [--months N] [--members N] [--samplers NAME,NAME] [--noise S,S] [group/key=value ...]
       RUN: the experiment's folder, with samples.h5 and checkpoints/
       --noise: strengths to try with each way to sample; of each way the best counts, and is named
"""
import argparse
import json
import os
import pathlib
import subprocess

STEPS = {"multistep": [1, 2, 3, 4, 6, 8, 12, 18, 25, 35], "ddpm": [3, 4, 6, 8, 12, 18, 25, 35], "ddim": [3, 4, 6, 8, 12, 18, 25, 35],
         "dpmpp_2m": [3, 4, 6, 8, 12, 18, 25, 35], "dpmpp_2s": [2, 3, 4, 6, 9, 12, 18], "euler": [3, 4, 6, 8, 12, 18, 25, 35],
         "heun": [2, 3, 4, 6, 9, 12, 18], "euler_maruyama": [6, 12, 25, 35], "predictor_corrector": [3, 4, 6, 9, 12, 18]}
TOLERANCES = [10, 1, 0.1, 0.01, 0.001]  # of 'adaptive', which chooses its steps


def tried(arguments, sampler):
    """The ways to sample of one sampler, as calibration.json lists them."""
    folder = pathlib.Path(arguments.folder).resolve() / sampler
    result, asked = folder / "calibration.json", folder / "asked.json"
    run = pathlib.Path(arguments.run).resolve()
    best = json.loads((run / "checkpoints/best.json").read_text(encoding="utf-8"))
    ask = json.dumps({name: value for name, value in vars(arguments).items() if name not in ("folder", "samplers")}
                     | {"best": best, "steps": STEPS.get(sampler), "tolerances": TOLERANCES}, sort_keys=True)
    if not (result.exists() and asked.exists() and asked.read_text(encoding="utf-8") == ask):
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([arguments.program, "calibrate", arguments.namelist, f"experiment/directory='{folder}'",
                        f"dataset/store='{run}/samples.h5'", f"reconstruct/checkpoint='{run}/checkpoints/step_{best['step']:08d}'",
                        f"calibration/samplers='{sampler}'", "calibration/steps=" + ",".join(map(str, STEPS.get(sampler, [1]))),
                        "calibration/tolerances=" + ",".join(map(str, TOLERANCES)),
                        f"calibration/noise_scales={arguments.noise}", f"calibration/months={arguments.months}",
                        f"calibration/members={arguments.members}", *arguments.overrides],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={"OMP_NUM_THREADS": "1", **os.environ})
        asked.write_text(ask, encoding="utf-8")
    least = {}
    for way in json.loads(result.read_text(encoding="utf-8"))["tried"]:
        if len(set(way["noise_scale"])) > 1:
            continue  # the choice once more, each variable with its own
        name = (way["steps"], way["eta"], way["churn"], way["tolerance"])
        least[name] = min(least.get(name, way), way, key=score)
    return list(least.values())


def score(way):
    return way["crps_over_lerp_mae"] or float("inf")


def spread(way):
    noise = f" (noise {way['noise_scale'][0]:g})" if way["noise_scale"][0] != 1 else ""
    return ", ".join("none" if ratio is None else f"{ratio:.2f}" for ratio in way["spread_skill"]) + noise


def print_steps(ways, best):
    """CRPS of the samplers whose steps are given."""
    ways = {sampler: {way["evaluations"]: way for way in of_sampler} for sampler, of_sampler in ways.items()}
    counts = sorted({n for of_sampler in ways.values() for n in of_sampler})
    print("| sampler | " + " | ".join(f"{n:g}" for n in counts) + " | first within 1 % | spread / skill there |")
    print("|---" * (len(counts) + 3) + "|")
    for sampler, of_sampler in ways.items():
        cells = [f"{100 * (score(of_sampler[n]) / best - 1):.1f}" if n in of_sampler else "" for n in counts]
        within = [n for n in sorted(of_sampler) if score(of_sampler[n]) <= 1.01 * best]
        print(f"| `{sampler}` | " + " | ".join(cells) + (f" | {within[0]:g} | {spread(of_sampler[within[0]])} |" if within else " | none |  |"))


def print_tolerances(ways, best):
    """CRPS of 'adaptive', whose steps follow from its tolerance."""
    print("\n| `adaptive`, tolerance | " + " | ".join(f"{way['tolerance']:g}" for way in ways) + " |")
    print("|---" * (len(ways) + 1) + "|")
    print("| evaluations, mean | " + " | ".join("diverges" if way["evaluations"] is None else f"{way['evaluations']:.1f}" for way in ways) + " |")
    print("| CRPS above the least, % | " + " | ".join(f"{100 * (score(way) / best - 1):.1f}" for way in ways) + " |")
    print("| spread / skill | " + " | ".join(spread(way) for way in ways) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("program", "namelist", "run", "folder"):
        parser.add_argument(name)
    parser.add_argument("--months", type=int, default=6)
    parser.add_argument("--members", type=int, default=6)
    parser.add_argument("--noise", default="1.0")
    parser.add_argument("--samplers", default=",".join([*STEPS, "adaptive"]))
    arguments, arguments.overrides = parser.parse_known_args()
    samplers = arguments.samplers.split(",")
    if unknown := set(samplers) - {*STEPS, "adaptive"}:
        parser.error(f"unknown sampler: {', '.join(unknown)}")
    ways = {sampler: tried(arguments, sampler) for sampler in samplers}
    best = min(score(way) for of_sampler in ways.values() for way in of_sampler)
    print(f"CRPS above the least of all ({best:.4f} of Lerp's mean absolute error), in percent, by evaluations of the network\n")
    adaptive = ways.pop("adaptive", [])
    if ways:
        print_steps(ways, best)
    if adaptive:
        print_tolerances(adaptive, best)


if __name__ == "__main__":
    main()
