# SPDX-License-Identifier: Apache-2.0
"""What the figures show: the fields of a sample store and of a reconstruction."""
import json
import re

import h5py
import numpy as np
import xarray as xr


class Store:
    """The fields of a sample store (HDF5): the truth, the coarse field, the grids."""

    def __init__(self, path):
        self.file = h5py.File(path, "r")
        text = self.file.attrs["content"]
        self.content = json.loads(text.decode() if isinstance(text, bytes) else str(text))
        self.variables = self.content["variables"]
        self.months = [int(month) for month in self.file["month_index"][:]]
        self.fine, self.coarse = ({name: self.file[f"grid/{grid}/{name}"][:] for name in
                                   ("lat", "lat_edges", "lon", "lon_edges")} for grid in ("fine", "coarse"))

    def units(self, variable):
        return self.content["units"][self.variables.index(variable)]

    def field(self, name, variable, month):
        return self.file[name][self.months.index(month), self.variables.index(variable)].astype(float)

    def land(self):
        return self.file["statics/land_fraction"][:] if "statics/land_fraction" in self.file else None

    def cell_areas(self):
        rows = np.diff(np.sin(np.radians(self.fine["lat_edges"])))
        return np.outer(rows, np.diff(self.fine["lon_edges"]))

    def lerp(self, coarse):
        """Bilinear between the centres of the coarse cells; the outermost rows are held, and columns where they do not wrap."""
        upper, share = neighbours(self.coarse["lat"], self.fine["lat"], periodic=False)
        rows = coarse[upper - 1] * (1 - share)[:, None] + coarse[upper] * share[:, None]
        right, share = neighbours(self.coarse["lon"], self.fine["lon"], self.content["coarse_periodic"])
        return rows[:, right - 1] * (1 - share) + rows[:, right % coarse.shape[1]] * share


def neighbours(centres, points, periodic):
    """Index of the centre beyond each point, and the point's share of the way to it from the one before."""
    if periodic:
        points = centres[0] + (points - centres[0]) % 360
        centres = np.append(centres, centres[0] + 360)
    beyond = np.clip(np.searchsorted(centres, points, side="right"), 1, len(centres) - 1)
    share = (points - centres[beyond - 1]) / (centres[beyond] - centres[beyond - 1])
    return beyond, np.clip(share, 0, 1)


class Reconstruction:
    """The files of a reconstruction, found by their names."""

    NAME = re.compile(r"(?P<variable>.+)_(?P<kind>r\d+|mean|std)_(?P<first>\d{6})-(?P<last>\d{6})\.nc")

    def __init__(self, folder):
        self.files = []
        for path in sorted(folder.glob("*.nc")):
            if match := self.NAME.fullmatch(path.name):
                first, last = (int(match[key][:4]) * 12 + int(match[key][4:]) - 1 for key in ("first", "last"))
                self.files.append((match["variable"], match["kind"], first, last, path))

    def months(self):
        return sorted({month for _, _, first, last, _ in self.files for month in range(first, last + 1)})

    def members(self, variable, month):
        kinds = {kind for v, kind, first, last, _ in self.files if v == variable and first <= month <= last}
        return sorted((kind for kind in kinds if kind.startswith("r")), key=lambda kind: int(kind[1:]))

    def file(self, variable, kind, month):
        """Path and first month of the file that holds a field; None where there is none."""
        return next(((path, first) for v, k, first, last, path in self.files if v == variable and k == kind and first <= month <= last), None)

    def field(self, variable, kind, month):
        """[y, x], south to north; None where no file holds it."""
        found = self.file(variable, kind, month)
        if found is None:
            return None
        with xr.open_dataset(found[0], decode_times=False) as data:
            return data[variable].isel(time=month - found[1]).sortby("lat").values.astype(float)

    def independent(self, variable, month):
        """Those of the members whose noise no earlier one has with the opposite sign (ensemble/antithetic)."""
        first = {}
        for kind in self.members(variable, month):
            with xr.open_dataset(self.file(variable, kind, month)[0], decode_times=False) as data:
                first.setdefault(int(data.attrs.get("antithetic_to_member", kind[1:])), kind)
        return list(first.values())

    def summary(self, variable, month):
        """Mean over the members and standard deviation over the independent ones; from themselves where their files are missing."""
        mean, spread = (self.field(variable, kind, month) for kind in ("mean", "std"))
        if mean is None or spread is None:
            fields = {kind: self.field(variable, kind, month) for kind in self.members(variable, month)}
            independent = [fields[kind] for kind in self.independent(variable, month)]
            mean = np.mean(list(fields.values()), axis=0) if fields else None
            spread = np.std(independent, axis=0, ddof=1) if len(independent) > 1 else None
        return mean, spread
