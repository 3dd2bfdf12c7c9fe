#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The report of tools/experiment.sh: scores.json of all methods, tables (report.md), and all of it with figures in report.html.

Usage: tools/experiment_report.py FOLDER --world WORLD
"""
import argparse
import base64
import html
import io
import json
import pathlib

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from experiment_analysis import analyse
from experiment_data import TABLE_UNITS, VARIABLES, Fields, methods_of, read_scores
from experiment_figures import draw_all
from experiment_tables import (Table, events_table, extremes_table, members_table, relations_table, runs_table, skill_table,
                               targets_table)
from plot import STYLE
from plot_text import month_text

NAMELISTS = pathlib.Path("namelists")
HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Hindscale: the DPDM experiment</title><style>
body{font:15px/1.5 sans-serif;max-width:72em;margin:2em auto;padding:0 1em;color:#222}table{border-collapse:collapse;margin:1em 0;font-size:13px}
td,th{border-bottom:1px solid #ddd;padding:3px 9px;text-align:right}td:first-child,th:first-child{text-align:left}img{max-width:100%}
pre{background:#f6f6f6;padding:1em;overflow:auto;font-size:12px}</style></head><body>
"""


def finished(folder):
    """Evaluations below a folder, by name."""
    found = {path.parent.name: path.parent for path in sorted(folder.glob("*/scores.json"))}
    order = sorted(found, key=lambda name: (name != "reference", "patch" in name, name))
    return {name: found[name] for name in order}


def sections(folder, scores, analysis, by_variable):
    """Title, words and tables."""
    period, n, independent = " to ".join(scores["period"]), scores["members"], scores["independent_members"]
    yield ("Skill of the methods", f"{scores['months']} test months, {period}, over land, weighted by area. A star: the score differs from that of "
           f"the mean of {n} DPDM members, paired over the months, at the 95 % level. The CRPS of a single field is its mean absolute error, not "
           "shown. Share of attainable: (MSE of corrected Lerp - MSE) / (MSE of corrected Lerp - MSE of the exact mean), with its 95 % interval. "
           f"Independent members: {independent['dpdm']} of DPDM, {independent['corrdiff']} of CorrDiff; the others are made of their noise with "
           "the opposite sign and count for means, not for probabilities and spread. The mean of pairs is nearly that of infinitely many.",
           [skill_table(scores, variable) for variable in TABLE_UNITS if variable in scores["variables"]])
    yield "Targets", "What the experiment was meant to reach, and what it reached.", [targets_table(scores)]
    yield ("Members", f"Error of the mean of the first M members of DPDM. Its decay: the error of {n} times the root of (1 + 1 / M) / (1 + 1 / {n}). "
           "Calibrated: their spread times the root of 1 + 1 / M, right for members that cannot be told from the truth.", [members_table(by_variable)])
    ablations = {name: read_scores(path) for name, path in finished(folder / "ablation").items()}
    patch = patch_of(folder / "ablation" / "reference" / "checkpoints")
    yield ("Ablations", "Short trainings: the field itself is generated from Lerp, terrain and mask, scaled by one number a variable, "
           "since the mean and the spread of each cell would bring terrain and coast along; a few members of the last years, fused over tiles of the "
           f"patch's size (a seam index of 1: no seams). The reference has patches of {patch} cells, the others about as many cells a step.",
           [runs_table(ablations)])
    yield ("Extremes", "The wettest and the driest month of the region " + analysis["region"] + " in the test years, relative to the normal of the "
           "calendar month. Then the event that a month exceeds "
           "the 95th percentile of its cell and calendar month in the training years: Brier scores, and skill over the climatological 5 %; and in how "
           "many cells and months a test at the 5 % level (D'Agostino and Pearson) finds that the members of DPDM are not normal.",
           [extremes_table(analysis, month_text), events_table(analysis)])
    yield ("Between variables and months", "Correlation of anomalies between variables, and of a month's anomalies with the next month's, over cells and "
           "months.", [relations_table(scores, analysis)])
    elsewhere = {name: read_scores(path) for name, path in finished(folder / "elsewhere").items()}
    yield ("Elsewhere", "The network of East Asia, not trained again, on worlds over other regions, in few members. Climatology and first guess are "
           "fitted to the region: what the network adds to the first guess is the difference of the rows.", [runs_table(elsewhere, "local_ridge")])


def provenance(folder, scores):
    rows = [[f"{name}: {key}", digest] for name, inputs in scores["inputs"].items() for key, digest in inputs.items()]
    for kind in ("ablation", "elsewhere"):
        for name, path in finished(folder / kind).items():
            rows += [[f"{kind}/{name}: {key}", digest] for key, digest in read_scores(path)["inputs"].items()]
    for name, state in trainings(folder).items():
        rows.append([f"{name}: trained with", ", ".join(f"{key} {text}" for key, text in state["versions"].items())])
    return Table(["versions and digests", ""], rows)


def settings(folder, world):
    """Title and text of each namelist: of the world, as trained, as calibrated; and the options that the members follow from."""
    yield str(world), world.read_text()
    for name, state in trainings(folder).items():
        yield f"{name}, as trained", state["namelist"]
    for path in sorted(folder.glob("*/calibration.nml")):
        yield str(path.relative_to(folder)), path.read_text()
    for path in sorted(path for place in ("regression", "*/reconstruction", "*/*/reconstruction", "elsewhere/*/fields")
                       for path in folder.glob(f"{place}/archive.json")):
        options = json.loads(path.read_text())["options"]
        yield f"{path.parent.relative_to(folder)}, options of its members", "\n".join(f"{key} = {text}" for key, text in options.items())


def trainings(folder):
    """The newest checkpoint's state of each training, by its folder."""
    names = ["dpdm/checkpoints", "corrdiff/regression", "corrdiff/checkpoints", "edsr_gan/gan"]
    names += [f"ablation/{name}/checkpoints" for name in finished(folder / "ablation")]
    newest = [sorted((folder / name).glob("step_*/state.json"))[-1] for name in names]
    return {str(path.parent.parent.relative_to(folder)): json.loads(path.read_text()) for path in newest}


def archive_section(archive):
    """The report of tools/archive.sh as a part of the page; nothing where it has not been made."""
    report = archive / "report.md" if archive else None
    if not report or not report.is_file():
        return []
    data = base64.b64encode((archive / "report.png").read_bytes()).decode()
    return ["<h2>The archive of 180 years</h2>", f"<pre>{html.escape(report.read_text())}</pre>",
            f'<p><img alt="archive" src="data:image/png;base64,{data}"></p>']


def patch_of(checkpoints):
    """Rows and columns of the patches that a training learns from."""
    state = json.loads(sorted(checkpoints.glob("step_*/state.json"))[-1].read_text())
    return " x ".join(map(str, state["determined_by"]["training/patch_size"]))


def picture(figure):
    data = io.BytesIO()
    figure.savefig(data, format="png")
    plt.close(figure)
    return data.getvalue()


def write(path, text):
    part = path.with_name(path.name + ".part")
    part.write_text(text)
    part.rename(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--world", type=pathlib.Path, required=True)
    parser.add_argument("--namelist", type=pathlib.Path, default=NAMELISTS / "world.nml", help="of that world")
    parser.add_argument("--archive", type=pathlib.Path, help="the folder of tools/archive.sh: its report becomes a part of the page")
    given = parser.parse_args()
    if not (given.world / "law").is_dir():
        parser.error(f"{given.world / 'law'} is not there: --world names the folder that 'hindscale world' wrote the exact law to")
    plt.rcParams.update(STYLE)
    out = given.folder / "report"
    out.mkdir(exist_ok=True)
    dpdm = read_scores(given.folder / "dpdm")
    scores = methods_of(dpdm, read_scores(given.folder / "corrdiff"))
    fields = Fields(given.folder, given.world)
    by_variable = {v: dpdm["variables"][v]["methods"]["ensemble"] for v in VARIABLES}
    analysis, maps = analyse(fields)
    scores["analysis"] = analysis
    write(out / "scores.json", json.dumps(scores, indent=1) + "\n")

    text, page = ["# The DPDM experiment on an invented world\n"], [HEAD, "<h1>The DPDM experiment on an invented world</h1>"]
    page.append("<p>Real topography, invented weather (docs/world.md): the truth is known, and the exact best possible score.</p>")
    for title, words, tables in sections(given.folder, scores, analysis, by_variable):
        text += [f"\n## {title}\n", words, *(f"\n{table.markdown()}" for table in tables)]
        page += [f"<h2>{title}</h2><p>{html.escape(words)}</p>", *(table.html() for table in tables)]
    page.append("<h2>Figures</h2>")
    runs = finished(given.folder / "ablation"), finished(given.folder / "elsewhere")
    for name, caption, figure in draw_all(fields, dpdm, scores, maps, runs):
        data = picture(figure)
        (out / f"{name}.png").write_bytes(data)
        page.append(f'<p>{caption}<br><img alt="{name}" src="data:image/png;base64,{base64.b64encode(data).decode()}"></p>')
    page += archive_section(given.archive)
    page += ["<h2>Provenance</h2>", provenance(given.folder, scores).html()]
    page += [f"<h3>{name}</h3><pre>{html.escape(text)}</pre>" for name, text in settings(given.folder, given.namelist)]
    write(out / "report.md", "\n".join(text) + "\n")
    write(out / "report.html", "\n".join(page) + "</body></html>\n")
    print("\n".join(text))
    print(f"\n{out / 'report.html'}: tables, figures, namelists, versions and digests")


if __name__ == "__main__":
    main()
