#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Question: does a trained network leave seams where tiles meet, by DPDM's stitching, by CorrDiff's, and by ours?

Reconstructs members of a finished experiment with each stitching, tiles where they are and moved by half a stride, and prints what
'evaluate' finds at their borders. Needs the experiment's store and checkpoints.

Usage: seams.py PROGRAM NAMELIST [--tile ROWS COLUMNS] [--members N] [--ranks N]
                [--overlaps O ...] [--out FOLDER] [group/key=value ...]
"""
import argparse
import json
import os
import pathlib
import subprocess


def run(arguments, name, overrides):
    folder = pathlib.Path(arguments.out) / name
    options = [f"reconstruct/directory='{folder}'", f"evaluation/directory='{folder}'", f"ensemble/members={arguments.members}",
               f"tiling/seam_members={arguments.members}", "output/statistics=.false.", "evaluation/members=",
               *arguments.overrides, *overrides]
    for stage in ("reconstruct", "evaluate"):
        subprocess.run(["mpirun", "--allow-run-as-root", "--oversubscribe", "-n", str(arguments.ranks), arguments.program, stage,
                        arguments.namelist, *options], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       env={**os.environ, "OMP_NUM_THREADS": "1"})
    return json.loads((folder / "scores.json").read_text())["variables"]


def text(entry):
    if entry["value"] is None:
        return "-"
    return f"{entry['value']:.3f} ({entry['low']:.3f} to {entry['high']:.3f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program")
    parser.add_argument("namelist")
    parser.add_argument("--tile", type=int, nargs=2, default=(40, 80))
    parser.add_argument("--members", type=int, default=4)
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--overlaps", type=int, nargs="+", default=[4, 8, 16])
    parser.add_argument("--out", default="runs/seams")
    parser.add_argument("overrides", nargs="*")
    arguments = parser.parse_args()
    size = f"tiling/size={arguments.tile[0]}, {arguments.tile[1]}"
    cases = [("DPDM: separate tiles, no overlap", "dpdm", ["tiling/stitching='separate'", "tiling/overlap=0"])]
    for overlap in arguments.overlaps:
        cases += [(f"CorrDiff: equal weights, overlap {overlap}", f"uniform{overlap}",
                   ["tiling/stitching='uniform'", "tiling/alternate=.false.", f"tiling/overlap={overlap}"]),
                  (f"tapered, overlap {overlap}", f"taper{overlap}", ["tiling/alternate=.false.", f"tiling/overlap={overlap}"]),
                  (f"tapered, alternating, overlap {overlap}", f"ours{overlap}", [f"tiling/overlap={overlap}"])]
    for title, name, overrides in cases:
        for variable, entry in run(arguments, name, [size, *overrides]).items():
            member = entry["methods"]["member"]
            print(f"| {title} | {variable} | {text(member['seam_index'])} | {text(member['seam_variance'])} |", flush=True)


if __name__ == "__main__":
    main()
