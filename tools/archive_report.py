#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What an archive of 180 years keeps of the truth, by periods of 30 years: trend, variability, extremes, spread and error.

Usage: tools/archive_report.py FOLDER     (with world/, members/ and mean/, as tools/archive.sh makes them; draws FOLDER/report.png)

Anomalies count from the truth's mean of each calendar month and cell in the last period, so that a bias shows; all means are over
land cells, weighted by area. One member is in memory at a time. The truth is no member of the invented reanalysis (docs/world.md): archive
A's spread is meant to exceed the error of its mean.
"""
import pathlib
import re
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import xarray as xr

from plot import STYLE

PERIODS = [(first, first + 29) for first in range(1836, 2016, 30)]
N_YEARS, RECENT = 180, slice(150, 180)
EXTREME = 0.95  # quantile of the truth's anomalies of a cell in the last period


def read_series(paths, name):
    """[month, y, x] of consecutive files; the 2160 months of 1836-2015, no other, none twice."""
    if not paths:
        raise SystemExit(f"no files of {name}: run tools/archive.sh first")
    parts, times = [], []
    for path in sorted(paths):
        with xr.open_dataset(path) as file:
            field = file[name].sortby(file[name].dims[1])
            keep = (field.time.dt.year >= PERIODS[0][0]) & (field.time.dt.year <= PERIODS[-1][1])
            parts.append(field.values[keep.values].astype(np.float32))
            times.append(field.time.values[keep.values])
    months = np.concatenate(times).astype("datetime64[M]")
    expected = np.arange(f"{PERIODS[0][0]}-01", f"{PERIODS[-1][1] + 1}-01", dtype="datetime64[M]")
    if not np.array_equal(months, expected):
        odd = sorted(set(months.tolist()) ^ set(expected.tolist()))
        raise SystemExit(f"{paths[0]} and others: the months are not those of {PERIODS[0][0]} to {PERIODS[-1][1]} in order, "
                         f"first {odd[0] if odd else 'out of order'}")
    return np.concatenate(parts)


def truth_of(folder):
    paths = sorted((folder / "world" / "era5land").glob("era5land_*.nc"))
    truth = read_series(paths, "t2m")
    with xr.open_dataset(paths[0]) as file:
        return truth, np.sort(file.latitude.values.astype(float))


def by_period(yearly):
    """Means [..., period] of [..., year]."""
    return yearly.reshape(*yearly.shape[:-1], len(PERIODS), 30).mean(axis=-1)


class Measures:
    """What is asked of one series of anomalies [year, month, y, x]."""

    def __init__(self, truth, latitude):
        by_year = truth.reshape(N_YEARS, 12, *truth.shape[1:])
        self.normal = by_year[RECENT].mean(axis=0)
        self.truth = by_year - self.normal
        self.land = np.isfinite(truth).all(axis=0)
        self.limit = np.full(truth.shape[1:], np.nan)
        self.limit[self.land] = np.quantile(self.truth[RECENT][:, :, self.land].reshape(360, -1), EXTREME, axis=0)
        weight = np.where(self.land, np.cos(np.radians(latitude))[:, None], 0)
        self.weight = weight / weight.sum()

    def anomalies(self, series):
        if not np.isfinite(series[:, self.land]).all():
            raise SystemExit("a member lacks values on land")
        return series.reshape(N_YEARS, 12, *series.shape[1:]) - self.normal

    def over_land(self, field):
        return float((self.weight * np.where(self.land, field, 0)).sum())

    def of(self, anomalies):
        """[period] of trend (K a century), standard deviation about the period's calendar months (K), share of extremes."""
        rows, yearly = [], self.yearly(anomalies)
        for i in range(len(PERIODS)):
            part = anomalies[30 * i:30 * (i + 1)]
            deviation = np.sqrt((part - part.mean(axis=0)).var(axis=(0, 1)))
            rows.append((100 * np.polyfit(np.arange(30), yearly[30 * i:30 * (i + 1)], 1)[0], self.over_land(deviation),
                         self.over_land((part > self.limit).mean(axis=(0, 1)))))
        return np.array(rows)

    def yearly(self, anomalies):
        """[year] of the mean over months and land cells (K)."""
        return np.array([self.over_land(year.mean(axis=0)) for year in anomalies])


class Archive:
    """Sums over the members of one archive."""

    def __init__(self, folder, measures):
        numbers = sorted({re.search(r"_r(\d+)_", path.name).group(1) for path in folder.glob("tas_r*.nc")})
        if not numbers:
            raise SystemExit(f"{folder}: no members")
        with xr.open_dataset(next(folder.glob(f"tas_r{numbers[-1]}_*.nc")), decode_times=False) as last:
            if "ensemble/antithetic = .true." in last.attrs.get("options", ""):
                raise SystemExit(f"{folder}: pairs of members (ensemble/antithetic), whose spread this report does not know")
        self.n = len(numbers)
        self.rows, self.yearly = [], []
        total, squares = 0, 0
        for number in numbers:
            anomalies = measures.anomalies(read_series(sorted(folder.glob(f"tas_r{number}_*.nc")), "tas"))
            self.rows.append(measures.of(anomalies))
            self.yearly.append(measures.yearly(anomalies))
            total, squares = total + anomalies.astype(float), squares + anomalies.astype(float) ** 2
        self.rows, self.yearly = np.array(self.rows), np.array(self.yearly)  # [member, period, measure], [member, year]
        self.levels = by_period(self.yearly)
        mean = total / self.n
        variance = (squares - self.n * mean ** 2) / (self.n - 1)
        error = (mean - measures.truth) ** 2
        self.spread, self.rmse = (np.array([np.sqrt(measures.over_land(field[30 * i:30 * (i + 1)].mean(axis=(0, 1))))
                                            for i in range(len(PERIODS))]) for field in (variance, error))
        self.mean_deviation = measures.of(mean)[:, 1]


def interval(values):
    low, high = np.quantile(values, (0.05, 0.95))
    return f"{values.mean():.2f} ({low:.2f} to {high:.2f})"


def draw(archives, yearly):
    """Yearly means over land: the truth in the range of the members, and how far the members are apart."""
    plt.rcParams.update(STYLE)
    figure, (level, spread) = plt.subplots(2, 1, figsize=(9, 6), sharex=True, height_ratios=(2, 1), layout="constrained")
    years = np.arange(PERIODS[0][0], PERIODS[-1][1] + 1)
    for (name, archive), color in zip(archives.items(), ("#0072b2", "#d55e00")):
        low, high = np.quantile(archive.yearly, (0.05, 0.95), axis=0)
        label = f"{archive.n} members, driven by the reanalysis's {name}"
        level.fill_between(years, low, high, color=color, alpha=0.3, linewidth=0, label=f"{label}: 5 to 95 %")
        level.plot(years, archive.yearly.mean(axis=0), color=color, linewidth=1, label="their mean")
        spread.plot(years, archive.yearly.std(axis=0, ddof=1), color=color)
    level.plot(years, yearly, color="black", linewidth=1, label="truth")
    level.set(ylabel="anomaly (K)", title=f"Temperature of land cells, yearly; anomalies from {PERIODS[-1][0]}-{PERIODS[-1][1]}")
    level.legend(loc="upper left")
    spread.set(ylabel="spread (K)", xlabel="year", ylim=(0, None), xlim=(years[0], years[-1]))
    return figure


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    truth, latitude = truth_of(folder)
    measures = Measures(truth, latitude)
    of_truth, yearly = measures.of(measures.truth), measures.yearly(measures.truth)
    level = by_period(yearly)
    archives = {"members": Archive(folder / "members", measures), "mean": Archive(folder / "mean", measures)}
    print("Temperature of land cells, an invented world. Means over members, with their 5 and 95 % quantiles.\n")
    print(f"Archive A: {archives['members'].n} members, driven by the reanalysis's members. "
          f"Archive B: {archives['mean'].n} members, driven by its mean.\n")
    print("| years | anomaly (K): truth | A | B | trend (K/century): truth | A | B | extremes (%): truth | A | B |\n" + "|---" * 10 + "|")
    for i, (first, last) in enumerate(PERIODS):
        cells = [f"{first}-{last}", f"{level[i]:.2f}", *(interval(a.levels[:, i]) for a in archives.values()),
                 f"{of_truth[i, 0]:.2f}", *(interval(a.rows[:, i, 0]) for a in archives.values()),
                 f"{100 * of_truth[i, 2]:.2f}", *(interval(100 * a.rows[:, i, 2]) for a in archives.values())]
        print("| " + " | ".join(cells) + " |")
    print("\n| years | variability / truth: members of A | of B | mean of A | RMSE of the mean (K): A | B | spread / RMSE: A | B |\n" + "|---" * 8 + "|")
    for i, (first, last) in enumerate(PERIODS):
        a, b = archives.values()
        ratio = [np.sqrt(1 + 1 / x.n) * x.spread[i] / x.rmse[i] for x in (a, b)]
        print(f"| {first}-{last} | {a.rows[:, i, 1].mean() / of_truth[i, 1]:.3f} | {b.rows[:, i, 1].mean() / of_truth[i, 1]:.3f} "
              f"| {a.mean_deviation[i] / of_truth[i, 1]:.3f} | {a.rmse[i]:.3f} | {b.rmse[i]:.3f} | {ratio[0]:.3f} | {ratio[1]:.3f} |")
    draw(archives, yearly).savefig(folder / "report.png")


if __name__ == "__main__":
    main()
