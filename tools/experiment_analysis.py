# SPDX-License-Identifier: Apache-2.0
"""What scores.json does not hold: events, normality of the members, persistence from month to month, months of flood and drought."""
import numpy as np
from scipy import stats

from experiment_data import VARIABLES

EXTREME = 0.95      # quantile of a cell's training climatology, by calendar month
BINS = np.linspace(0, 1, 11)
SIGNIFICANCE = 0.05
REGION = {"name": "25-35 N, 105-122 E", "lat": (25, 35), "lon": (105, 122)}  # the Yangtze's middle and lower reaches


class Events:
    """Brier score, skill and reliability of exceeding the 95th percentile, sums over months and land cells."""

    def __init__(self):
        self.weight = self.reference = self.events = 0
        self.squares, self.bins = {}, {}

    def add(self, happened, forecasts, weight):
        """Of one month: `happened` and each of `forecasts` [y, x]; weight 0 where there is no truth."""
        self.weight += weight.sum()
        self.events += (weight * happened).sum()
        self.reference += (weight * (1 - EXTREME - happened) ** 2).sum()
        for name, forecast in forecasts.items():
            self.squares[name] = self.squares.get(name, 0) + (weight * (forecast - happened) ** 2).sum()
            place = np.clip(np.digitize(forecast, BINS) - 1, 0, len(BINS) - 2)
            rows = self.bins.setdefault(name, np.zeros((3, len(BINS) - 1)))
            for row, values in enumerate((weight, weight * forecast, weight * happened)):
                np.add.at(rows[row], place, values)

    def scores(self):
        reference = self.reference / self.weight
        return {"frequency": self.events / self.weight, "brier_climatology": reference,
                "brier": {name: s / self.weight for name, s in self.squares.items()},
                "skill": {name: 1 - s / self.weight / reference for name, s in self.squares.items()},
                "reliability": {name: {"forecast": divided(rows[1], rows[0]), "observed": divided(rows[2], rows[0]),
                                       "share": (rows[0] / rows[0].sum()).tolist()} for name, rows in self.bins.items()}}


def divided(a, b):
    return [float(x / y) if y > 0 else None for x, y in zip(a, b)]


def exceedance_of_law(limit, mean, deviation, quantiles):
    """Probability [y, x] that the exact law of a month puts on more than `limit`."""
    if quantiles is None:
        return stats.norm.sf(limit, mean, deviation)
    n = len(quantiles)  # at the levels (i - 1/2) / n; beyond the outermost, half a step
    below = (quantiles <= limit).sum(axis=0)
    low, high = (np.take_along_axis(quantiles, np.clip(below + d, 0, n - 1)[None], axis=0)[0] for d in (-1, 0))
    between = np.where((below > 0) & (below < n) & (high > low), (limit - low) / np.where(high > low, high - low, 1), 0.5)
    return 1 - np.clip((below - 0.5 + between) / n, 0, 1)


def limits(fields, variable):
    """[calendar month, y, x]: the 95th percentile of the training years, such that another year of a steady climate exceeds it in 5 %."""
    positions = np.array(fields.training())
    months = np.array([fields.store.months[i] % 12 for i in positions])
    return np.array([np.quantile(fields.truth(variable, sorted(positions[months == m])), EXTREME, axis=0, method="weibull")
                     for m in range(12)])


def law_of(fields, variable):
    return [fields.law(variable, kind) for kind in ("mean", "std", "quantiles")]


def events(fields, variable, members, law):
    truth, limit = fields.truth(variable), limits(fields, variable)
    result = Events()
    for i, month in enumerate(fields.months):
        bound = limit[month % 12]
        weight = np.where(np.isfinite(truth[i]) & np.isfinite(bound), fields.area, 0)
        forecasts = {name: np.mean(of[:, i] > bound, axis=0) for name, of in members.items()}
        mean, deviation, quantiles = (None if part is None else part[i] for part in law)
        if mean is not None:
            forecasts["exact"] = np.nan_to_num(exceedance_of_law(bound, mean, deviation, quantiles))
        result.add(truth[i] > bound, forecasts, weight)
    return result.scores()


def draws_of_law(law, i, n, seed):
    """[n, y, x] of a month: as many draws of the exact law as there are members, cell by cell."""
    mean, deviation, quantiles = law
    generator = np.random.default_rng(seed)
    if quantiles is None:
        return mean[i] + deviation[i] * generator.standard_normal((n, *mean[i].shape))
    level = generator.random((n, *mean[i].shape)) * len(quantiles[i]) - 0.5
    low = np.clip(np.floor(level).astype(int), 0, len(quantiles[i]) - 2)
    share = np.clip(level - low, 0, 1)
    lower, upper = (np.take_along_axis(quantiles[i], low + d, axis=0) for d in (0, 1))
    return lower + share * (upper - lower)


def normality(fields, variable, members, law):
    """Share of months in which D'Agostino and Pearson's test rejects that a cell's members, and as many draws of the law, are normal:
    means and maps."""
    known = np.isfinite(fields.truth(variable)).all(axis=0)
    rejected = {name: np.zeros(known.shape) for name in ("members", "exact")}
    for i in range(len(fields.months)):
        samples = {"members": members[:, i]}
        if law[0] is not None:
            samples["exact"] = draws_of_law(law, i, len(members), seed=i)
        for name, sample in samples.items():
            spreads = sample.astype(float)[:, known]
            constant = np.ptp(spreads, axis=0) == 0  # dry in every member: not normal
            p = np.zeros(spreads.shape[1])
            p[~constant] = stats.normaltest(spreads[:, ~constant], axis=0).pvalue
            rejected[name][known] += p < SIGNIFICANCE
    maps = {name: np.where(known, count / len(fields.months), np.nan) for name, count in rejected.items()}
    return {name: fields.mean_over_land(field) for name, field in maps.items()}, maps


def persistence(fields, variable, members):
    """Correlation of a month's anomalies with those of the next, over cells and months: of truth, of members one by one, of their mean.

    Means over cells and months are removed, so that neither a bias nor the warming since the training years counts as persistence."""
    climatology = fields.climatology(variable)

    def of(series):
        anomaly = series - climatology
        known = np.isfinite(anomaly).all(axis=0) & np.isfinite(fields.truth(variable)).all(axis=0)
        weight = np.where(known, fields.area, 0)
        first, second = (part - fields.mean_over_land(part) for part in (anomaly[:-1], anomaly[1:]))
        first, second = np.nan_to_num(first), np.nan_to_num(second)
        return float((weight * first * second).sum() / np.sqrt((weight * first ** 2).sum() * (weight * second ** 2).sum()))

    return {"truth": of(fields.truth(variable)), "members": float(np.mean([of(member.astype(float)) for member in members])),
            "mean": of(members.mean(axis=0, dtype=float))}


def extreme_months(fields):
    """The wettest and the driest of the test months in the region, by its rain over that of the calendar month's climatology."""
    inside = [(fields.store.fine[axis] > REGION[axis][0]) & (fields.store.fine[axis] < REGION[axis][1]) for axis in ("lat", "lon")]
    box = np.outer(*inside)
    truth, climatology = fields.truth("pr"), fields.climatology("pr")
    known = box & np.isfinite(truth).all(axis=0)
    if not known.any():
        known = np.isfinite(truth).all(axis=0)
    ratio = [np.average(t[known], weights=fields.area[known]) / np.average(c[known], weights=fields.area[known])
             for t, c in zip(truth, climatology)]
    rows = []
    for title, i in (("wettest", int(np.argmax(ratio))), ("driest", int(np.argmin(ratio)))):
        month = fields.months[i]
        dpdm = fields.archives["dpdm"]
        candidates = {"Lerp": fields.store.lerp(fields.store.field("coarse", "pr", month)),
                      "one member": dpdm.field("pr", dpdm.members("pr", month)[0], month), "mean": dpdm.summary("pr", month)[0]}
        rows.append({"title": title, "month": month, "ratio": float(ratio[i]),
                     "rmse": {name: float(np.sqrt(np.average((field - truth[i])[known] ** 2, weights=fields.area[known])))
                              for name, field in candidates.items()}})
    return rows


def analyse(fields):
    """Everything above, by variable; and maps of rejections [y, x]."""
    result, maps = {"extreme_months": extreme_months(fields), "region": REGION["name"]}, {}
    for variable in VARIABLES:
        members = {name: fields.members(name, variable) for name in ("dpdm", "corrdiff")}
        law = law_of(fields, variable)
        rejections, maps[variable] = normality(fields, variable, members["dpdm"], law)
        result[variable] = {"events": events(fields, variable, members, law), "not_normal": rejections,
                            "persistence": persistence(fields, variable, members["dpdm"])}
    return result, maps
