# SPDX-License-Identifier: Apache-2.0
"""The figures of the experiment's report."""
import json

import cartopy.crs as ccrs
import matplotlib.pyplot as plt
import numpy as np

from experiment_data import TABLE_UNITS, VARIABLES, read_scores
from experiment_tables import decay, theory, title_of, value
from plot_curves import METHODS, draw_spectra, parsed, running_mean
from plot_data import Reconstruction, Store
from plot_maps import draw_map, draw_maps
from plot_text import long_name

NAMES = {"dpdm": "DPDM", "corrdiff": "CorrDiff", "exact": "exact law"}


def panels(width=2.9, height=2.9, n=len(VARIABLES)):
    figure, axes = plt.subplots(1, n, figsize=(width * n, height), layout="constrained")
    return figure, axes


def draw_members(by_variable):
    """Error of the mean against the number of members, its decay in theory, and what calibrated members of this spread would show."""
    figure, axes = panels()
    for ax, (variable, ensemble) in zip(axes, by_variable.items()):
        unit, factor = TABLE_UNITS[variable]
        sizes = [int(size) for size in ensemble["by_members"]]
        measured = [factor * value(ensemble["by_members"][str(m)], "rmse") for m in sizes]
        ax.plot(sizes, measured, "o-", color="C0", label="measured")
        ax.plot(sizes, decay(measured, sizes), ":", color="C1", label="decay in theory")
        ax.plot(sizes, [factor * r for r in theory(ensemble, sizes)], "--", color="0.4", label="calibrated")
        ax.set_xscale("log")
        ticks = [size for size, larger in zip(sizes, [*sizes[1:], np.inf]) if larger >= 1.3 * size]  # labels need room
        ax.set_xticks(ticks, [str(size) for size in ticks])
        ax.minorticks_off()
        ax.set(xlabel="members M", ylabel=f"RMSE of their mean ({unit})", title=long_name(variable))
    axes[0].legend()
    return figure


def draw_methods(scores):
    """Error of each method over that of the exact law's mean, the least that is possible. Lerp, often far worse, may end beyond the axis."""
    figure, axes = panels(height=3.4)
    for ax, variable in zip(axes, VARIABLES):
        methods = scores["variables"][variable]["methods"]
        names = [name for name in methods if name != "exact"]
        ratios = [value(methods[name], "rmse") / value(methods["exact"], "rmse") for name in names]
        end = 1 + 1.3 * (max(ratios[1:]) - 1)
        ax.barh([title_of(name, scores["independent_members"]) for name in names], [ratio - 1 for ratio in ratios], left=1)
        for row, ratio in enumerate(ratios):
            ax.text(min(ratio, end), row, f" {ratio:.3g}", va="center", ha="left" if ratio < end else "right", fontsize=7,
                    color="black" if ratio < end else "white")
        ax.set(xlabel="RMSE / exact mean's", title=long_name(variable), xlim=(1, end))
        ax.invert_yaxis()
        if ax is not axes[0]:
            ax.set_yticklabels([])
    return figure


def draw_reliability(analysis):
    figure, axes = panels()
    for ax, variable in zip(axes, VARIABLES):
        ax.plot([0, 1], [0, 1], color="0.6", linewidth=1)
        for name, curve in analysis[variable]["events"]["reliability"].items():
            points = [(f, o) for f, o in zip(curve["forecast"], curve["observed"]) if f is not None]
            ax.plot(*zip(*points), "o-", markersize=3.5, label=NAMES[name], color={"exact": "0.2"}.get(name))
        ax.set(xlabel="forecast probability", ylabel="frequency", title=long_name(variable), aspect="equal")
    axes[0].legend()
    return figure


def losses(folder):
    lines = [parsed(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return tuple(np.array([line[key] for line in lines if "loss" in line]) for key in ("step", "loss"))


def draw_ablations(folders):
    """The training loss of each ablation; those that differ in what the network sees, and those that differ in the patch."""
    groups = {"what the network sees": [n for n in folders if "patch" not in n],
              "size of the patch": ["reference"] + [n for n in folders if "patch" in n]}
    groups = {title: names for title, names in groups.items() if len(names) > 1}
    figure, axes = panels(width=5.5, height=3.6, n=len(groups))
    for ax, (title, names) in zip(np.atleast_1d(axes), groups.items()):
        for name in names:
            step, loss = losses(folders[name])
            ax.plot(step, running_mean(loss), label=name.replace("_", " "))
        ax.set(xlabel="step", ylabel="training loss (squared error of v)", yscale="log", title=title)
        ax.legend()
    return figure


def draw_rejections(store, maps):
    """Where members are not normal, and where draws of the exact law are not: share of months in which a test at 5 % says so."""
    figure = plt.figure(figsize=(15, 5), layout="constrained")
    projection = ccrs.PlateCarree(store.fine["lon_edges"][[0, -1]].mean())
    for i, (variable, fields) in enumerate(maps.items()):
        for row, (name, title) in enumerate((("members", "members of DPDM"), ("exact", "draws of the exact law"))):
            axes = figure.add_subplot(2, len(maps), row * len(maps) + i + 1, projection=projection)
            mesh = draw_map(axes, store, store.fine, fields[name], {"cmap": "viridis", "vmin": 0, "vmax": 0.5})
            axes.set_title(f"{long_name(variable)},\n{title}", fontsize="medium")
    figure.colorbar(mesh, ax=figure.axes, orientation="horizontal", extend="max", fraction=0.05, label="share of months")
    return figure


def interval(ax, x, entry, **style):
    """A score with its 95 % interval."""
    below, above = (abs(entry["value"] - entry[end]) if entry[end] is not None else 0 for end in ("low", "high"))
    ax.errorbar(x, entry["value"], yerr=[[below], [above]], linestyle="none", capsize=3, **style)


def draw_relations(scores, analysis):
    """Correlations between variables, and of a month with the next."""
    figure, (between, onwards) = plt.subplots(1, 2, figsize=(15, 3.6), layout="constrained", width_ratios=(2, 1))
    shifts = {name: 0.15 * (i - 1.5) for i, name in enumerate(METHODS)}
    for i, entries in enumerate(scores["correlations"].values()):
        for name, style in METHODS.items():
            interval(between, i + shifts[name], entries[name], marker="o", markersize=5, color=style["color"],
                     label=style["label"] if i == 0 else None)
    pairs = [pair.replace(",", ", ") for pair in scores["correlations"]]
    between.set_xticks(range(len(pairs)), pairs, rotation=30)
    between.set(ylabel="correlation of anomalies", title="Between variables, 95 % intervals")
    between.legend(ncols=4)
    for name, key in (("truth", "truth"), ("ensemble", "mean"), ("member", "members")):
        onwards.plot(np.arange(len(VARIABLES)) + shifts[name], [analysis[v]["persistence"][key] for v in VARIABLES], "o", color=METHODS[name]["color"],
                     label=METHODS[name]["label"])
    onwards.set_xticks(range(len(VARIABLES)), VARIABLES)
    onwards.set(ylabel="correlation of anomalies", title="From one month to the next", ylim=(0, None))
    onwards.legend()
    return figure


def draw_shares(runs):
    """Share of attainable skill of the first guess and of the members' mean, by region."""
    figure, axes = panels(width=5.5, height=3.6, n=len(runs))
    for ax, (name, scores) in zip(np.atleast_1d(axes), runs.items()):
        ax.axhline(0, color="0.6", linewidth=1)
        for shift, method, label, color in ((-0.1, "local_ridge", "first guess: local ridge", "#d55e00"), (0.1, "ensemble", "DPDM", "#009e73")):
            for i, variable in enumerate(VARIABLES):
                interval(ax, i + shift, scores["variables"][variable]["methods"][method]["attainable"], marker="o", color=color,
                         label=label if i == 0 else None)
        ax.set_xticks(range(len(VARIABLES)), VARIABLES)
        ax.set(ylabel="share of attainable skill", title=name.replace("_", " "), ylim=(None, 1))
        ax.legend()
    return figure


def draw_elsewhere(folders):
    """Shares of each region, and maps of one month."""
    yield ("elsewhere", "Share of attainable skill over other regions, 95 % intervals; 0: corrected Lerp, 1: the exact mean.",
           draw_shares({name: read_scores(folder) for name, folder in folders.items()}))
    for name, folder in folders.items():
        archive = Reconstruction(folder / "fields")
        months = archive.months()
        yield (f"elsewhere_{name}", f"{long_name('uas')} of one month over {name.replace('_', ' ')} (DPDM).",
               draw_maps(Store(folder / "samples.h5"), archive, "uas", months[len(months) // 2]))


def draw_all(fields, scores, report, maps, runs):
    """Name, caption and figure of each; `scores`: DPDM's, `report`: those of all methods, `runs`: folders of the ablations and of the other regions."""
    ablations, elsewhere = runs
    analysis, by_variable = report["analysis"], {v: scores["variables"][v]["methods"]["ensemble"] for v in VARIABLES}
    yield "methods", "Error of every method over that of the exact mean, the least that is possible.", draw_methods(report)
    yield "members", "Error of the ensemble mean against the number of members (DPDM).", draw_members(by_variable)
    yield "spectra", "Power spectra of truth, Lerp, members and their mean (DPDM).", draw_spectra(scores)
    if len(ablations) > 1:
        yield "ablations", "Loss curves of the ablations.", draw_ablations(ablations)
    for row in analysis["extreme_months"]:
        yield (f"{row['title']}", f"Precipitation in the {row['title']} month of the region {analysis['region']}.",
               draw_maps(fields.store, fields.archives["dpdm"], "pr", row["month"]))
    middle = fields.months[len(fields.months) // 2]
    for variable in VARIABLES[:-1]:
        yield (f"maps_{variable}", f"{long_name(variable)} of one month (DPDM).",
               draw_maps(fields.store, fields.archives["dpdm"], variable, middle))
    yield "reliability", "Probability of exceeding the 95th percentile of the training years: forecast and observed.", draw_reliability(analysis)
    yield "relations", "Correlations between variables, and of a month with the next (DPDM).", draw_relations(scores, analysis)
    yield from draw_elsewhere(elsewhere)
    yield "normality", "Share of months in which the members of a cell (DPDM), and draws of the exact law, are found not normal.", draw_rejections(fields.store, maps)
