#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Question: how far does a reconstruction scale, and where does it break and why?

usage: benchmarks/scaling.py [--rounds N] [--build build/ci] [--work runs/scaling] [--machine machines/two_cores.nml]
                             [--disk-gb-s 10] [--files-s 5000] [--scatter 0] [--ranks-a-node 128]

Measures strong and weak scaling on one and two ranks of one thread, the queue, the halos, the files and the bookkeeping; checks
the simulation against the measured runs; simulates an archive of 180 years, 100 members and five variables at 0.1 degrees up to
10,000 ranks. Needs the build of the preset 'ci' (targets hindscale scaling_constants scaling_curve), the data of the demo
(ferret-datasets), two idle cores and about thirteen minutes.
"""
import argparse
import pathlib
import sys

import scaling_report as report
from scaling_jobs import Jobs, parts

TILE_GFLOP = 26.1  # one evaluation of the network 'dpdm' on 128 x 128 cells
CELLS = "400,700,0.1"
RANKS = [1, 2, 4, 16, 64, 256, 1024, 2048, 4096, 8192, 10000]
YEARLY = "output/years_per_file=1"


def measured_rounds(jobs, n_rounds):
    """name -> parts of the runs of each round; the cases take turns."""
    found = {name: [] for name in ("alone", "side", "strong", "weak", "long_alone", "long_strong", "long_weak", "uneven", "shared")}
    for i in range(n_rounds):
        print(f"round {i + 1} of {n_rounds}", file=sys.stderr)
        found["alone"].append(parts(jobs.run("alone", 1)))
        found["strong"].append(parts(jobs.run("strong", 2)))
        found["side"].append(parts(*jobs.run_side_by_side()))
        found["weak"].append(parts(jobs.run("weak", 2, jobs.twice)))
        found["long_alone"].append(parts(jobs.run("long_alone", 1, jobs.long)))
        found["long_strong"].append(parts(jobs.run("long_strong", 2, jobs.long)))
        found["long_weak"].append(parts(jobs.run("long_weak", 2, jobs.twice_as_long)))
        found["uneven"].append(parts(jobs.run("uneven", 2, jobs.three_units)))
        found["shared"].append(parts(jobs.run("shared", 2, ["ensemble/ranks_per_field=2"])))
    return found


def small_rates(jobs, run, constants):
    """What the cost model has to know of the small job, from one run of it and the constants."""
    work = jobs.simulate([{"overrides": [], "ranks": [1], "ranks_per_field": 1, "rates": {}}])[0][0]
    queue = constants[2]["queue"]
    return {"evaluations_a_s": work["network"] / run["network"], "overhead": run["overhead"] / run["network"],
            "write_bytes_a_s": work["writing"] / run["writing"], "start_s": run["start"], "scatter": jobs.scatter(),
            "queue_wait_s": queue["next_wait_s"], "queue_service_s": queue["next_service_s"],
            "exchange_s": jobs.halo_seconds()}


def predictions(jobs, alone, side):
    """name -> seconds of the whole stage, with the rates of one core at work and of two."""
    def request(rates, ranks, overrides=(), ranks_per_field=1):
        return {"overrides": list(overrides), "ranks": [ranks], "ranks_per_field": ranks_per_field, "rates": rates}
    names = ("alone", "side", "strong", "weak", "uneven", "shared")
    answers = jobs.simulate([request(alone, 1), request(side, 1), request(side, 2), request(side, 2, jobs.twice),
                             request(side, 2, jobs.three_units), request(side, 2, ranks_per_field=2)])
    return {name: answer[0]["seconds"] for name, answer in zip(names, answers)}


def archive_rates(constants, machine, small, options):
    """Measured on this machine; assumed: the file system, and that the large network, queue and halos are as quick on many nodes."""
    queue, files = constants[2]["queue"], constants[1]["files"]
    return {"evaluations_a_s": machine["evaluation_gflops"] / TILE_GFLOP, "overhead": machine["overhead"], "write_bytes_a_s": files["bytes_a_s"],
            "file_s": files["file_s"], "exchange_s": constants[2]["exchange"]["a_call_s"], "scatter": options.scatter or small["scatter"],
            "queue_wait_s": queue["next_wait_s"], "queue_service_s": queue["next_service_s"], "start_s": small["start_s"],
            "disk_bytes_a_s": options.disk_gb_s * 1e9, "files_a_s": options.files_s,
            "start_bytes": 100e6 / options.ranks_a_node}  # checkpoint and store, read once a node


def bookkeeping_s(constants):
    """What every rank does with the names of all files: at the end statistics are looked for twice."""
    costs = constants["bookkeeping"]
    return costs["sharing_s"] + 2 * costs["statistics_s"]


def archive_cases(base, decades, years):
    """(title, request): what the namelist, the machine or MPI may change."""
    decade = base | {"end_s": bookkeeping_s(decades)}
    year = base | {"end_s": bookkeeping_s(years)}
    fast = year | {"evaluations_a_s": 100 * base["evaluations_a_s"]}
    slow_disk = {"disk_bytes_a_s": base["disk_bytes_a_s"] / 10, "files_a_s": base["files_a_s"] / 10}

    def request(rates, overrides, ranks_per_field):
        return {"overrides": overrides, "rates": rates, "ranks": RANKS, "ranks_per_field": ranks_per_field}
    return [("A  files of ten years, one rank a field", request(decade, [], 1)),
            ("B  files of ten years, the best ranks_per_field", request(decade, [], 0)),
            ("C  files of one year, one rank a field", request(year, [YEARLY], 1)),
            ("D  files of one year, the best ranks_per_field", request(year, [YEARLY], 0)),
            ("E  as C, ten members a unit", request(year, [YEARLY, "ensemble/members_per_unit=10"], 1)),
            ("F  as C, MPI answers the queue only when its root calls MPI", request(year | {"queue_by_root": True}, [YEARLY], 1)),
            ("G  as D, ranks a hundred times as fast (assumed)", request(fast, [YEARLY], 0)),
            ("H  as G, a file system a tenth as fast (assumed)", request(fast | slow_disk, [YEARLY], 0))]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="0: constants and curves alone")
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/ci"))
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("runs/scaling"))
    parser.add_argument("--machine", type=pathlib.Path, default=pathlib.Path("machines/two_cores.nml"))
    parser.add_argument("--disk-gb-s", type=float, default=10, help="of the file system of the large machine, assumed")
    parser.add_argument("--files-s", type=float, default=5000, help="files it makes a second, assumed")
    parser.add_argument("--scatter", type=float, default=0, help="of the time of a unit in the curves; 0: as measured here")
    parser.add_argument("--ranks-a-node", type=int, default=128)
    return parser.parse_args()


def main():
    options = arguments()
    jobs = Jobs(options.build, options.work)
    jobs.prepare()
    constants = {n: jobs.constants(CELLS, n) for n in (1, 2, 4, 8)}
    yearly = jobs.constants(CELLS, 1, [YEARLY])
    alone = small_rates(jobs, parts(jobs.run("alone", 1)), constants)
    side = small_rates(jobs, parts(*jobs.run_side_by_side()), constants)
    found = measured_rounds(jobs, options.rounds)
    machine = {name: report.number_in(options.machine, name) for name in ("evaluation_gflops", "overhead")}
    base = archive_rates(constants, machine, alone, options)
    cases = archive_cases(base, constants[1], yearly)
    curves = jobs.simulate([request for _, request in cases], "benchmarks/scaling_archive.nml", CELLS)
    report.print_versions(options.build)
    if options.rounds > 0:
        report.print_scaling(found)
        report.print_validation(found, predictions(jobs, alone, side))
    report.print_constants(constants, yearly, alone["scatter"])
    for (title, _), curve in zip(cases, curves):
        report.print_curve(title, curve)
    report.print_limits()


if __name__ == "__main__":
    main()
