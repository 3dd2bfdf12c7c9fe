# SPDX-License-Identifier: Apache-2.0
"""The runs of benchmarks/scaling.py: a small reconstruction on one or two ranks, constants, simulations."""
import json
import os
import pathlib
import shutil
import statistics
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
NAMELIST = ROOT / "namelists/smoke/winds.nml"
STEPS = 4
NETWORK = ["model/channels=32", f"training/steps={STEPS}", "training/warmup=1", f"training/validate_every={STEPS}",
           f"training/checkpoint_every={STEPS}"]
UNITS = ["tiling/size=40,80", "tiling/overlap=7", "sampling/steps=4", "reconstruct/first_month='1991-01'",
         "reconstruct/last_month='1992-12'", "output/years_per_file=1", "output/statistics=.false.", "output/quantiles=",
         "ensemble/members_per_unit=1"]
EIGHT = ["ensemble/members=4"]  # of two years each
CELLS = "73,144,2.5"
OVERHEAD = ("sampling", "inputs", "physics", "exchange")


def parts(*lines):
    """Where the time of a run went, from its line in timings.jsonl; of several runs side by side, their means."""
    def region(line, name):
        return line["regions"].get(name, {"mean": 0})["mean"]
    found = [{"seconds": line["seconds"], "network": region(line, "network"), "writing": region(line, "writing"),
              "overhead": sum(region(line, name) for name in OVERHEAD),
              "start": region(line, "reading") + region(line, "other"),
              "loop": line["seconds"] - region(line, "reading") - region(line, "other")} for line in lines]
    return {name: statistics.mean(one[name] for one in found) for name in found[0]}


def merged(*lists):
    """Overrides of which later ones replace earlier ones."""
    return [f"{key}={value}" for key, value in dict(word.split("=", 1) for words in lists for word in words).items()]


class Jobs:
    twice = ["ensemble/members=8"]
    long = ["ensemble/members=32"]  # so that start and end do not count
    twice_as_long = ["ensemble/members=64"]
    three_units = ["ensemble/members=3", "reconstruct/last_month='1991-12'"]

    def __init__(self, build, work):
        self.build, self.work = build.resolve(), work.resolve()
        self.environment = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

    def launch(self, ranks, *words):
        """Ranks are not bound: jobs side by side would share a core."""
        root = ["--allow-run-as-root"] if os.geteuid() == 0 else []
        line = ["mpirun", *root, "--oversubscribe", "--bind-to", "none", "-n", str(ranks), *map(str, words)]
        return subprocess.Popen(line, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, cwd=ROOT)

    @staticmethod
    def output_of(process):
        out, errors = process.communicate()
        if process.returncode != 0:
            raise SystemExit(f"scaling.py: {' '.join(process.args)} failed:\n{out}\n{errors}")
        return out

    def prepare(self):
        """A store and a checkpoint, once."""
        home = [f"experiment/directory='{self.work}'", *NETWORK]
        for stage, result in (("prepare", "samples.h5"), ("train", f"checkpoints/step_{STEPS:08}/DONE")):
            if not (self.work / result).exists():
                self.output_of(self.launch(1, self.build / "bin/hindscale", stage, NAMELIST, *home))

    def start(self, name, ranks, overrides):
        folder = self.work / name
        shutil.rmtree(folder, ignore_errors=True)
        home = [f"experiment/directory='{folder}'", f"dataset/store='{self.work}/samples.h5'",
                f"reconstruct/checkpoint='{self.work}/checkpoints/step_{STEPS:08}'"]
        return self.launch(ranks, self.build / "bin/hindscale", "reconstruct", NAMELIST,
                           *merged(NETWORK, UNITS, EIGHT, home, overrides))

    def timing(self, name):
        return json.loads((self.work / name / "timings.jsonl").read_text(encoding="utf-8").splitlines()[-1])

    def run(self, name, ranks, overrides=()):
        self.output_of(self.start(name, ranks, overrides))
        return self.timing(name)

    def run_side_by_side(self):
        """Two jobs of one rank at the same time."""
        names = ("left", "right")
        for process in [self.start(name, 1, ()) for name in names]:
            self.output_of(process)
        return [self.timing(name) for name in names]

    def scatter(self):
        """Standard deviation of the time of a unit, from the times of the files of the last run alone."""
        ends = sorted(path.stat().st_mtime for path in (self.work / "alone/reconstruction").glob("uas_r*.nc"))
        lengths = [after - before for before, after in zip(ends, ends[1:])]
        return statistics.stdev(lengths) / statistics.mean(lengths)

    def constants(self, cells, ranks, overrides=(), file=ROOT / "benchmarks/scaling_archive.nml"):
        out = self.output_of(self.launch(ranks, self.build / "benchmarks/scaling_constants", file, cells,
                                         self.work / "files", *overrides))
        return json.loads(out.splitlines()[-1])

    def halo_seconds(self):
        """Of a call of the network in the small job, two ranks sharing a field."""
        home = f"experiment/directory='{self.work}'"
        return self.constants(CELLS, 2, [*NETWORK, *UNITS, home], NAMELIST)["exchange"]["a_call_s"]

    def simulate(self, requests, file=NAMELIST, cells=CELLS):
        """Costs of each request, see scaling_curve.cpp."""
        if file == NAMELIST:
            home = [f"experiment/directory='{self.work}'"]
            requests = [one | {"overrides": merged(NETWORK, UNITS, EIGHT, home, one["overrides"])} for one in requests]
        done = subprocess.run([self.build / "benchmarks/scaling_curve", file, cells], input=json.dumps(requests), text=True,
                              capture_output=True, cwd=ROOT, env=self.environment)
        if done.returncode != 0:
            raise SystemExit(f"scaling.py: scaling_curve failed: {done.stderr}")
        return json.loads(done.stdout.splitlines()[-1])
