#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How far the exact conditional mean of a generated world is from interpolation: the table of docs/world.md.

Usage: tools/world_table.py FOLDER [--train FIRST LAST] [--test FIRST LAST]
"""
import argparse
import pathlib

import numpy as np
import xarray as xr
from scipy.special import erf

# CMIP name, name in the fine files, name in the coarse files, factor of the fine file's unit, unit of the table, factor of it
VARIABLES = (("uas", "u10", "uwnd", 1, "m/s", 1), ("vas", "v10", "vwnd", 1, "m/s", 1), ("tas", "t2m", "air", 1, "K", 1),
             ("ps", "sp", "pres", 1, "Pa", 1), ("pr", "tp", "prate", 1 / 86.4, "mm/day", 86400))


def linear_weights(coarse, fine):
    """Matrix of linear interpolation between centres, the outermost values held."""
    weights = np.zeros((len(fine), len(coarse)))
    place = np.clip(np.interp(fine, coarse, np.arange(len(coarse))), 0, len(coarse) - 1)
    low = np.minimum(place.astype(int), len(coarse) - 2)
    weights[np.arange(len(fine)), low] = 1 - (place - low)
    weights[np.arange(len(fine)), low + 1] = place - low
    return weights


class World:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.coarse = xr.open_dataset(self.folder / "20crv3" / "20crv3.mon.mean.nc")
        with self.fine_file(int(self.coarse.time.dt.year[-1])) as file:
            self.latitude, self.longitude = file.latitude.values[::-1].astype(float), file.longitude.values.astype(float)
        self.rows = linear_weights(self.coarse.lat.values, self.latitude)
        self.columns = linear_weights(self.coarse.lon.values, self.longitude)

    def fine_file(self, year):
        return xr.open_dataset(self.folder / "era5land" / f"era5land_{year:04}.nc")

    def truth(self, year, variable):
        with self.fine_file(year) as file:
            return file[variable[1]].values[:, ::-1].astype(float) * variable[3]

    def lerp(self, year, variable):
        fields = self.coarse[variable[2]].sel(time=str(year)).values.astype(float)
        return np.einsum("yj,tji,xi->tyx", self.rows, fields, self.columns)

    def law(self, year, name, kind):
        with xr.open_dataset(self.folder / "law" / f"{name}_{kind}_{year:04}01-{year:04}12.nc") as file:
            return file[name].values.astype(float)


def gaussian_crps(error, deviation):
    z = error / deviation
    density = np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    return deviation * (z * erf(z / np.sqrt(2)) + 2 * density - 1 / np.sqrt(np.pi))


def quantile_crps(truth, quantiles):
    """Twice the mean pinball loss over levels (i - 1/2) / n; quantiles [time, n, y, x]."""
    n = quantiles.shape[1]
    levels = ((np.arange(n) + 0.5) / n)[None, :, None, None]
    miss = truth[:, None] - quantiles
    return 2 * np.mean(np.where(miss > 0, levels * miss, (levels - 1) * miss), axis=1)


def scores(world, variable, train, test):
    """Root mean square errors, the law's spread and CRPS, over land cells weighted by area."""
    bias = np.mean([world.lerp(year, variable) - world.truth(year, variable) for year in train], axis=0)
    area = np.cos(np.radians(world.latitude))[None, :, None]
    sums = {}
    for year in test:
        truth, lerp = world.truth(year, variable), world.lerp(year, variable)
        mean, deviation = world.law(year, variable[0], "mean"), world.law(year, variable[0], "std")
        crps = (quantile_crps(truth, world.law(year, "pr", "quantiles")) if variable[0] == "pr"
                else gaussian_crps(truth - mean, deviation))
        weight = np.where(np.isfinite(truth), area, 0)
        for name, field in (("weight", np.ones_like(truth)), ("lerp", (lerp - truth)**2), ("corrected", (lerp - bias - truth)**2),
                            ("exact", (mean - truth)**2), ("spread", deviation**2), ("crps", crps),
                            ("mae", np.abs(lerp - truth))):
            sums[name] = sums.get(name, 0) + np.nansum(weight * field)
    result = {name: np.sqrt(sums[name] / sums["weight"]) for name in ("lerp", "corrected", "exact", "spread")}
    return {**result, "crps / mae": sums["crps"] / sums["mae"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--train", type=int, nargs=2, default=(1961, 2010), help="years of corrected Lerp's mean errors")
    parser.add_argument("--test", type=int, nargs=2, default=(2016, 2021), help="years of the law")
    options = parser.parse_args()
    world = World(options.folder)
    train, test = (range(first, last + 1) for first, last in (options.train, options.test))
    print("| variable | RMSE of Lerp | corrected Lerp | exact mean | exact / Lerp | exact / corrected | spread of the law | CRPS of the law / "
          "MAE of Lerp |\n|---|---|---|---|---|---|---|---|")
    for variable in VARIABLES:
        found = scores(world, variable, train, test)
        lerp, corrected, exact, spread = (found[name] * variable[5] for name in ("lerp", "corrected", "exact", "spread"))
        print(f"| {variable[0]} ({variable[4]}) | {lerp:.4g} | {corrected:.4g} | {exact:.4g} | {exact / lerp:.4f} | {exact / corrected:.3f} "
              f"| {spread:.4g} | {found['crps / mae']:.3f} |")


if __name__ == "__main__":
    main()
