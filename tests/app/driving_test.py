# SPDX-License-Identifier: Apache-2.0
"""A biased reanalysis of several members drives a reconstruction: how it is adjusted, and which member drives which."""
import json
import pathlib
import shutil
import tempfile
import unittest

import h5py
import numpy as np
import xarray as xr

from program import SOURCE, digests, run, times

WORLD = {"west": 95, "east": 125, "south": 20, "north": 40, "first_month": "'1996-01'", "last_month": "'2001-12'",
         "law_years": "", "members": 3, "member_years": "1995,2001"}
NAMELIST = """&experiment directory='{folder}/experiment' /
&domain coarse='file' /
&dataset fine_files='{folder}/world/era5land/era5land_*.nc' variables='tas','pr' fine_names='t2m','tp'
  coarse_files='{folder}/world/20crv3/20crv3.mon.mean.nc' coarse_names='air','prate'
  relief_file='{folder}/world/era5land/elevation.nc' relief_name='elevation'
  mask_file='{folder}/world/era5land/lsm.nc' mask_name='lsm'
  train_years=1996,1999 validation_years=2000,2000 test_years=2001,2001 ridge=.false. /
&model preset='small' channels=8 /
&diffusion base='lerp_corrected' consistency='report' /
&training steps=6 batch=4 patch_size=16,24 warmup=2 validate_every=6 validation_members=2 validation_months=2
  validation_steps=2 checkpoint_every=6 /
&reconstruct first_month='2001-01' last_month='2001-03' coarse_files='{folder}/world/reanalysis/mem{{member}}.nc'
  coarse_names='air','prate' coarse_members=3 /
&ensemble members=4 members_per_unit=2 /
&sampling steps=2 /
&tiling size=16,24 overlap=4 seam_members=0 /
&evaluation bootstrap_samples=10 /
"""
NAMES = (("tas", "air"), ("pr", "prate"))


class Driving(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="hindscale_"))
        overrides = [f"world/{key}={value}" for key, value in WORLD.items()]
        run("world", f"world/directory='{cls.folder}/world'", *overrides, namelist=SOURCE / "namelists" / "world.nml", ranks=2)
        cls.namelist = cls.folder / "driving.nml"
        cls.namelist.write_text(NAMELIST.format(folder=cls.folder))
        cls.run_stage("prepare", "none", ranks=2)
        cls.run_stage("train", "none", ranks=2)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    @classmethod
    def run_stage(cls, stage, name, *overrides, ranks=1, expect=0):
        """A stage whose reconstruction lies in the folder `name`."""
        return run(stage, f"reconstruct/directory='{cls.folder}/{name}'", *overrides, namelist=cls.namelist, ranks=ranks,
                   expect=expect)

    def member(self, name, number, variable="tas"):
        with xr.open_dataset(self.folder / name / f"{variable}_r{number:03}_200101-200103.nc") as file:
            return file[variable].values, dict(file.attrs)

    def source(self, given):
        """The members' fields [member, time, y, x], with their times."""
        files = [xr.open_dataset(self.folder / "world" / "reanalysis" / f"mem{m:03}.nc") for m in (1, 2, 3)]
        return np.stack([file[given].values for file in files]).astype(np.float32), files[0].time

    def nodes(self, name):
        with h5py.File(self.folder / name / "adjustment.h5") as file:
            return file["source"][:], file["training"][:]

    def training(self):
        """Coarse fields [year, month, v, y, x] of the training years."""
        with h5py.File(self.folder / "experiment" / "samples.h5") as store:
            fields = store["coarse"][:48]
        return fields.reshape(4, 12, *fields.shape[1:])

    def test_means_and_quantiles_are_those_that_numpy_finds(self):
        self.run_stage("prepare", "means", "reconstruct/adjustment='mean'")
        said = self.run_stage("prepare", "quantiles", "reconstruct/adjustment='quantile'", ranks=2)
        self.assertIn("quantile of 3 member(s), 4 node(s)", said)
        probabilities = (np.arange(4) + 0.5) / 4
        means, quantiles = self.nodes("means"), self.nodes("quantiles")
        training = self.training()
        for v, (_, given) in enumerate(NAMES):
            fields, time = self.source(given)
            for month in range(12):
                chosen = (time.dt.month == month + 1).values & (time.dt.year >= 1996).values & (time.dt.year <= 1999).values
                sample = fields[:, chosen].reshape(-1, fields[0, 0].size)
                self.assertEqual(len(sample), 12)
                truth = training[:, month, v].reshape(4, -1)
                for found, values in zip((means, quantiles), ((sample, truth),) * 2):
                    for nodes, all_values in zip(found, values):
                        expected = (all_values.mean(axis=0, keepdims=True, dtype=float) if found is means else
                                    np.quantile(all_values.astype(float), probabilities, axis=0, method="hazen"))
                        np.testing.assert_allclose(nodes[month, v], expected, rtol=2e-6, atol=1e-12)

    def test_the_same_bytes_on_any_number_of_ranks_and_untouched_by_a_second_run(self):
        for ranks in (1, 2, 3):
            self.run_stage("prepare", f"ranks{ranks}", "reconstruct/adjustment='quantile'", ranks=ranks)
        expected = digests(self.folder / "ranks1", "adjustment.h5")
        self.assertEqual(len(expected), 1)
        for ranks in (2, 3):
            self.assertEqual(digests(self.folder / f"ranks{ranks}", "adjustment.h5"), expected)
        before = (self.folder / "ranks1" / "adjustment.h5").stat().st_mtime_ns
        self.assertIn("adjustment.h5 is complete", self.run_stage("prepare", "ranks1", "reconstruct/adjustment='quantile'"))
        self.assertEqual((self.folder / "ranks1" / "adjustment.h5").stat().st_mtime_ns, before)

    def test_validation_passes_over_what_a_coarse_field_lacks(self):
        holed = self.folder / "holed.nc"
        with xr.open_dataset(self.folder / "world" / "20crv3" / "20crv3.mon.mean.nc") as file:
            data = file.load()
        of_2000 = data["time"].dt.year.values == 2000  # validated on
        data["air"].values[of_2000, 1, 1] = np.nan
        data.to_netcdf(holed)
        for stage in ("prepare", "train"):
            said = run(stage, f"experiment/directory='{self.folder}/holed'", f"dataset/coarse_files='{holed}'", namelist=self.namelist, ranks=2)
        self.assertNotIn("diverges", said)
        lines = [json.loads(line) for line in (self.folder / "holed" / "metrics.jsonl").read_text().splitlines()]
        scores = [line["validation_crps"] for line in lines if "validation_crps" in line]
        self.assertEqual(len(scores), 1)
        self.assertGreater(scores[0], 0)

    def test_a_training_outlives_a_validation_that_diverges(self):
        said = self.run_stage("train", "none", f"experiment/directory='{self.folder}/wild'", f"dataset/store='{self.folder}/experiment/samples.h5'",
                              "sampling/noise_scale=1e39,1e39", ranks=2)
        self.assertIn("the sampler diverges: ", said)
        self.assertIn("cannot become the best", said)
        self.assertIn("no validation score was finite", said)
        self.assertTrue((self.folder / "wild" / "checkpoints" / "step_00000006").exists())

    def test_sources_of_an_unknown_variable_agree_in_units(self):
        celsius = self.folder / "celsius.nc"
        shutil.copy(self.folder / "world" / "20crv3" / "20crv3.mon.mean.nc", celsius)

        def prepared(name, *overrides, expect=0):
            return run("prepare", f"experiment/directory='{self.folder}/{name}'", "dataset/variables='warmth'", "dataset/fine_names='t2m'",
                       "dataset/coarse_names='air'", "reconstruct/coarse_files=", "reconstruct/coarse_names=", "reconstruct/coarse_members=0",
                       *overrides, namelist=self.namelist, expect=expect)

        prepared("kelvin")
        with xr.open_dataset(celsius, decode_times=False, mask_and_scale=False) as file:
            changed = file[["air"]].load()
        changed["air"].values -= np.float32(273.15)
        changed["air"].attrs["units"] = "degC"
        celsius.unlink()
        changed.to_netcdf(celsius)
        prepared("celsius", f"dataset/coarse_files='{celsius}'")
        fields = []
        for name in ("kelvin", "celsius"):
            with h5py.File(self.folder / name / "samples.h5") as store:
                fields.append(store["coarse"][:])
        np.testing.assert_allclose(*fields, atol=1e-3)
        changed["air"].attrs["units"] = "kg"
        celsius.unlink()
        changed.to_netcdf(celsius)
        said = prepared("mass", f"dataset/coarse_files='{celsius}'", expect=2)
        self.assertIn("units that cannot be converted", said)

    def test_members_are_driven_in_turn(self):
        self.run_stage("reconstruct", "turns", ranks=2)
        _, attributes = self.member("turns", 4)
        self.assertEqual(attributes["driving_member"], "1")
        self.assertEqual(self.member("turns", 3)[1]["driving_member"], "3")
        # Member 2 is what it is where its driver alone drives.
        self.run_stage("reconstruct", "alone", f"reconstruct/coarse_files='{self.folder}/world/reanalysis/mem002.nc'",
                       "reconstruct/coarse_members=0", "ensemble/first_member=2", "ensemble/members=1")
        for variable, _ in NAMES:
            np.testing.assert_array_equal(self.member("turns", 2, variable)[0], self.member("alone", 2, variable)[0])
        with open(self.folder / "turns" / "archive.json") as file:
            keys = sorted(json.load(file)["coarse_sha256"])
        self.assertEqual(keys, [f"2001-{month:02}/{driver:03}" for month in (1, 2, 3) for driver in (1, 2, 3)])

    def test_an_archive_is_the_same_in_any_layout_and_is_extended(self):
        self.run_stage("prepare", "layout1", "reconstruct/adjustment='mean'")
        self.run_stage("reconstruct", "layout1", "reconstruct/adjustment='mean'", "ensemble/members=2")
        kept = {name: time for name, time in times(self.folder / "layout1").items() if "_r0" in name}
        self.run_stage("reconstruct", "layout1", "reconstruct/adjustment='mean'")
        self.assertEqual(len(kept), 4)
        after = times(self.folder / "layout1")
        for name, time in kept.items():
            self.assertEqual(after[name], time)
        expected = digests(self.folder / "layout1", "*.nc", "manifest.json")
        self.assertEqual(len(expected), 2 * 4 + 2 * 3 + 1)
        for ranks, batch, members in ((2, 3, 1), (3, 8, 4)):
            name = f"layout{ranks}"
            self.run_stage("prepare", name, "reconstruct/adjustment='mean'")
            self.run_stage("reconstruct", name, "reconstruct/adjustment='mean'", f"ensemble/batch={batch}",
                           f"ensemble/members_per_unit={members}", ranks=ranks)
            self.assertEqual(digests(self.folder / name, "*.nc", "manifest.json"), expected)

    def test_adjusted_fields_differ_by_the_bias(self):
        """Members know the coarse field almost linearly: the adjustment shows in the mean over the region."""
        self.run_stage("prepare", "adjusted", "reconstruct/adjustment='mean'")
        self.run_stage("reconstruct", "adjusted", "reconstruct/adjustment='mean'", "ensemble/members=3")
        self.run_stage("reconstruct", "biased", "ensemble/members=3")
        source, training = self.nodes("adjusted")
        shift = (training - source)[0, 0, 0].mean()
        self.assertGreater(shift, 0.2)  # the reanalysis is too cold
        difference = np.mean([np.nanmean(self.member("adjusted", m)[0][0] - self.member("biased", m)[0][0]) for m in (1, 2, 3)])
        self.assertAlmostEqual(difference, shift, delta=0.4 * shift)

    def test_every_member_is_compared_with_its_own_driver(self):
        adjusted = "reconstruct/adjustment='mean'"
        self.run_stage("prepare", "scored", adjusted)
        self.run_stage("reconstruct", "scored", adjusted, ranks=2)
        scored = (adjusted, "evaluation/reconstruction='{}/scored'".format(self.folder), f"evaluation/directory='{self.folder}/scores'")
        said = self.run_stage("evaluate", "scored", *scored, ranks=2)
        self.assertNotIn("no score of consistency", said)
        methods = json.loads((self.folder / "scores" / "scores.json").read_text())["variables"]["tas"]["methods"]
        for method in ("member", "ensemble"):
            self.assertGreater(methods[method]["consistency"]["value"], 0)
        # Member 2 alone differs from its driver's means by as much as where that driver alone drives.
        misfits = []
        for name, options in (("of_members", ()), ("of_one", (f"reconstruct/coarse_files='{self.folder}/world/reanalysis/mem002.nc'",
                                                             "reconstruct/coarse_members=0"))):
            self.run_stage("reconstruct", name, *options, "ensemble/first_member=2", "ensemble/members=1")
            self.run_stage("evaluate", name, *options, f"evaluation/directory='{self.folder}/scores_{name}'")
            scores = json.loads((self.folder / f"scores_{name}" / "scores.json").read_text())
            misfits.append(scores["variables"]["tas"]["methods"]["member"]["consistency"]["value"])
        self.assertGreater(misfits[0], 0)
        self.assertEqual(*misfits)
        self.assertNotEqual(misfits[0], methods["member"]["consistency"]["value"])
        # The archive records its drivers' fields: others are not taken for them.
        shutil.rmtree(self.folder / "scores")
        said = self.run_stage("evaluate", "scored", *scored[1:], "reconstruct/coarse_members=0",
                              f"reconstruct/coarse_files='{self.folder}/world/reanalysis/mean.nc'")
        self.assertIn("no score of consistency", said)

    def test_wrong_input_is_named(self):
        said = self.run_stage("reconstruct", "unprepared", "reconstruct/adjustment='mean'", expect=2)
        self.assertIn("run the stage prepare", said)
        self.run_stage("prepare", "changed", "reconstruct/adjustment='mean'")
        said = self.run_stage("reconstruct", "changed", "reconstruct/adjustment='quantile'", expect=2)
        self.assertIn("the adjustment is of other options, source files or another store", said)
        self.run_stage("reconstruct", "refused", "ensemble/members=2")
        said = self.run_stage("reconstruct", "refused", "reconstruct/coarse_members=2", expect=2)
        self.assertIn("reconstruct/coarse_members was 3 and is now 2", said)
        for override, text in (("reconstruct/coarse_members=0", "stands for no number"),
                               (f"reconstruct/coarse_files='{self.folder}/world/reanalysis/mem001.nc'", "has no '{member}'"),
                               ("reconstruct/coarse_members=4", "mem004.nc"),
                               ("reconstruct/adjustment='median'", "reconstruct/adjustment"),
                               ("reconstruct/first_month='1994-12'", "1994-12")):
            self.assertIn(text, self.run_stage("reconstruct", "wrong", override, expect=2))
        copy = self.folder / "copy.nc"
        of_copy = ("reconstruct/adjustment='mean'", "reconstruct/coarse_members=0", f"reconstruct/coarse_files='{copy}'")
        shutil.copy(self.folder / "world" / "reanalysis" / "mem001.nc", copy)
        self.run_stage("prepare", "stale", *of_copy)
        shutil.copy(self.folder / "world" / "reanalysis" / "mem002.nc", copy)
        said = self.run_stage("reconstruct", "stale", *of_copy, expect=2)
        self.assertIn("source files", said)
        said = self.run_stage("check", "unprepared", "reconstruct/coarse_members=4", expect=2)
        self.assertIn("mem004.nc", said)
        self.assertIn("to be made by 'prepare'", self.run_stage("check", "unprepared", "reconstruct/adjustment='mean'"))
        early = self.folder / "early.nc"  # ends before the training years
        with xr.open_dataset(self.folder / "world" / "reanalysis" / "mem001.nc", decode_times=False) as file:
            file.isel(time=slice(0, 12)).to_netcdf(early)
        said = self.run_stage("prepare", "apart", "reconstruct/adjustment='mean'", "reconstruct/coarse_members=0",
                              f"reconstruct/coarse_files='{early}'", expect=2)
        self.assertIn("do not overlap", said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
