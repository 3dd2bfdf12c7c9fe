# SPDX-License-Identifier: Apache-2.0
"""Precipitation from files to scores: skewed, often zero, in some cells always; every transform, every choice of consistency."""
import json
import pathlib
import shutil
import tempfile
import unittest

import h5py
import numpy as np
import xarray as xr

from program import digests, run

ROWS, COLUMNS, STEP = 24, 32, 4  # fine cells of 1 degree, coarse ones of 4
NAMELIST = """
&experiment directory = 'unset' /
&domain coarse_west = 0, coarse_south = 10, coarse_step = {step}, {step} /
&dataset
  fine_files = '{files}', variables = 'pr', transforms = 'boxcox'
  train_years = 2000, 2003, validation_years = 2004, 2004, test_years = 2005, 2005
  ridge_windows = 3, ridge_penalties = 1
/
&model channels = 8, multipliers = 1, 2, relief = .false., mask = .false. /
&training
  steps = 8, batch = 4, patch_size = 16, 16, warmup = 2, validate_every = 8, validation_members = 2, validation_months = 2
  validation_steps = 2, checkpoint_every = 4
/
&reconstruct first_month = '2005-01', last_month = '2005-03' /
&ensemble members = 2, members_per_unit = 1 /
&sampling steps = 2 /
&tiling size = 16, 16, overlap = 4 /
&evaluation bootstrap_samples = 50 /
"""


def write_precipitation(path, lowest=0.0):
    """72 months of smooth noise, made skewed; the south-western corner never gets rain."""
    generator = np.random.default_rng(7)
    waves = [np.cos(2 * np.pi * (a * np.arange(ROWS)[:, None] / ROWS + b * np.arange(COLUMNS)[None, :] / COLUMNS) + phase)
             for a, b, phase in generator.uniform([0, 0, 0], [5, 5, 6.3], size=(12, 3))]
    months = [sum(wave * weight for wave, weight in zip(waves, generator.normal(size=12))) / 2 for _ in range(72)]
    field = np.stack(months) + 0.3 * generator.normal(size=(72, ROWS, COLUMNS))
    values = np.where(field > 0.2, 2e-5 * np.expm1(1.2 * (field - 0.2)), 0) + lowest
    values[:, :6, :6] = lowest
    xr.Dataset({"pr": (("time", "lat", "lon"), values.astype("f4"), {"units": "kg m-2 s-1", "standard_name": "precipitation_flux"})},
               {"time": np.arange("2000-01", "2006-01", dtype="datetime64[M]").astype("datetime64[ns]"),
                "lat": ("lat", 10.5 + np.arange(ROWS), {"units": "degrees_north"}),
                "lon": ("lon", 0.5 + np.arange(COLUMNS), {"units": "degrees_east"})}).to_netcdf(path, format="NETCDF3_64BIT")
    return values


def coarse_means(values):
    """Area means over the coarse cells."""
    edges = np.sin(np.radians(10 + np.arange(ROWS + 1)))
    area = np.diff(edges)[:, None]
    blocks = (values * area).reshape(*values.shape[:-2], ROWS // STEP, STEP, COLUMNS // STEP, STEP).sum(axis=(-3, -1))
    return blocks / (area.reshape(-1, STEP).sum(axis=1) * STEP)[:, None]


class Skewed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="hindscale_"))
        cls.values = write_precipitation(cls.folder / "pr.nc")
        cls.namelist = cls.folder / "pr.nml"
        cls.namelist.write_text(NAMELIST.format(files=cls.folder / "pr.nc", step=STEP))

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def stage(self, name, *more, home, ranks=1, expect=0):
        return run(name, f"experiment/directory='{self.folder}/{home}'", *more, ranks=ranks, namelist=self.namelist, expect=expect)

    def members(self, home):
        return np.stack([xr.open_dataset(path)["pr"].values for path in sorted((self.folder / home / "reconstruction").glob("pr_r*.nc"))])

    def coarse(self, home):
        with h5py.File(self.folder / home / "samples.h5") as store:
            return store["coarse"][60:63, 0].astype(float)

    def test_every_transform_goes_through_all_stages(self):
        for transform in ("identity", "log1p", "boxcox", "minmax"):
            with self.subTest(transform):
                chosen = f"dataset/transforms='{transform}'"
                said = self.stage("prepare", chosen, home=transform)
                self.assertEqual("lambda" in said, transform == "boxcox")
                self.stage("prepare", chosen, home=transform + "3", ranks=3)
                self.assertEqual(digests(self.folder / transform, "samples.h5"), digests(self.folder / (transform + "3"), "samples.h5"))
                self.stage("train", chosen, home=transform, ranks=2)
                said = self.stage("reconstruct", chosen, home=transform, ranks=2)
                self.assertRegex(said, r"pr: means of 6 fields over coarse cells differ from the coarse field by .*kg m-2 s-1 \(RMS\)")
                fields = self.members(transform)
                self.assertEqual(fields.shape, (2, 3, ROWS, COLUMNS))
                self.assertGreaterEqual(fields.min(), 0)
                self.assertGreater(np.abs(fields[0] - fields[1]).max(), 1e-6)
                coarse = self.coarse(transform)
                for member in fields:
                    np.testing.assert_allclose(coarse_means(member.astype(float)), coarse, rtol=1e-6, atol=1e-6 * coarse.mean())
                self.stage("reconstruct", chosen, f"reconstruct/directory='{self.folder}/{transform}_one'", "ensemble/batch=3", home=transform)
                self.assertEqual(digests(self.folder / (transform + "_one"), "*.nc"),
                                 digests(self.folder / transform / "reconstruction", "*.nc"))
                said = self.stage("reconstruct", chosen, "diffusion/consistency='none'", home=transform)
                self.assertIn("was trained with 'enforce': coarse means are made equal", said)
                self.assertNotIn("was trained with", self.stage("reconstruct", chosen, "diffusion/consistency='enforce'", home=transform))
                self.assertIn("consistency", self.stage("evaluate", chosen, home=transform))
                scores = json.loads((self.folder / transform / "scores.json").read_text())["variables"]["pr"]["methods"]
                self.assertLess(scores["member"]["consistency"]["value"], 1e-6 * coarse.mean())
                self.assertLess(scores["ensemble"]["consistency"]["value"], 1e-6 * coarse.mean())
                self.assertGreater(scores["lerp"]["consistency"]["value"], 1e-2 * coarse.mean())
                self.assertIn(transform, run("info", namelist=self.folder / transform / "samples.h5"))

    def test_consistency_is_enforced_reported_or_neither(self):
        self.stage("prepare", home="choice")
        differ = "differ from the coarse field"
        for choice in ("report", "none"):
            chosen = f"diffusion/consistency='{choice}'"
            home = f"choice_{choice}"
            store = f"dataset/store='{self.folder}/choice/samples.h5'"
            self.stage("train", chosen, store, home=home)
            said = self.stage("reconstruct", chosen, store, home=home)
            self.assertEqual(differ in said, choice == "report")
            fields = self.members(home).astype(float)
            self.assertGreaterEqual(fields.min(), 0)
            misfit = coarse_means(fields) - self.coarse("choice")
            area = np.diff(np.sin(np.radians(10 + np.arange(0, ROWS + 1, STEP))))
            rms = np.sqrt(np.average((misfit**2).mean(axis=(1, 3)), axis=1, weights=area)[0])
            self.assertGreater(rms, 1e-6)
            self.stage("evaluate", chosen, store, home=home)
            scores = json.loads((self.folder / home / "scores.json").read_text())["variables"]["pr"]["methods"]
            self.assertAlmostEqual(scores["member"]["consistency"]["value"] / rms, 1, places=4)
        said = self.stage("reconstruct", "diffusion/consistency='enforce'", "ensemble/members=3", store, home="choice_none")
        self.assertIn("was trained without it", said)
        said = self.stage("train", "diffusion/consistency='enforce'", store, home="choice_none", expect=2)
        self.assertIn("diffusion/consistency", said)
        self.stage("train", "diffusion/consistency='report'", store, home="choice_none")  # the same training as 'none'

    def test_a_coarse_file_drives_and_is_compared_with(self):
        # The coarse grid reaches beyond the fine domain: its whole cells count.
        fine = xr.open_dataset(self.folder / "pr.nc").isel(lon=slice(4, 28), lat=slice(4, 20))
        fine.to_netcdf(self.folder / "inner.nc", format="NETCDF3_64BIT")
        means = 1.1 * coarse_means(self.values)
        xr.Dataset({"pr": (("time", "lat", "lon"), means.astype("f4"), {"units": "kg m-2 s-1", "standard_name": "precipitation_flux"})},
                   {"time": fine["time"], "lat": ("lat", 12.0 + STEP * np.arange(ROWS // STEP), {"units": "degrees_north"}),
                    "lon": ("lon", 2.0 + STEP * np.arange(COLUMNS // STEP), {"units": "degrees_east"})}).to_netcdf(
                        self.folder / "coarse.nc", format="NETCDF3_64BIT")
        chosen = ("domain/coarse='file'", f"dataset/coarse_files='{self.folder}/coarse.nc'", f"dataset/fine_files='{self.folder}/inner.nc'")
        self.assertIn("diffusion/consistency", self.stage("check", *chosen, "diffusion/consistency='enforce'", home="file", expect=2))
        for stage in ("prepare", "train"):
            self.stage(stage, *chosen, home="file")
        self.assertIn("differ from the coarse field", self.stage("reconstruct", *chosen, home="file"))
        self.stage("evaluate", *chosen, home="file")
        scores = json.loads((self.folder / "file" / "scores.json").read_text())["variables"]["pr"]["methods"]
        fields = self.members("file")[0].astype(float)
        edges = np.sin(np.radians(14 + np.arange(17)))
        area = np.diff(edges)[:, None]
        inner = (fields * area).reshape(3, 4, STEP, 6, STEP).sum(axis=(2, 4)) / (area.reshape(-1, STEP).sum(axis=1) * STEP)[:, None]
        misfit = inner - means[60:63, 1:5, 1:7]
        rms = np.sqrt(np.average((misfit**2).mean(axis=(0, 2)), weights=area.reshape(-1, STEP).sum(axis=1)))
        self.assertAlmostEqual(scores["member"]["consistency"]["value"] / rms, 1, places=4)

    def test_what_makes_no_sense_is_refused(self):
        write_precipitation(self.folder / "negative.nc", lowest=-1e-4)
        for transform in ("log1p", "boxcox"):
            said = self.stage("prepare", f"dataset/transforms='{transform}'", f"dataset/fine_files='{self.folder}/negative.nc'",
                              home="negative", expect=2, ranks=2)
            self.assertIn("dataset/transforms", said)
            self.assertIn("not negative", said)
        self.assertIn("dataset/boxcox_lambda", self.stage("check", "dataset/transforms='log1p'", "dataset/boxcox_lambda=0.5", home="x", expect=2))
        for transform in ("boxcox", "minmax"):
            self.stage("prepare", f"dataset/transforms='{transform}'", home=f"from_{transform}")
        self.stage("train", home="from_boxcox")
        checkpoint = sorted((self.folder / "from_boxcox" / "checkpoints").glob("step_*"))[-1]
        said = self.stage("reconstruct", "dataset/transforms='minmax'", f"reconstruct/checkpoint='{checkpoint}'", home="from_minmax", expect=2)
        self.assertIn("other transforms", said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
