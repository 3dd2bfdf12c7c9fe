# SPDX-License-Identifier: Apache-2.0
"""Rank histograms and power spectra of the scores, and the course of the training."""
import json

import matplotlib.pyplot as plt
import matplotlib.ticker as ticker
import numpy as np

from plot_text import long_name, pretty

METHODS = {  # in the order they are drawn: label and line
    "truth": {"label": "truth", "color": "black", "linewidth": 3},
    "lerp": {"label": "Lerp", "color": "#d55e00", "linestyle": "--"},
    "ensemble": {"label": "ensemble mean", "color": "#009e73", "linestyle": "-."},
    "member": {"label": "members", "color": "#56b4e9"},
}
SPECTRA = {"training_truth": {"label": "truth of the training years", "color": "black", "linestyle": ":"}, **METHODS}
BLUE, ORANGE = "#0072b2", "#d55e00"


def numbers(values):
    """A list of JSON numbers as an array; null is undefined."""
    return np.array([np.nan if value is None else value for value in values], dtype=float)


def panels(n_panels, n_rows=1, **options):
    """One column of axes for each panel."""
    figure, axes = plt.subplots(n_rows, n_panels, figsize=(max(4.8 * n_panels, 6), 3.8 if n_rows == 1 else 5.6),
                                squeeze=False, layout="constrained", **options)
    return figure, axes


def draw_rank_histograms(scores):
    """How often the truth falls below, between and above the sorted members; None where the scores hold no ranks."""
    ensembles = {name: entry["methods"].get("ensemble", {}) for name, entry in scores.get("variables", {}).items()}
    ensembles = {name: ensemble for name, ensemble in ensembles.items() if ensemble.get("rank_histogram")}
    if not ensembles:
        return None
    figure, axes = panels(len(ensembles), sharey=True)
    for ax, (name, ensemble) in zip(axes[0], ensembles.items()):
        counts = numbers(ensemble["rank_histogram"])
        frequency = 100 * counts / np.nansum(counts)
        ranks = np.arange(1, len(frequency) + 1)
        ax.bar(ranks, frequency, width=0.86, color=BLUE)
        ax.axhline(100 / len(frequency), color=ORANGE, linewidth=1.4, label="ideal: all ranks alike")
        ax.set_title(long_name(name).capitalize() + index_text(ensemble.get("reliability_index")))
        ax.set_xlabel(f"rank of the truth among {len(frequency) - 1} members")
        ax.set_xlim(0.3, len(frequency) + 0.7)
        ax.xaxis.set_major_locator(ticker.MaxNLocator(9, integer=True))
        ax.grid(axis="x", visible=False)
    highest = axes[0][0].get_ylim()[1]
    axes[0][0].set_ylim(0, 1.15 * highest)  # room for the legend
    axes[0][0].set_ylabel("share of cells and months, by area (%)")
    axes[0][0].legend(loc="upper center")
    figure.suptitle("Rank histograms" + period_text(scores), fontweight="bold")
    return figure


def index_text(index):
    value = index.get("value") if isinstance(index, dict) else index
    return "" if value is None else f" (reliability index {value:.3f})"


def period_text(scores):
    period = scores.get("period") or []
    return f", {period[0]} to {period[-1]}" if period else ""


def draw_spectra(scores):
    """Power against wavenumber, and below it as a share of the truth's; None where the scores hold no spectra."""
    spectra = {name: entry for name, entry in scores.get("spectra", {}).items()
               if entry.get("wavenumber") and entry.get("truth")}
    if not spectra:
        return None
    figure, axes = panels(len(spectra), n_rows=2, sharex="col", gridspec_kw={"height_ratios": [2, 1]})
    for (power_axes, share_axes), (name, entry) in zip(axes.T, spectra.items()):
        wavenumber = numbers(entry["wavenumber"])
        waves = wavenumber > 0
        truth = numbers(entry["truth"])[waves]
        if entry.get("law_members"):
            shares = np.array([numbers(draw)[waves] for draw in entry["law_members"]]) / truth
            share_axes.fill_between(wavenumber[waves], shares.min(axis=0), shares.max(axis=0), color="0.8", label="draws from the exact law")
        for method, style in SPECTRA.items():
            if entry.get(method):
                power = numbers(entry[method])[waves]
                power_axes.loglog(wavenumber[waves], power, **style)
                share_axes.semilogx(wavenumber[waves], power / truth, **style)
        power_axes.set_ylim(bottom=np.nanmin(truth) / 30)  # what falls below is nothing
        units = scores.get("variables", {}).get(name, {}).get("units", "")
        power_axes.set_title(long_name(name).capitalize())
        power_axes.set_ylabel(f"power (({pretty(units)})$^2$)" if units else "power")
        share_axes.set_ylabel("share of the truth's")
        share_axes.set_ylim(0, 1.5)
        share_axes.set_xlabel(wavenumber_text(entry))
        if wavenumber.max() > 10:  # waves round the globe, not cycles a kilometre
            share_axes.xaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
            share_axes.xaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
    axes[0][0].legend(loc="lower left")
    if any(entry.get("law_members") for entry in spectra.values()):
        band = [handle for handle, label in zip(*axes[1][0].get_legend_handles_labels()) if label == "draws from the exact law"]
        axes[1][0].legend(handles=band, loc="upper left")
    figure.suptitle("Power spectra" + period_text(scores), fontweight="bold")
    return figure


def wavenumber_text(entry):
    if entry.get("kind") == "radial":
        return f"wavenumber ({pretty(entry.get('wavenumber_units', ''))})"
    return "zonal wavenumber (waves round the globe)"


def draw_training(lines):
    """The training's loss and, where it validated, validation loss and CRPS; None where no line holds a loss."""
    records = [record for record in map(parsed, lines) if "step" in record]
    losses = [record for record in records if record.get("loss") is not None]
    scored = [record for record in records if record.get("validation_crps") is not None]
    if not losses:
        return None
    figure, axes = panels(2 if scored else 1)
    steps, loss = (numbers([record[key] for record in losses]) for key in ("step", "loss"))
    ax = axes[0][0]
    ax.plot(steps, loss, color=BLUE, alpha=0.3, linewidth=0.8)
    ax.plot(steps, running_mean(loss), color=BLUE, linewidth=1.6, label="training")
    validated = [record for record in records if record.get("validation_loss") is not None]
    if validated:
        ax.plot(*(numbers([record[key] for record in validated]) for key in ("step", "validation_loss")),
                "o-", color=ORANGE, markersize=4, linewidth=1.2, label="validation (averaged weights)")
    ax.set_yscale("log")
    ax.yaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
    ax.yaxis.set_minor_formatter(ticker.FormatStrFormatter("%g"))
    ax.tick_params(axis="y", which="minor", labelsize=8)
    ax.set(title="Loss", xlabel="step", ylabel="weighted mean square error")
    ax.legend(loc="upper right")
    if scored:
        draw_validation(axes[0][1], scored)
    figure.suptitle("Training", fontweight="bold")
    return figure


def draw_validation(ax, scored):
    steps = numbers([record["step"] for record in scored])
    for name in scored[-1].get("validation_crps_by_variable", {}):
        values = numbers([record.get("validation_crps_by_variable", {}).get(name) for record in scored])
        ax.plot(steps, values, "o-", markersize=4, linewidth=1.2, label=long_name(name))
    mean = numbers([record["validation_crps"] for record in scored])
    ax.plot(steps, mean, "o-", color="black", markersize=4, linewidth=1.6, label="mean")
    best = int(np.nanargmin(mean))
    ax.plot(steps[best], mean[best], "o", markersize=11, markerfacecolor="none", markeredgecolor="black",
            label="best checkpoint")
    ax.set(title="CRPS in the validation years", xlabel="step", ylabel="CRPS / MAE of Lerp")
    ax.legend(loc="upper right")


def parsed(line):
    """A line of the metrics file; empty where a run was killed in the middle of it."""
    try:
        record = json.loads(line)
    except json.JSONDecodeError:
        return {}
    return record if isinstance(record, dict) else {}


def running_mean(values):
    """Mean over a twentieth of the course about each point, shorter at its ends."""
    half = max(1, len(values) // 40)
    return np.array([np.nanmean(values[max(0, i - half):i + half + 1]) for i in range(len(values))])
