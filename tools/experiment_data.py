# SPDX-License-Identifier: Apache-2.0
"""What the report of the experiment is made from: scores of several evaluations as one, and the fields of truth, members and law."""
import json

import numpy as np
import xarray as xr

from plot_data import Reconstruction, Store

VARIABLES = ("uas", "vas", "tas", "ps", "pr")
TABLE_UNITS = {"uas": ("m/s", 1), "vas": ("m/s", 1), "sfcWind": ("m/s", 1), "tas": ("K", 1), "ps": ("Pa", 1), "pr": ("mm/day", 86400)}
SINGLE = ("lerp", "lerp_corrected", "ridge", "local_ridge", "edsr_gan", "regression")


def read_scores(folder):
    path = folder / "scores.json"
    if not path.is_file():
        raise SystemExit(f"{path} is missing: run tools/experiment.sh first")
    return json.loads(path.read_text())


def ensemble_sizes(scores):
    """One member, a third of them, all."""
    entry = next(iter(scores["variables"].values()))["methods"]["ensemble"]
    sizes = sorted(int(size) for size in entry["by_members"])
    third = min(sizes, key=lambda size: abs(size - 0.33 * sizes[-1]))
    return 1, third, sizes[-1]


def methods_of(dpdm, corrdiff):
    """scores.json of the report: the evaluation of dpdm.nml, its ensembles by size, and CorrDiff's ensemble."""
    sizes = ensemble_sizes(dpdm)
    merged = {key: dpdm[key] for key in ("period", "months", "members", "bootstrap")}
    merged["independent_members"] = {name: one.get("independent_members", one["members"])
                                     for name, one in (("dpdm", dpdm), ("corrdiff", corrdiff))}
    merged["variables"] = {}
    for variable, entry in dpdm["variables"].items():
        methods, others = entry["methods"], corrdiff["variables"][variable]["methods"]
        one = {name: methods[name] for name in (*SINGLE, "exact") if name in methods}
        one["dpdm_1"] = methods["member"]
        for size in sizes[1:-1]:
            one[f"dpdm_{size}"] = methods["ensemble"]["by_members"][str(size)]
        one[f"dpdm_{sizes[-1]}"] = methods["ensemble"]
        one[f"corrdiff_{corrdiff['members']}"] = others["ensemble"]
        merged["variables"][variable] = {"units": entry["units"], "range": entry["range"], "methods": one}
    merged["correlations"], merged["spectra"] = dpdm["correlations"], dpdm["spectra"]
    merged["inputs"] = {"dpdm": dpdm["inputs"], "corrdiff": corrdiff["inputs"]}
    return merged


class Fields:
    """Truth, climatology, members and law of one variable in the test months, on land, south to north."""

    def __init__(self, folder, world):
        self.store = Store(folder / "samples.h5")
        self.world = world
        self.archives = {name: Reconstruction(folder / name / "reconstruction") for name in ("dpdm", "corrdiff")}
        self.months = self.archives["dpdm"].months()
        self.positions = [self.store.months.index(month) for month in self.months]
        self.area = self.store.cell_areas()

    def truth(self, variable, positions=None):
        """[month, y, x] of the test months, or of those at these positions of the store."""
        v = self.store.variables.index(variable)
        return self.store.file["fine"][self.positions if positions is None else positions, v].astype(float)

    def climatology(self, variable):
        v = self.store.variables.index(variable)
        return self.store.file["climatology/fine"][:, v].astype(float)[[month % 12 for month in self.months]]

    def training(self):
        """Positions of the training months."""
        first, last = self.store.content["train"]
        return [i for i, month in enumerate(self.store.months) if first <= month // 12 <= last]

    def members(self, archive, variable):
        """[member, month, y, x], float32, of the members that are independent of each other."""
        chosen = self.archives[archive]
        independent = sorted(chosen.independent(variable, self.months[0]), key=lambda kind: int(kind[1:]))
        found = np.full((len(independent), len(self.months), *self.area.shape), np.nan, np.float32)  # in place: it may be most of the memory
        for name, kind, first, _, path in chosen.files:
            if name == variable and kind in independent:
                with xr.open_dataset(path, decode_times=False) as data:
                    field = data[variable].sortby("lat").values
                start = self.months.index(first)
                found[independent.index(kind), start:start + len(field)] = field
        return found

    def law(self, variable, kind):
        """[month, y, x], or [month, quantile, y, x]; None where the law has no such file."""
        parts = []
        for year in sorted({month // 12 for month in self.months}):
            path = self.world / "law" / f"{variable}_{kind}_{year:04}01-{year:04}12.nc"
            if not path.is_file():
                return None
            with xr.open_dataset(path, decode_times=False) as data:
                numbers = [month % 12 for month in self.months if month // 12 == year]
                parts.append(data[variable].sortby("lat").transpose("time", ..., "lat", "lon").values[numbers].astype(float))
        return np.concatenate(parts)

    def mean_over_land(self, field):
        """Weighted by area, where there are values; over all leading axes."""
        weight = np.where(np.isfinite(field), self.area, 0)
        return float(np.nansum(field * weight) / weight.sum())
