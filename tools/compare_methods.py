#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One table of several experiments on the same data: what each method reaches, and what it costs.

Usage: tools/compare_methods.py NAME=EXPERIMENT_FOLDER ...   (finished up to 'evaluate', each with scores.json, reconstruction/ and
       timings.jsonl, of which all trainings count)
"""
import json
import math
import pathlib
import sys


FINEST = 40  # wavenumbers beyond it are told apart


def spectra_error(spectra, first=0, last=math.inf):
    """Root mean square over wavenumbers in (first, last] of the logarithm of members' power over the truth's, in decibels."""
    pairs = [(m, t) for k, m, t in zip(spectra["wavenumber"], spectra["member"], spectra["truth"]) if first < k <= last and m and t]
    return 10 * math.sqrt(sum(math.log10(m / t) ** 2 for m, t in pairs) / len(pairs)) if pairs else math.nan


def finest_power(spectra, name):
    """Power of all wavenumbers beyond FINEST over the truth's; nan where the scores do not hold it."""
    power, truth = (sum(p or 0 for k, p in zip(spectra["wavenumber"], spectra.get(which, [])) if k > FINEST) for which in (name, "truth"))
    return power / truth if power and truth else math.nan


def cost(folder):
    """Seconds a member-month and rank, from the longest run that made the archive; network evaluations from its namelist."""
    runs = [json.loads(line) for line in (folder / "reconstruction" / "runs.jsonl").read_text().splitlines()]
    return max(runs, key=lambda run: run["seconds"])


def training_time(folder):
    """Wall seconds of all trainings of an experiment, CorrDiff's regressions among them, and their ranks."""
    stages = [json.loads(line) for line in (folder / "timings.jsonl").read_text().splitlines()]
    trainings = [stage for stage in stages if stage["stage"] == "train"]
    return sum(stage["seconds"] for stage in trainings), "/".join(sorted({str(stage["ranks"]) for stage in trainings}))


def value(entry):
    return "-" if entry is None or entry["value"] is None else f"{entry['value']:.3f}"


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    print(f"| method | variable | RMSE / ridge | CRPS / ridge | spread-skill | seam index | seam variance | spectra (dB) | to {FINEST} | beyond | power beyond / truth | of training years | s a field and rank | training, s on ranks |")
    print("|" + 14 * "---|")
    for argument in sys.argv[1:]:
        name, folder = argument.split("=", 1)
        folder = pathlib.Path(folder)
        scores = json.loads((folder / "scores.json").read_text())
        run = cost(folder)
        trained, ranks = training_time(folder)
        seconds = run["seconds"] * run["ranks"] / (scores["members"] * scores["months"])
        for variable, spectra in scores["spectra"].items():
            methods = scores["variables"][variable]["methods"]
            ensemble, ridge, member = methods["ensemble"], methods["ridge"], methods["member"]
            if ridge["crps"]["value"] is None:
                continue
            rmse = ensemble["rmse"]["value"] / ridge["rmse"]["value"]
            crps = ensemble["crps"]["value"] / ridge["crps"]["value"]
            print(f"| {name} | {variable} | {rmse:.3f} | {crps:.3f} | {value(ensemble['spread_skill'])} | "
                  f"{value(member.get('seam_index'))} | {value(member.get('seam_variance'))} | {spectra_error(spectra):.2f} | "
                  f"{spectra_error(spectra, last=FINEST):.2f} | {spectra_error(spectra, first=FINEST):.2f} | "
                  f"{finest_power(spectra, 'member'):.1f} | {finest_power(spectra, 'training_truth'):.1f} | {seconds:.2f} | {trained:.0f} on {ranks} |")


if __name__ == "__main__":
    main()
