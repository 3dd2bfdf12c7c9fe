# SPDX-License-Identifier: Apache-2.0
"""The tables that benchmarks/scaling.py prints, in Markdown."""
import re
import statistics
import subprocess

TARGET = 0.95
LIMITS = {  # part of a rank's time -> what helps
    "idle": "smaller units (output/years_per_file, ensemble/members_per_unit = 1) or ensemble/ranks_per_field",
    "sharing": "another ensemble/ranks_per_field: tiles of a field do not divide by it",
    "queue": "an MPI whose windows need no help of the root",
    "file system": "output/statistics = .false. (they read all members again), output/format = 'netcdf4'",
    "start and end": "fewer files (output/years_per_file), a longer job on fewer ranks",
    "writing": "output/format, faster disks of the ranks",
}


def number_in(path, key):
    return float(re.search(rf"\b{key}\s*=\s*(\S+)", path.read_text(encoding="utf-8")).group(1))


def median_of(values):
    values = list(values)
    return f"{statistics.median(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def ratios(found, above, below, part, factor):
    return [factor * a[part] / b[part] for a, b in zip(found[above], found[below])]


def print_versions(build):
    version = subprocess.run([build / "bin/hindscale", "--version"], text=True, capture_output=True).stdout.splitlines()
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        processor = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "unknown")
    print(f"{version[0]}, {' '.join(version[1].split()[1:])}, {processor}\n")


def print_scaling(found):
    print("| efficiency, median of paired ratios (least to most) | whole stage | loop of units | target |\n|---|---|---|---|")
    for name, above, below, factor in (
            ("strong, 2 ranks over 1 rank", "alone", "strong", 0.5),
            ("strong, a job eight times as long", "long_alone", "long_strong", 0.5),
            ("weak, 2 ranks over 1 rank", "alone", "weak", 1), ("weak, a job eight times as long", "long_alone", "long_weak", 1),
            ("two jobs of 1 rank side by side over 1 alone", "alone", "side", 1),
            ("strong, 2 ranks over the two jobs", "side", "strong", 0.5), ("weak, 2 ranks over the two jobs", "side", "weak", 1)):
        texts = [ratios(found, above, below, part, factor) for part in ("seconds", "loop")]
        target = TARGET if below != "side" else "-"
        print(f"| {name} | {median_of(texts[0])} | {median_of(texts[1])} | {target} |")
    print()


def print_validation(found, predicted):
    names = {"alone": "8 units, 1 rank", "side": "8 units, 1 rank, twice side by side", "strong": "8 units, 2 ranks",
             "weak": "16 units, 2 ranks", "uneven": "3 units, 2 ranks", "shared": "8 units, 2 ranks a field"}
    print("| seconds of the whole stage | simulated | measured, median | simulated / measured |\n|---|---|---|---|")
    for name, title in names.items():
        measured = statistics.median(run["seconds"] for run in found[name])
        print(f"| {title} | {predicted[name]:.2f} | {measured:.2f} | {predicted[name] / measured:.3f} |")
    print()


def print_constants(constants, yearly, scatter):
    print("| ranks | next: wait, service (us) | count | look | root silent 20 ms: mean, longest wait (ms) | halos of a call (ms) |"
          " file (ms) | MB/s a rank |\n|---|---|---|---|---|---|---|---|")
    for n, one in constants.items():
        def pair(what, queue=one["queue"]):
            return f"{1e6 * queue[what + '_wait_s']:.2f}, {1e6 * queue[what + '_service_s']:.2f}"
        silent = one["attention"]
        waits = f"{1e3 * silent['mean_wait_s']:.3f}, {1e3 * silent['longest_wait_s']:.3f}" if silent else "-"
        halos = f"{1e3 * one['exchange']['a_call_s']:.1f}" if one["exchange"] else "-"
        crowd = " (more than cores)" if n > one["cores"] else ""
        print(f"| {n}{crowd} | {pair('next')} | {pair('count')} | {pair('look')} | {waits} | {halos} |"
              f" {1e3 * one['files']['file_s']:.1f} | {one['files']['bytes_a_s'] / 1e6:.0f} |")
    print("\n| files of the archive | sharing their records (s) | recognising names | planning | looking for statistics |")
    print("|---|---|---|---|---|")
    for one in (constants[1], yearly):
        costs = one["bookkeeping"]
        print(f"| {costs['files']} | {costs['sharing_s']:.2f} | {costs['recognising_s']:.2f} | {costs['planning_s']:.2f} |"
              f" {costs['statistics_s']:.2f} |")
    print(f"\nscatter of a unit's time: {scatter:.3f}\n")


def limit_of(cost, efficiency):
    """The part that loses most where the target is missed."""
    return "" if efficiency >= TARGET else max(LIMITS, key=lambda name: cost[name])


def print_curve(title, curve):
    first = curve[0]["seconds"] * curve[0]["ranks"]
    shares = ("sharing", "queue", "writing", "file system", "start and end", "idle")
    print(f"{title} ({curve[0]['units']} units)\n\n{'ranks':>7}{'a field':>9}{'hours':>10}{'efficiency':>12}"
          + "".join(f"{name:>15}" for name in shares) + "  limit")
    for cost in curve:
        efficiency = first / (cost["seconds"] * cost["ranks"])
        print(f"{cost['ranks']:>7}{cost['ranks_per_field']:>9}{cost['seconds'] / 3600:>10.3f}{efficiency:>12.3f}"
              + "".join(f"{abs(100 * cost[name] / cost['seconds']):>14.1f}%" for name in shares)
              + f"  {limit_of(cost, efficiency)}")
    print()


def print_limits():
    print("limit (the largest loss where the efficiency is below the target) and what helps\n")
    for name, remedy in LIMITS.items():
        print(f"  {name:<15}{remedy}")
