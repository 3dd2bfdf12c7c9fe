#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Question: does a trained network leave seams where tiles meet, by DPDM's stitching, by CorrDiff's, and by ours?

Reconstructs members of a finished experiment with each stitching, tiles where they are and moved by half a stride, and prints what
'evaluate' finds at their borders; then the same places against a reconstruction by one tile as large as the domain. Needs the experiment's store and checkpoints.

Usage: seams.py PROGRAM NAMELIST [--tile ROWS COLUMNS] [--whole ROWS COLUMNS] [--members N] [--ranks N]
                [--overlaps O ...] [--out FOLDER] [group/key=value ...]
"""
import argparse
import json
import os
import pathlib
import subprocess

import numpy as np
import xarray as xr


def borders(n, tile, overlap, form):
    """Rows or columns behind which a tile begins or ends, as TileLayout places them; `form`: 'open', 'round' or 'packed'."""
    if tile == n:
        return [0] if form == "round" else []
    stride, way = tile - overlap, n if form == "round" else n - tile
    if form == "packed":
        starts = list(range(0, n - tile, stride)) + [n - tile]
    else:
        n_steps = -(-way // stride)
        starts = [i * way // n_steps for i in range(n_steps)] + ([] if form == "round" else [way])
    edges = {start % n for start in starts} | {(start + tile) % n for start in starts}
    return sorted(edges if form == "round" else edges - {0})


def near_borders(fields, rows, columns):
    """Sums over members and months [member, time, y, x] of squared steps across borders, and of the variance within two cells."""
    steps = sum(np.sum((fields[:, :, y] - fields[:, :, y - 1]) ** 2) for y in rows)
    steps += sum(np.sum((fields[..., x] - fields[..., x - 1]) ** 2) for x in columns)
    near = np.zeros(fields.shape[2:], bool)
    for y in rows:
        near[max(y - 2, 0):y + 2] = True
    for x in columns:
        near[:, np.arange(x - 2, x + 2) % fields.shape[3]] = True
    return steps, np.sum(fields.var(0, ddof=1)[:, near])


def members_of(folder, variable):
    files = sorted(pathlib.Path(folder).glob(f"{variable}_r*.nc"))
    return np.stack([xr.open_dataset(file)[variable].values.astype(float) for file in files])


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
    parser.add_argument("--whole", type=int, nargs=2, default=(72, 144), help="the tile that covers the domain, but for the network's divisor")
    parser.add_argument("--members", type=int, default=4)
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--overlaps", type=int, nargs="+", default=[4, 8, 16])
    parser.add_argument("--out", default="runs/seams")
    parser.add_argument("overrides", nargs="*")
    arguments = parser.parse_intermixed_args()
    size = f"tiling/size={arguments.tile[0]}, {arguments.tile[1]}"
    cases = [("DPDM: separate tiles, no overlap", "dpdm", ["tiling/stitching='separate'", "tiling/overlap=0"])]
    for overlap in arguments.overlaps:
        cases += [(f"CorrDiff: equal weights, overlap {overlap}", f"uniform{overlap}",
                   ["tiling/stitching='uniform'", "tiling/alternate=.false.", f"tiling/overlap={overlap}"]),
                  (f"tapered, overlap {overlap}", f"taper{overlap}", ["tiling/alternate=.false.", f"tiling/overlap={overlap}"]),
                  (f"tapered, alternating, overlap {overlap}", f"ours{overlap}", [f"tiling/overlap={overlap}"])]
    out = pathlib.Path(arguments.out)
    whole = f"tiling/size={arguments.whole[0]}, {arguments.whole[1]}"
    run(arguments, "one_tile", [whole, "tiling/overlap=0", "tiling/alternate=.false."])
    print("| stitching | variable | seam index | seam variance | steps / one tile | variance / one tile |\n|---|---|---|---|---|---|")
    for title, name, overrides in cases:
        for variable, entry in run(arguments, name, [size, *overrides]).items():
            if variable == "sfcWind":
                continue
            member, words = entry["methods"]["member"], " ".join(overrides)
            fields, reference = members_of(out / name, variable), members_of(out / "one_tile", variable)
            overlap = int(words.split("tiling/overlap=")[1])
            separate = "separate" in words
            rows = borders(fields.shape[2], arguments.tile[0], overlap, "packed" if separate else "open")
            columns = borders(fields.shape[3], arguments.tile[1], overlap, "packed" if separate else "round")
            here, there = near_borders(fields, rows, columns), near_borders(reference, rows, columns)
            print(f"| {title} | {variable} | {text(member['seam_index'])} | {text(member['seam_variance'])} | "
                  f"{here[0] / there[0]:.3f} | {here[1] / there[1]:.3f} |", flush=True)


if __name__ == "__main__":
    main()
