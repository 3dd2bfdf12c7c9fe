# SPDX-License-Identifier: Apache-2.0
"""The experiment of the report, cut down: every part of it runs, and what the report says is what the files hold."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import numpy as np
import xarray as xr

from program import PROGRAM, SOURCE

METHODS = ("lerp", "lerp_corrected", "ridge", "edsr_gan", "regression", "dpdm_1", "dpdm_2", "dpdm_8", "corrdiff_8", "exact")


def experiment(folder):
    done = subprocess.run([SOURCE / "tools" / "experiment.sh", "small", folder], env=dict(os.environ, HINDSCALE_PROGRAM=PROGRAM),
                          text=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=900)
    if done.returncode != 0:
        raise AssertionError(done.stdout[-5000:] + done.stderr[-5000:])
    return done.stdout


class Experiment(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="hindscale_"))
        cls.said = experiment(cls.folder)
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
        experiment(self.folder)
        self.assertEqual({path: path.stat().st_mtime_ns for path in files}, before)


if __name__ == "__main__":
    unittest.main()
