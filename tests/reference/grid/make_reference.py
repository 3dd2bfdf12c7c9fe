#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes remapcon_*.txt and remapbil_*.txt: what CDO makes of fields that the C++ test can make too.

Needs cdo. Usage: python3 make_reference.py   (in this folder)
The fields are integers over a power of two, so that both sides start from the same bits.
"""
import pathlib
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
FILL = -9999.0


def rough(row, column):
    return ((31 * row * row + 17 * column * column + 7 * row * column + 3 * column) % 1009) / 8.0 - 60.0


def with_holes(row, column):
    """A hole of 8 x 8 cells (whole target cells are missing) and scattered single cells."""
    if 20 <= row < 28 and 40 <= column < 48:
        return FILL
    return FILL if (3 * row + 5 * column) % 11 == 0 else rough(row, column)


def points(axis, first, step, count):
    return f"{axis}size = {count}\n{axis}first = {first}\n{axis}inc = {step}\n"


def cells(axis, first_edge, step, count):
    edges = [first_edge + i * step for i in range(count + 1)]
    centres = " ".join(str(0.5 * (a + b)) for a, b in zip(edges, edges[1:]))
    bounds = " ".join(f"{a} {b}" for a, b in zip(edges, edges[1:]))
    return f"{axis}size = {count}\n{axis}vals = {centres}\n{axis}bounds = {bounds}\n"


GLOBAL_FINE = points("x", 20, 2.5, 144) + points("y", -90, 2.5, 73)
GLOBAL_COARSE = cells("x", 18.75, 10, 36) + cells("y", -90, 10, 18)
# Edges that cut fine cells, from west of Greenwich over the meridian where the fine grid starts anew.
REGIONAL_COARSE = cells("x", -7.3, 7.1, 9) + cells("y", 21.2, 4.7, 8)
REGIONAL_FINE = points("x", -30.25, 0.5, 121) + points("y", 30.25, 0.5, 61)
REGIONAL_OWN_COARSE = cells("x", 333.1, 3.3, 14) + cells("y", 31.7, 3.9, 7)
BILINEAR_TARGET = points("x", 3, 11.25, 32) + points("y", -60, 7.5, 17)

CASES = {
    "remapcon_global": ("remapcon", GLOBAL_FINE, GLOBAL_COARSE, rough),
    "remapcon_missing": ("remapcon", GLOBAL_FINE, GLOBAL_COARSE, with_holes),
    "remapcon_across_start": ("remapcon", GLOBAL_FINE, REGIONAL_COARSE, rough),
    "remapcon_regional": ("remapcon", REGIONAL_FINE, REGIONAL_OWN_COARSE, rough),
    "remapbil_global": ("remapbil", GLOBAL_COARSE, BILINEAR_TARGET, rough),
}


def size_of(grid, axis):
    return next(int(line.split("=")[1]) for line in grid.splitlines() if line.startswith(f"{axis}size"))


def cdo(*arguments, **options):
    done = subprocess.run(["cdo", "-s", *arguments], check=True, text=True, stdout=subprocess.PIPE, **options)
    return done.stdout


def make(folder, name, operator, source, target, field):
    (folder / "source.grid").write_text("gridtype = lonlat\n" + source)
    (folder / "target.grid").write_text("gridtype = lonlat\n" + target)
    values = [field(j, i) for j in range(size_of(source, "y")) for i in range(size_of(source, "x"))]
    cdo("-b", "F64", "-f", "nc", f"-input,{folder / 'source.grid'}", str(folder / "field.nc"),
        input="\n".join(map(str, values)) + "\n")
    out = cdo("-b", "F64", "-outputf,%.9g,1", f"-{operator},{folder / 'target.grid'}",
              f"-setmissval,{FILL}", f"-setctomiss,{FILL}", str(folder / "field.nc"))
    (HERE / f"{name}.txt").write_text(out.replace(f"{FILL:g}\n", "nan\n"))


def main():
    with tempfile.TemporaryDirectory() as folder:
        for name, case in CASES.items():
            make(pathlib.Path(folder), name, *case)


if __name__ == "__main__":
    main()
