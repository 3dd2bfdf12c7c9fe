# SPDX-License-Identifier: Apache-2.0
"""The tables of the experiment's report, and what its targets come to."""
import math
import re

from experiment_data import TABLE_UNITS, VARIABLES

TITLES = {"lerp": "Lerp", "lerp_corrected": "Lerp, corrected", "ridge": "ridge", "local_ridge": "local ridge (first guess)",
          "edsr_gan": "EDSR-GAN", "regression": "regression UNet", "exact": "exact law"}
RATIO_LIMIT = {"uas": 0.5, "vas": 0.5, "tas": 0.35, "ps": 0.05, "pr": 0.85}
SHARE_LIMIT = {"uas": 0.85, "vas": 0.85, "tas": 0.85, "ps": 0.85, "pr": 0.7}


def title_of(method, independent=None):
    """`independent`: the number of independent members of each ensemble, to tell where they are pairs."""
    if method in TITLES:
        return TITLES[method]
    name, size = method.rsplit("_", 1)
    pairs = " in pairs" if independent and 1 < independent[name] < int(size) else ""
    return {"dpdm": "DPDM", "corrdiff": "CorrDiff"}[name] + (", one member" if size == "1" else f", mean of {size}{pairs}")


class Table:
    def __init__(self, head, rows):
        self.head, self.rows = head, rows

    def markdown(self):
        line = lambda cells: "| " + " | ".join(cells) + " |"
        return "\n".join([line(self.head), "|---" * len(self.head) + "|", *(line(row) for row in self.rows)])

    def html(self):
        bold = lambda cell: re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", cell)
        row = lambda cells, tag: "<tr>" + "".join(f"<{tag}>{bold(cell)}</{tag}>" for cell in cells) + "</tr>"
        return "<table>" + row(self.head, "th") + "".join(row(r, "td") for r in self.rows) + "</table>"


def number(value, digits=4):
    return "-" if value is None or not math.isfinite(value) else f"{value:.{digits}g}"


def value(method, score):
    entry = method.get(score)
    return None if entry is None else entry["value"]


def with_interval(entry):
    if entry is None or entry["value"] is None:
        return "-"
    bounds = "" if entry["low"] is None else f" ({number(entry['low'], 3)} to {number(entry['high'], 3)})"
    return number(entry["value"], 3) + bounds


def scaled(method, score, factor):
    found = value(method, score)
    return None if found is None else found * factor


def skill_table(scores, variable):
    """Variables x methods as published, and the probabilistic scores."""
    entry = scores["variables"][variable]
    methods, (unit, factor) = entry["methods"], TABLE_UNITS[variable]
    lerp, rows = value(methods["lerp"], "rmse"), []
    for name, method in methods.items():
        star = stars(differences_to(methods, name))
        rows.append([title_of(name, scores["independent_members"]), number(scaled(method, "rmse", factor)) + star["rmse"],
                     number(value(method, "rmse") / lerp, 3), *(number(value(method, score)) + star[score] for score in ("acc", "ssim", "psnr")),
                     number(scaled(method, "crps", factor)) + (star["crps"] if value(method, "crps") is not None else ""),
                     number(value(method, "spread_skill"), 3), with_interval(method.get("attainable"))])
    head = [f"{variable}", f"RMSE ({unit})", "/ Lerp", "ACC", "SSIM", "PSNR", f"CRPS ({unit})", "spread / skill", "share of attainable"]
    return Table(head, rows)


def largest_ensemble(methods, name):
    return max((m for m in methods if m.startswith(name + "_")), key=lambda m: int(m.rsplit("_", 1)[1]))


def differences_to(methods, name):
    """Paired differences of DPDM's largest ensemble to a method, by score; none to itself."""
    best = methods[largest_ensemble(methods, "dpdm")]
    kind, _, size = name.rpartition("_")
    if kind == "corrdiff":
        return best["against"]["corrdiff"]
    if kind == "dpdm":
        return best["against"]["member"] if size == "1" else best["by_members"][size].get("against_whole", {})
    return best["against"][name]


def stars(differences):
    """Score -> a star where it differs significantly, else nothing."""
    return {score: "*" if differences.get(score, {}).get("significant") else "" for score in ("rmse", "acc", "ssim", "psnr", "crps")}


def departures(spectra, powers, reference):
    """|power / the reference's - 1| at each wavenumber."""
    return [abs(p / r - 1) for k, p, r in zip(spectra["wavenumber"], powers, reference) if p and r and k > 0]


def better(entry, sense):
    """Of a paired difference: whether it has the wanted sign and its interval excludes 0; None where there is no interval."""
    return None if entry["significant"] is None else entry["significant"] and sense * entry["value"] > 0


def verdict(text, met):
    return text + {True: ", yes", False: ", **no**", None: ", not known"}[met]


def targets_of(scores, variable, ensemble):
    """Target -> what was measured and whether that meets it, for the largest ensemble of a method."""
    methods = scores["variables"][variable]["methods"]
    method = methods[largest_ensemble(methods, ensemble)]
    against, rmse, cells = method["against"], value(method, "rmse"), {}
    for score, sense in (("rmse", -1), ("acc", 1)):
        for other in ("lerp", "lerp_corrected", "ridge", "edsr_gan"):
            entry = against[other][score]
            cells[f"{score.upper()} significantly better than {title_of(other)}: ratio"] = verdict(number(entry["ratio"], 3), better(entry, sense))
    for score, sense in (("rmse", 1), ("acc", -1)):
        entry = against["regression"][score]
        worse = better(entry, sense)
        cells[f"{score.upper()} not significantly worse than the regression UNet's: ratio"] = verdict(
            number(entry["ratio"], 3), None if worse is None else not worse)
    ratio = rmse / value(methods["lerp"], "rmse")
    cells["RMSE / Lerp at most " + limits_text(RATIO_LIMIT)] = verdict(number(ratio, 3), ratio <= RATIO_LIMIT[variable])
    share = value(method, "attainable")
    cells["share of attainable skill at least " + limits_text(SHARE_LIMIT)] = verdict(number(share, 3), share >= SHARE_LIMIT[variable])
    crps = value(method, "crps") / value(methods["exact"], "crps")
    cells["CRPS / the exact law's at most 1.15"] = verdict(number(crps, 3), crps <= 1.15)
    spread = value(method, "spread_skill")
    cells["spread / skill 0.9 to 1.1"] = verdict(number(spread, 3), 0.9 <= spread <= 1.1)
    return cells


def limits_text(limits):
    return ", ".join(str(limits[variable]) for variable in VARIABLES)


def member_targets(scores, variable):
    """What a single member of DPDM has to show beside the mean."""
    methods, spectra = scores["variables"][variable]["methods"], scores["spectra"][variable]
    whole_to_one = differences_to(methods, "dpdm_1")["rmse"]
    member, mean = (departures(spectra, spectra[field], spectra["truth"]) for field in ("member", "ensemble"))
    missed = [of_member for of_member, of_mean in zip(member, mean, strict=True) if of_mean > 0.1]
    beyond = sum(of_member > 0.1 for of_member in missed)
    spectrum = (verdict(f"{100 * max(missed):.0f} %, beyond 10 % at {beyond} of {len(missed)}", beyond == 0) if missed
                else f"none of {len(mean)}, members {100 * max(member):.0f} %: nothing to show")
    return {"RMSE of one member significantly worse than that of the mean: ratio": verdict(number(1 / whole_to_one["ratio"], 3), better(whole_to_one, -1)),
            "power of members within 10 % of the truth's at those wavenumbers where that of the mean is not: largest departure": spectrum,
            "the same of single draws from the exact law, which have no fault: least and greatest": departure_of_draws(spectra, mean)[0],
            "the same of members against the mean power of those draws": departure_of_draws(spectra, mean)[1]}


def departure_of_draws(spectra, mean):
    """What the target for the power of members asks of draws from the law, and of members where those stand for the truth."""
    draws = spectra.get("law_members")
    where = [i for i, of_mean in enumerate(mean) if of_mean > 0.1]
    if not draws or not where:
        return "-", "-"
    largest = lambda powers, reference: max(departures(spectra, powers, reference)[i] for i in where)
    each = [largest(draw, spectra["truth"]) for draw in draws]
    expected = [sum(powers) / len(draws) for powers in zip(*draws)]
    return f"{100 * min(each):.0f} to {100 * max(each):.0f} %", f"{100 * largest(spectra['member'], expected):.0f} %"


def targets_table(scores):
    rows = []
    for ensemble in ("dpdm", "corrdiff"):
        columns = [targets_of(scores, variable, ensemble) for variable in VARIABLES]
        name = title_of(largest_ensemble(scores["variables"]["uas"]["methods"], ensemble), scores["independent_members"])
        rows += [[f"{name}: {target}"] + [column[target] for column in columns] for target in columns[0]]
    columns = [member_targets(scores, variable) for variable in VARIABLES]
    rows += [[f"DPDM: {target}"] + [column[target] for column in columns] for target in columns[0]]
    return Table(["target", *VARIABLES], rows)


def members_table(by_variable):
    """RMSE against members, and what theory predicts; `by_variable`: by_members and spread."""
    sizes = [int(size) for size in next(iter(by_variable.values()))["by_members"]]
    rows = []
    for variable, ensemble in by_variable.items():
        factor = TABLE_UNITS[variable][1]
        measured = [value(ensemble["by_members"][str(m)], "rmse") for m in sizes]
        rows.append([f"{variable}, measured"] + [number(factor * r) for r in measured])
        rows.append([f"{variable}, its decay"] + [number(factor * r) for r in decay(measured, sizes)])
        rows.append([f"{variable}, calibrated"] + [number(factor * r) for r in theory(ensemble, sizes)])
    return Table(["RMSE of the mean of"] + [str(m) for m in sizes], rows)


def theory(ensemble, sizes):
    """Of calibrated members: the error's variance is s^2 (1 + 1 / M), s the spread."""
    spread = value(ensemble, "spread")
    return [spread * math.sqrt(1 + 1 / m) for m in sizes]


def decay(measured, sizes):
    """From the error of the largest ensemble to smaller ones: its variance falls with 1 + 1 / M."""
    return [measured[-1] * math.sqrt((1 + 1 / m) / (1 + 1 / sizes[-1])) for m in sizes]


def relations_table(scores, analysis):
    """Between variables (correlations) and months (persistence)."""
    names = ("truth", "lerp", "member", "ensemble")
    rows = [[f"correlation of {pair}"] + [number(value(entries, name), 3) for name in names] for pair, entries in scores["correlations"].items()]
    for variable in VARIABLES:
        found = analysis[variable]["persistence"]
        rows.append([f"{variable}, this month and the next", number(found["truth"], 3), "-", number(found["members"], 3), number(found["mean"], 3)])
    return Table(["", "truth", "Lerp", "members", "mean"], rows)


def events_table(analysis):
    rows = []
    for variable in VARIABLES:
        found = analysis[variable]["events"]
        rows.append([variable, f"{100 * found['frequency']:.1f} %", number(found["brier_climatology"], 3)] + [
            number(found[key].get(name), 3) for key in ("brier", "skill") for name in ("dpdm", "corrdiff", "exact")] + [
            f"{100 * analysis[variable]['not_normal'][name]:.1f} %" if name in analysis[variable]["not_normal"] else "-" for name in ("members", "exact")])
    return Table(["", "frequency", "Brier, climatology", "DPDM", "CorrDiff", "exact law", "skill, DPDM", "CorrDiff", "exact law",
                  "members not normal", "draws of the exact law not normal"], rows)


def extremes_table(analysis, month_text):
    names = list(analysis["extreme_months"][0]["rmse"])
    return Table(["precipitation (mm/day)", "month", "of normal"] + [f"RMSE, {name}" for name in names], [
        [row["title"], month_text(row["month"]), f"{100 * row['ratio']:.0f} %"] + [number(86400 * row["rmse"][name], 3) for name in names]
        for row in analysis["extreme_months"]])


def runs_table(runs, *others):
    """RMSE / Lerp and shares of attainable skill of several evaluations, by name: of the members' mean, and of other methods beside it."""
    rows = []
    for name, scores in runs.items():
        for method in ("ensemble", *others):
            cells = [name if method == "ensemble" else f"{name}: {title_of(method)}"]
            for variable in VARIABLES:
                methods = scores["variables"][variable]["methods"]
                ratio = value(methods[method], "rmse") / value(methods["lerp"], "rmse")
                cells.append(f"{number(ratio, 3)} / {number(value(methods[method], 'attainable'), 3)}")
            seams = [value(scores["variables"][v]["methods"]["member"], "seam_index") for v in VARIABLES] if method == "ensemble" else []
            seams = [s for s in seams if s is not None]
            rows.append(cells + [f"{number(min(seams), 3)} to {number(max(seams), 3)}" if seams else "-"])
    return Table(["RMSE / Lerp, share of attainable"] + list(VARIABLES) + ["seam index"], rows)
