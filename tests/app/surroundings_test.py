# SPDX-License-Identifier: Apache-2.0
"""The whole domain and the month before as input, from training to fields; other losses and noises; one variable alone."""
import json
import pathlib
import shutil
import tempfile
import unittest

import h5py
import numpy as np
import xarray as xr

from program import PreparedStore, digests, run

SURROUNDINGS = ("model/context=.true.", "model/previous_month=.true.")


class Surroundings(PreparedStore):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.trained = (f"experiment/directory='{cls.folder}/trained'", cls.store, *SURROUNDINGS)
        cls.log = run("train", *cls.trained, ranks=2)

    def reconstruct(self, name, *overrides, ranks=1, expect=0):
        return run("reconstruct", *self.trained, f"reconstruct/directory='{self.folder}/{name}'", *overrides, ranks=ranks,
                   expect=expect)

    def write_coarse(self, name, first_month, change=0.0):
        """Coarse fields of the store from a month of 1990 or 1991 on, 1990-12 changed."""
        with h5py.File(self.folder / "samples.h5") as store:
            fields = store["coarse"][-36:-12]
        fields[11] += np.float32(change)
        months = np.arange("1990-01", "1992-01", dtype="datetime64[M]")
        first = int(np.argmax(months == np.datetime64(first_month)))
        coordinates = {"time": months[first:].astype("datetime64[ns]"), "lat": np.arange(-85.0, 90, 10),
                       "lon": np.arange(23.75, 380, 10)}
        data = xr.Dataset({variable: (("time", "lat", "lon"), fields[first:, v], {"units": "m s-1"})
                           for v, variable in enumerate(("uas", "vas"))}, coordinates)
        data["lat"].attrs["units"], data["lon"].attrs["units"] = "degrees_north", "degrees_east"
        data.to_netcdf(self.folder / name)
        return f"reconstruct/coarse_files='{self.folder / name}'"

    def test_fields_are_the_same_in_any_layout(self):
        said = run("check", *self.trained)
        self.assertIn("parameters, 25 channels in, 2 out", said)  # 17 without, 4 of the month before, 4 of the domain
        said = self.reconstruct("one", "ensemble/batch=3")
        self.assertNotIn("month before", said)  # the store holds it
        produced = digests(self.folder / "one", "*.nc", "manifest.json")
        self.assertEqual(len(produced), 2 * 3 + 2 * 3 + 1)
        for ranks, batch in ((2, 8), (3, 1)):
            self.reconstruct(f"layout{ranks}", f"ensemble/batch={batch}", "ensemble/members_per_unit=1", ranks=ranks)
            self.assertEqual(digests(self.folder / f"layout{ranks}", "*.nc", "manifest.json"), produced)

    def test_tiles_of_another_shape_than_the_patches_see_the_domain_too(self):
        self.reconstruct("small_tiles", "tiling/size=16,24", "tiling/overlap=4", "ensemble/members=1")
        with xr.open_dataset(next((self.folder / "small_tiles").glob("uas_r001_*.nc"))) as file:
            self.assertTrue(np.isfinite(file["uas"].values).all())

    def test_a_training_in_two_parts_equals_one_in_one(self):
        parts = (f"experiment/directory='{self.folder}/parts'", self.store, *SURROUNDINGS)
        run("train", *parts, "training/stop_step=5", ranks=2, expect=75)
        run("train", *parts, ranks=2)
        weights = "checkpoints/step_00000012/*.safetensors"
        self.assertEqual(len(digests(self.folder / "parts", weights)), 2)
        self.assertEqual(digests(self.folder / "parts", weights), digests(self.folder / "trained", weights))

    def test_the_month_before_belongs_to_what_an_archive_is_made_from(self):
        whole = self.write_coarse("whole.nc", "1990-01")
        other = self.write_coarse("other.nc", "1990-01", change=0.5)
        short = self.write_coarse("short.nc", "1991-01")
        self.reconstruct("store")
        self.reconstruct("files", whole)
        self.assertEqual(digests(self.folder / "files", "*.nc", "archive.json"), digests(self.folder / "store", "*.nc", "archive.json"))
        said = self.reconstruct("files", other, "ensemble/members=4", expect=2)
        self.assertIn("the coarse fields of 1 months differ, the first is 1991-01", said)
        said = self.reconstruct("files", short, "ensemble/members=4", expect=2)
        self.assertIn("the first is 1991-01", said)
        said = self.reconstruct("short", short)
        self.assertIn("1991-01: no coarse field of the month before", said)
        self.assertNotIn("1991-02: no coarse field", said)
        with xr.open_dataset(next((self.folder / "short").glob("uas_r001_*.nc"))) as file:
            alone = file["uas"].values
        with xr.open_dataset(next((self.folder / "store").glob("uas_r001_*.nc"))) as file:
            expected = file["uas"].values
        self.assertFalse((alone[0] == expected[0]).all())
        np.testing.assert_array_equal(alone[1], expected[1])

    def test_corrdiff_and_calibrate_see_them_too(self):
        corrdiff = (f"experiment/directory='{self.folder}/corrdiff'", self.store, *SURROUNDINGS, "diffusion/regression=.true.")
        run("train", *corrdiff, "training/stage='regression'")
        run("train", *corrdiff)
        run("calibrate", *corrdiff, "calibration/samplers='ddim'", "calibration/steps=2", "calibration/noise_scales=1",
            "calibration/members=2", "calibration/months=2")
        run("reconstruct", *corrdiff, "ensemble/members=1")
        lines = (self.folder / "corrdiff" / "metrics_regression.jsonl").read_text().splitlines()
        for line in map(json.loads, lines):  # a regression has no noise levels
            self.assertFalse(any("noise_level" in key for key in line))
            self.assertTrue(any("loss_by_variable" in key for key in line))


class Losses(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="hindscale_"))

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def fields(self, home, variable):
        paths = sorted((self.folder / home / "reconstruction").glob(f"{variable}_r*.nc"))
        return np.stack([xr.open_dataset(path)[variable].values for path in paths])

    def test_one_variable_alone_runs_through_all_stages(self):
        alone = (f"experiment/directory='{self.folder}/alone'", "dataset/variables='vas'", "dataset/fine_names='VWND'",
                 *SURROUNDINGS)
        for stage in ("prepare", "train", "reconstruct", "evaluate"):
            said = run(stage, *alone)
            if stage == "train":
                self.assertIn("loss by variable: vas", said)
                self.assertIn("loss by noise level", said)
        fields = self.fields("alone", "vas")
        self.assertEqual(len(fields), 3)
        self.assertTrue(np.isfinite(fields).all())
        self.assertEqual(list((self.folder / "alone" / "reconstruction").glob("uas*")), [])

    def test_weights_of_the_variables_and_student_noise_train_and_reconstruct(self):
        run("prepare", f"experiment/directory='{self.folder}'")
        store = f"dataset/store='{self.folder}/samples.h5'"
        heavy = (f"experiment/directory='{self.folder}/heavy'", store, "training/variable_weights=3,1",
                 "diffusion/noise_degrees_of_freedom=5")
        run("train", *heavy, ranks=2)
        for line in map(json.loads, (self.folder / "heavy" / "metrics.jsonl").read_text().splitlines()):
            prefix = "" if "loss" in line else "validation_"
            self.assertEqual(line["variable_weights"], {"uas": 1.5, "vas": 0.5})
            parts = line[prefix + "loss_by_variable"]
            self.assertAlmostEqual(line[prefix + "loss"], (1.5 * parts["uas"] + 0.5 * parts["vas"]) / 2, 9)
        run("reconstruct", *heavy, ranks=2)
        produced = digests(self.folder / "heavy" / "reconstruction", "*.nc")
        run("reconstruct", *heavy, f"reconstruct/directory='{self.folder}/again'", "ensemble/batch=1")
        self.assertEqual(digests(self.folder / "again", "*.nc"), produced)
        self.assertTrue(np.isfinite(self.fields("heavy", "uas")).all())
        other = (f"reconstruct/directory='{self.folder}/stochastic'", "sampling/sampler='ddpm'")
        said = run("reconstruct", *heavy, *other, expect=2)
        self.assertIn("sampling/sampler", said)
        # The checkpoint knows its noise even where the namelist does not.
        said = run("reconstruct", *heavy[:2], *other, expect=2)
        self.assertIn("the sampler adds Gaussian noise", said)
        said = run("train", *heavy[:2], "diffusion/noise_degrees_of_freedom=5", expect=2)
        self.assertIn("training/variable_weights", said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
