#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Draws an experiment: maps of a month, rank histograms, power spectra, the course of the training.

Prints the path of each figure; what cannot be drawn is named and left out."""
import argparse
import json
import pathlib
import re
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from plot_curves import draw_rank_histograms, draw_spectra, draw_training
from plot_data import Reconstruction, Store
from plot_maps import draw_maps
from plot_text import month_text

PLACES = {"store": "samples.h5", "reconstruction": "reconstruction", "scores": "scores.json", "out": "figures"}
STYLE = {"font.size": 10, "axes.titlesize": 10.5, "axes.spines.top": False, "axes.spines.right": False,
         "axes.grid": True, "grid.color": "0.92", "axes.axisbelow": True, "legend.frameon": False, "savefig.dpi": 150}


def month_number(text):
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
        raise argparse.ArgumentTypeError(f"'{text}' is no month; write YYYY-MM")
    return int(text[:4]) * 12 + int(text[5:]) - 1


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("experiment", type=pathlib.Path, help="experiment/directory of the namelist")
    parser.add_argument("--month", type=month_number, help="month of the maps, YYYY-MM (default: the middle one)")
    for name, place in PLACES.items():
        parser.add_argument(f"--{name}", type=pathlib.Path, metavar="PATH", help=f"default: EXPERIMENT/{place}")
    given = parser.parse_args()
    for name, place in PLACES.items():
        setattr(given, name, getattr(given, name) or given.experiment / place)
    return given


def left_out(figure, reason):
    print(f"plot: no {figure}: {reason}", file=sys.stderr)


def save(figure, path):
    figure.savefig(path)
    plt.close(figure)
    print(path)


def plot_maps(given):
    if not given.store.is_file():
        return left_out("maps", f"there is no sample store {given.store}")
    store = Store(given.store)
    reconstruction = Reconstruction(given.reconstruction)
    months = [month for month in reconstruction.months() if month in store.months]
    if not months:
        left_out("reconstruction on the maps", f"{given.reconstruction} holds no month of the sample store")
        months = store.months
    month = months[len(months) // 2] if given.month is None else given.month
    if month not in store.months:
        held = f"{month_text(store.months[0])} to {month_text(store.months[-1])}"
        return left_out(f"maps of {month_text(month)}", f"the sample store holds {held}")
    for variable in store.variables:
        save(draw_maps(store, reconstruction, variable, month),
             given.out / f"maps_{variable}_{month_text(month)}.png")


def plot_scores(given):
    if not given.scores.is_file():
        return left_out("rank histograms and spectra", f"there is no {given.scores}")
    scores = json.loads(given.scores.read_text())
    for name, draw in (("rank_histograms", draw_rank_histograms), ("spectra", draw_spectra)):
        figure = draw(scores)
        if figure is None:
            left_out(name.replace("_", " "), f"{given.scores} holds none")
        else:
            save(figure, given.out / f"{name}.png")


def plot_training(given):
    path = given.experiment / "metrics.jsonl"
    if not path.is_file():
        return left_out("loss curve", f"there is no {path}")
    figure = draw_training(path.read_text().splitlines())
    if figure is None:
        return left_out("loss curve", f"{path} holds no losses")
    save(figure, given.out / "training.png")


def main():
    given = arguments()
    if not given.experiment.is_dir():
        sys.exit(f"plot: no such folder '{given.experiment}'; give the experiment/directory of the namelist")
    given.out.mkdir(parents=True, exist_ok=True)
    plt.rcParams.update(STYLE)
    plot_maps(given)
    plot_scores(given)
    plot_training(given)


if __name__ == "__main__":
    main()
