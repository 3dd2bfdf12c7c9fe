#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Question: how well do `check` and `plan` foretell the memory of a training?

Trains for as many steps as show every month to the network, one rank, and prints the peak that `train` logs beside the one that `check`
foretells. Trainings go to FOLDER/1, 2, ...

Usage: training_memory.py PROGRAM NAMELIST STORE FOLDER
       STORE: what `prepare` makes with the namelist
"""
import argparse
import math
import os
import pathlib
import re
import shutil
import subprocess

SMALL = "training/patch_size=40,48"
PUBLISHED = "model/preset=dpdm model/dropout=0 training/patch_size=64,64"
GAN = f"model/preset=edsr model/dropout=0 training/stage=gan gan/start=2 {SMALL}"
CASES = [("small, patches of 40 x 48", SMALL, (1, 8, 32)), ("small, float32", f"{SMALL} training/precision=float32", (32,)),
         ("small, `training/recompute`", f"{SMALL} training/recompute=.true.", (32,)), ("`dpdm`, patches of 64 x 64", PUBLISHED, (4, 16, 32)),
         ("GAN, patches of 40 x 48", GAN, (8, 32))]
SAMPLES_SEEN = 600  # patches: every epoch goes through all months
FEWEST_STEPS = 20


def said(arguments, *words):
    done = subprocess.run([arguments.program, *words], env={"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **os.environ},
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"training_memory.py: {' '.join(words)} failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout + done.stderr


def pair(arguments, options, batch, number):
    """Foretold and reached, MiB."""
    folder = pathlib.Path(arguments.folder).resolve() / str(number)
    shutil.rmtree(folder, ignore_errors=True)
    steps = max(FEWEST_STEPS, math.ceil(SAMPLES_SEEN / batch))
    words = [arguments.namelist, f"dataset/store='{pathlib.Path(arguments.store).resolve()}'", f"experiment/directory='{folder}'", *options.split(),
             f"training/batch={batch}", f"training/steps={steps}", "training/warmup=1", "training/validation_months=1",
             "training/validation_members=2", "training/validation_steps=1", "training/validate_every=100000",
             "training/checkpoint_every=100000"]
    foretold = re.findall(r"memory a rank\s+(\d+) MiB", said(arguments, "check", *words))[0]
    reached = re.findall(r"peak memory of a rank: (\d+) MiB", said(arguments, "train", *words))[-1]
    return int(foretold), int(reached)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("program", "namelist", "store", "folder"):
        parser.add_argument(name)
    arguments = parser.parse_args()
    print("| training | patches a step | foretold | run | foretold / run |\n|---|---|---|---|---|", flush=True)
    number = 0
    for name, options, batches in CASES:
        for batch in batches:
            number += 1
            foretold, reached = pair(arguments, options, batch, number)
            print(f"| {name} | {batch} | {foretold} MiB | {reached} MiB | {foretold / reached:.2f} |", flush=True)


if __name__ == "__main__":
    main()
