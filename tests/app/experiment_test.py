# SPDX-License-Identifier: Apache-2.0
"""The experiment of the report, cut down: every part of it runs, and what the report says is what the files hold."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import unittest

import numpy as np
import xarray as xr

from program import PROGRAM, SOURCE

METHODS = ("lerp", "lerp_corrected", "ridge", "edsr_gan", "regression", "dpdm_1", "dpdm_2", "dpdm_8", "corrdiff_8", "exact")


# A few fine cells, months and steps of the size for clusters.
CUT = """world/fine_step=0.2 world/west=100 world/east=108 world/south=26 world/north=34 world/first_month=2005-01 world/law_years=2016,2016 world/law_members=2
    dataset/train_years=2005,2010 dataset/test_years=2016,2016 model/channels=8 model/groups=4 training/steps=8 training/warmup=2 training/batch=2
    training/patch_size=24,24 training/validate_every=4 training/checkpoint_every=4 training/log_every=2 training/validation_members=2
    training/validation_months=2 gan/start=4 gan/channels=4 tiling/size=32,32 tiling/overlap=8 tiling/seam_members=2 evaluation/bootstrap_samples=50
    calibration/months=2 calibration/members=3 ensemble/members=8 reconstruct/first_month=2016-11 evaluation/members=2""".split()


def experiment(*arguments, expect=0, **variables):
    done = subprocess.run([SOURCE / "tools" / "experiment.sh", *arguments], env=dict(os.environ, HINDSCALE_PROGRAM=PROGRAM, **variables),
                          text=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=900)
    if done.returncode != expect:
        raise AssertionError(done.stdout[-5000:] + done.stderr[-5000:])
    return done.stdout + done.stderr


class Experiment(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="hindscale_"))
        cls.said = experiment("small", cls.folder)
        cls.report = cls.folder / "report"
        cls.scores = json.loads((cls.report / "scores.json").read_text())

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def fields(self, name, variable, kind):
        """[month, y, x], south to north."""
        paths = sorted((self.folder / name).glob(f"{variable}_{kind}_*.nc"))
        return np.concatenate([xr.open_dataset(path, decode_times=False)[variable].sortby("lat").values for path in paths])

    def truth(self):
        with xr.open_dataset(self.folder / "world" / "era5land" / "era5land_2016.nc") as file:
            field = file.t2m.sortby("latitude")
            return field.values.astype(float), np.cos(np.radians(field.latitude.values.astype(float)))[:, None]

    def test_every_method_is_scored_for_every_variable(self):
        for variable in ("uas", "vas", "tas", "ps", "pr"):
            methods = self.scores["variables"][variable]["methods"]
            for name in METHODS:
                for score in ("rmse", "acc", "ssim", "psnr", "attainable"):
                    self.assertIsNotNone(methods[name][score]["value"], (variable, name, score))
            for name in ("dpdm_2", "dpdm_8", "corrdiff_8", "exact"):
                self.assertGreater(methods[name]["crps"]["value"], 0)
            for other in ("edsr_gan", "regression", "ridge"):
                for name in ("dpdm_8", "corrdiff_8"):
                    against = methods[name]["against"][other]["rmse"]
                    self.assertEqual(against["significant"], against["low"] > 0 or against["high"] < 0)
                    self.assertLessEqual(against["low"], against["high"])
            whole = methods["dpdm_8"]
            for name, against in (("dpdm_1", whole["against"]["member"]), ("dpdm_2", whole["by_members"]["2"]["against_whole"])):
                for score in ("rmse", "acc", "ssim", "psnr"):
                    self.assertAlmostEqual(against[score]["value"] / (whole[score]["value"] - methods[name][score]["value"]), 1, places=4)

    def test_errors_are_those_of_the_files(self):
        truth, weight = self.truth()
        weight = np.where(np.isfinite(truth), weight, 0)
        members = np.array([self.fields("dpdm/reconstruction", "tas", f"r{n:03}") for n in range(1, 9)], dtype=float)
        single = {"edsr_gan": self.fields("edsr_gan/reconstruction", "tas", "r001"),
                  "regression": self.fields("regression", "tas", "r001")}
        forecasts = {"dpdm_1": members[0], "dpdm_2": members[:2].mean(axis=0), "dpdm_8": members.mean(axis=0), **single}
        for name, field in forecasts.items():
            rmse = np.sqrt(np.nansum(weight * (field - truth) ** 2) / weight.sum())
            found = self.scores["variables"]["tas"]["methods"][name]["rmse"]["value"]
            self.assertLess(abs(found / rmse - 1), 2e-3, name)  # weights: exact areas there, cosines here

    def test_the_exact_law_exceeds_its_limits_as_often_as_the_truth(self):
        for variable in ("uas", "vas", "tas", "ps", "pr"):
            events = self.scores["analysis"][variable]["events"]
            curve = events["reliability"]["exact"]
            share = np.array(curve["share"])
            forecast = sum(s * f for s, f in zip(share, curve["forecast"]) if f is not None)
            self.assertLess(abs(forecast - events["frequency"]), 0.02, variable)
            self.assertGreater(events["skill"]["exact"], 0.1)
            self.assertGreater(events["skill"]["exact"], events["skill"]["dpdm"] - 0.02)
            self.assertLess(abs(self.scores["analysis"]["tas"]["not_normal"]["exact"] - 0.05), 0.03)

    def test_draws_from_the_law_have_the_power_of_the_truth_in_the_mean(self):
        for variable in ("uas", "vas", "tas", "ps"):
            spectra = self.scores["spectra"][variable]
            self.assertEqual(len(spectra["law_members"]), 8)
            power, truth = np.mean(spectra["law_members"], axis=0), np.array(spectra["truth"])
            waves = slice(1, len(truth) // 2)
            self.assertLess(np.abs(np.log(power[waves] / truth[waves])).mean(), 0.1, variable)
        self.assertRegex(self.said, r"draws from the exact law.* to \d+ %")

    def test_the_report_stands_alone(self):
        page = (self.report / "report.html").read_text()
        self.assertGreaterEqual(page.count("data:image/png;base64,"), 9)
        self.assertIsNone(re.search(r"""(src|href)=["'](?!data:)""", page))
        for text in ("EDSR-GAN", "gulf_coast", "northern_australia", "no_terrain", "patch_16", "patch_32", "dpdm: store_sha256", "&amp;gan"):
            self.assertIn(text, page)
        self.assertIn("## Targets", self.said)

    def test_run_again_it_does_nothing_twice(self):
        files = [path for path in self.folder.rglob("*") if path.suffix in (".nc", ".safetensors", ".h5")]
        before = {path: path.stat().st_mtime_ns for path in files}
        experiment("small", self.folder)
        self.assertEqual({path: path.stat().st_mtime_ns for path in files}, before)


class ClusterSize(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hindscale_"))
        self.addCleanup(shutil.rmtree, self.folder)

    def trained(self, name):
        return json.loads(max((self.folder / name / "checkpoints").glob("step_*/state.json")).read_text())

    def test_every_part_of_it_runs(self):
        experiment("cluster", self.folder, *CUT, HINDSCALE_PATCHES="16 4, 32 2")
        network = self.trained("dpdm")["network"]
        self.assertEqual((network["multipliers"], network["channels"]), ([1, 1, 2, 4], 8))  # the published network, of fewer channels
        for name, size, batch in (("reference", 24, 2), ("patch_16", 16, 4), ("patch_32", 32, 2)):
            options = self.trained(f"ablation/{name}")["determined_by"]
            self.assertEqual((options["training/patch_size"], options["training/batch"]), ([size, size], batch))
        with xr.open_dataset(next((self.folder / "dpdm" / "reconstruction").glob("uas_r008_*.nc"))) as file:
            self.assertAlmostEqual(float(file.lat[1] - file.lat[0]), 0.2)
            self.assertGreater(float(file.lat.min()), 26)
        with xr.open_dataset(next((self.folder / "elsewhere" / "northern_australia" / "fields").glob("uas_r010_*.nc"))) as file:
            self.assertLess(float(file.lat.max()), 0)
        page = (self.folder / "report" / "report.html").read_text()
        for part in ("DPDM, mean of 8", "patches of 24 x 24", "world_full.nml", "dpdm/calibration.nml", "regression, options of its members",
                     "ablation/no_mask: manifest_sha256"):
            self.assertIn(part, page)

    def stand_in(self, name, text):
        """A command of SLURM's, of which the machine has none."""
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def test_a_stage_that_stops_puts_the_job_back_into_the_queue(self):
        self.stand_in("srun", 'case "$*" in *" world "*) exit 0 ;; esac; exit 75')
        self.stand_in("scontrol", f'echo "$@" > {self.folder}/queued')
        job = dict(os.environ, HINDSCALE=PROGRAM, SLURM_JOB_ID="7", PATH=f"{self.folder}:{os.environ['PATH']}")
        script = [SOURCE / "job_scripts" / "experiment.slurm", self.folder / "made"]
        for variables in ({}, {"SLURM_JOB_END_TIME": str(int(time.time()) + 300)}):  # no stage is begun so late
            done = subprocess.run(["bash", *script], env=job | variables, cwd=SOURCE, text=True, capture_output=True)
            self.assertEqual(done.returncode, 75, done.stdout + done.stderr)
            self.assertIn("world stopped" if variables else "prepare stopped", done.stderr)
            self.assertEqual((self.folder / "queued").read_text(), "requeue 7\n")
        done = subprocess.run(["bash", *script], env=job | {"SLURM_RESTART_COUNT": "100"}, cwd=SOURCE, text=True, capture_output=True)
        self.assertEqual(done.returncode, 75)
        self.stand_in("srun", "exit 2")
        (self.folder / "queued").unlink()
        self.assertEqual(subprocess.run(["bash", *script], env=job, cwd=SOURCE, capture_output=True).returncode, 2)
        self.assertFalse((self.folder / "queued").exists())


if __name__ == "__main__":
    unittest.main()
