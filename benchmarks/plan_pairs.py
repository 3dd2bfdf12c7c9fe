#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Question: how well does `hindscale plan --measure` foretell the time of a run, where the speed of the cores changes?

A plan before and one after every run, in turn: plan, run, plan, run, ..., plan. Prints each run beside the plan before it, which is what a user
has, and beside the mean of its two plans, which tells the plan's own error from the machine's. Needs what the stage needs: a store, for
'reconstruct' a checkpoint, too. Runs go to FOLDER/1, 2, ..., which must not exist.

Usage: plan_pairs.py PROGRAM STAGE NAMELIST FOLDER [--rounds N] [--ranks N] [--prepare] [group/key=value ...]
       STAGE: train or reconstruct
       --prepare: before each run, untimed, for namelists that adjust the driving source (the adjustment lies beside the members)
"""
import argparse
import os
import pathlib
import re
import subprocess
import time

SECONDS = {"s": 1, "min": 60, "h": 3600}
DURATION = r"([\d.e+]+) (s|min|h)\b"


def launched(arguments, *words):
    """Standard output of the program, and its seconds."""
    root = ["--allow-run-as-root"] if os.geteuid() == 0 else []
    line = ["mpirun", *root, "--oversubscribe", "--bind-to", "none", "-n", str(arguments.ranks), arguments.program, *words]
    begin = time.monotonic()
    done = subprocess.run(line, env={"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **os.environ}, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"plan_pairs.py: {' '.join(line)} failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout, time.monotonic() - begin


def home_of(arguments, i_run):
    """Where a run writes; a training's folder is the experiment's."""
    key = {"train": "experiment", "reconstruct": "reconstruct"}[arguments.stage]
    return f"{key}/directory='{pathlib.Path(arguments.folder).resolve() / str(i_run)}'"


def planned(arguments, i_run):
    """Seconds that the plan's row names for the stage: the first duration is the reconstruction's, the second the training's."""
    out, _ = launched(arguments, "plan", arguments.namelist, "--measure", home_of(arguments, i_run), *arguments.overrides)
    lines = out.splitlines()
    row = lines[next(i for i, line in enumerate(lines) if line.split()[:2] == ["nodes", "ranks"]) + 1]
    durations = re.findall(DURATION, row)
    number, unit = durations[0 if arguments.stage == "reconstruct" else 1]
    return float(number) * SECONDS[unit]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("stage", choices=("train", "reconstruct"))
    parser.add_argument("namelist")
    parser.add_argument("folder")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--prepare", action="store_true")
    arguments, arguments.overrides = parser.parse_known_args()
    if pathlib.Path(arguments.folder).exists():
        parser.error(f"{arguments.folder} is there already: a run in it would have nothing to do")
    print("| run | plan before (s) | run (s) | plan after (s) | before / run | mean of both / run |\n|---|---|---|---|---|---|", flush=True)
    before = planned(arguments, 1)
    for i in range(1, arguments.rounds + 1):
        words = (arguments.namelist, home_of(arguments, i), *arguments.overrides)
        if arguments.prepare:
            launched(arguments, "prepare", *words)
        _, run = launched(arguments, arguments.stage, *words)
        after = planned(arguments, i + 1)
        print(f"| {i} | {before:.1f} | {run:.1f} | {after:.1f} | {before / run:.2f} | {(before + after) / 2 / run:.2f} |", flush=True)
        before = after


if __name__ == "__main__":
    main()
