# SPDX-License-Identifier: Apache-2.0
"""The stage 'world': bytes, restart, what climate tools and 'prepare' read, and its law as the files have it."""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import h5py
import numpy as np
import xarray as xr

from program import SOURCE, digests, run

NAMELIST = SOURCE / "namelists" / "world.nml"
BOX = {"west": 95, "east": 125, "south": 20, "north": 40, "first_month": "'1998-01'", "last_month": "'2003-12'",
       "law_years": "2002,2003", "law_draws": 100, "law_members": 2, "members": 3, "member_years": "1990,1999"}
# CMIP name, name in the fine files, factor to CMIP units
FINE = (("uas", "u10", 1), ("vas", "v10", 1), ("tas", "t2m", 1), ("ps", "sp", 1), ("pr", "tp", 1 / 86.4))
PREPARE = """&experiment directory='{folder}/prepared' /
&domain coarse='file' /
&dataset fine_files='{folder}/world/era5land/era5land_*.nc'
  variables='uas','vas','tas','ps','pr' fine_names='u10','v10','t2m','sp','tp'
  coarse_files='{folder}/world/20crv3/20crv3.mon.mean.nc' coarse_names='uwnd','vwnd','air','pres','prate'
  relief_file='{folder}/world/era5land/elevation.nc' relief_name='elevation'
  mask_file='{folder}/world/era5land/lsm.nc' mask_name='lsm'
  train_years=1998,2001 validation_years=2002,2002 test_years=2003,2003 ridge=.false. /
&diffusion base='lerp_corrected' /
"""


def make(folder, ranks=1, expect=0, **changes):
    overrides = [f"world/{key}={value}" for key, value in {**BOX, **changes}.items()]
    return run("world", f"world/directory='{folder}'", *overrides, namelist=NAMELIST, ranks=ranks, expect=expect)


def cell_means(fields, latitude, n):
    """Means [..., y, x] over blocks of n x n cells, by exact areas."""
    edges = np.radians(np.append(latitude - 0.25, latitude[-1] + 0.25))
    weight = np.diff(np.sin(edges))[:, None] * np.ones(fields.shape[-1])
    def blocks(a):
        return a.reshape(*a.shape[:-2], a.shape[-2] // n, n, a.shape[-1] // n, n).sum(axis=(-3, -1))
    return blocks(fields * weight) / blocks(weight)


class World(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="hindscale_"))
        cls.world = cls.folder / "world"
        make(cls.world)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def fine(self, year):
        return xr.open_dataset(self.world / "era5land" / f"era5land_{year}.nc")

    def law(self, name, kind, year):
        with xr.open_dataset(self.world / "law" / f"{name}_{kind}_{year}01-{year}12.nc") as file:
            return file[name].values.astype(float)

    def test_any_number_of_ranks_writes_the_same_bytes(self):
        expected = digests(self.world, "*/*.nc")
        self.assertEqual(len(expected), 2 + 1 + 6 + 4 + 2 * (11 + 2 * 5))
        for ranks in (2, 3):
            make(self.folder / f"ranks{ranks}", ranks=ranks)
            self.assertEqual(digests(self.folder / f"ranks{ranks}", "*/*.nc"), expected)

    def test_a_year_alone_is_the_same(self):
        make(self.folder / "year", first_month="'2001-01'", last_month="'2001-12'", law_years="", members=0)
        with self.fine(2001) as one, xr.open_dataset(self.folder / "year" / "era5land" / "era5land_2001.nc") as other:
            xr.testing.assert_equal(one, other)

    def test_another_realization_has_other_fine_fields_and_the_same_coarse_ones(self):
        make(self.folder / "other", first_month="'2001-01'", last_month="'2001-12'", law_years="", members=0, realization=1)
        with self.fine(2001) as one, xr.open_dataset(self.folder / "other" / "era5land" / "era5land_2001.nc") as other, \
                xr.open_dataset(self.world / "20crv3" / "20crv3.mon.mean.nc") as coarse, \
                xr.open_dataset(self.folder / "other" / "20crv3" / "20crv3.mon.mean.nc") as same:
            self.assertGreater(float(np.abs(one.t2m - other.t2m).mean()), 0.1)
            np.testing.assert_array_equal(coarse.air.sel(time="2001"), same.air)

    def test_members_of_the_law_are_other_realizations_as_far_from_the_mean_as_the_law_says(self):
        make(self.folder / "first", first_month="'2003-01'", last_month="'2003-12'", law_years="", members=0, realization=1)
        with xr.open_dataset(self.folder / "first" / "era5land" / "era5land_2003.nc") as first:
            for name, given, factor in FINE:
                mean, spread, member, other = (self.law(name, kind, 2003) for kind in ("mean", "std", "r001", "r002"))
                fine = first[given].values[:, ::-1] * factor
                step = 1.01 * first[given].encoding["scale_factor"] * factor  # of packing
                np.testing.assert_allclose(member, fine, rtol=0, atol=step / 2 + 1e-5 * np.nanmax(np.abs(fine)))
                self.assertGreater(np.nanmean(np.abs(member - other)), 0)
                for one in (member, other):
                    self.assertAlmostEqual(np.nanmean((one - mean) ** 2) / np.nanmean(spread**2), 1, delta=0.25)
                self.assertLess(abs(np.nanmean((member - mean) * (other - mean))), 0.1 * np.nanmean(spread**2))

    def test_a_second_run_keeps_what_is_finished_and_makes_what_is_missing(self):
        copy = self.folder / "copy"
        shutil.copytree(self.world, copy)
        before = {path: path.stat().st_mtime_ns for path in copy.glob("*/*.nc")}
        lost = copy / "era5land" / "era5land_2000.nc"
        lost.unlink()
        (copy / "era5land" / "era5land_2000.nc.part").write_bytes(b"left by a killed run")
        self.assertIn("1 of ", make(copy))
        self.assertEqual(digests(copy, "*/*.nc"), digests(self.world, "*/*.nc"))
        for path, time in before.items():
            self.assertEqual(path.stat().st_mtime_ns == time, path != lost)
        self.assertEqual(list(copy.glob("*/*.part")), [])

    def test_other_options_are_refused_in_the_same_folder(self):
        said = make(self.world, seed=2, expect=2)
        self.assertIn("made with other options", said)
        self.assertIn("seed 1", said)

    def test_wrong_input_is_named(self):
        for key, value, text in (("relief_file", "'nowhere.cdf'", "nowhere.cdf"), ("relief_name", "'X'", "ROSE"),
                                 ("fine_step", 0.3, "world/fine_step"), ("stepp", 1, "world/stepp"),
                                 ("relief_file", f"'{SOURCE}/README.md'", "README.md")):
            self.assertIn(text, make(self.folder / "wrong", expect=2, **{key: value}))
        self.assertFalse((self.folder / "wrong").exists())

    def test_the_fine_files_look_like_era5_land(self):
        with xr.open_dataset(self.world / "era5land" / "era5land_1998.nc", mask_and_scale=False) as raw:
            self.assertEqual(raw["t2m"].dtype, np.int16)
            self.assertEqual(raw["t2m"].attrs["_FillValue"], -32767)
            self.assertEqual({name: raw[name].attrs["units"] for name in raw.data_vars},
                             {"u10": "m s**-1", "v10": "m s**-1", "t2m": "K", "sp": "Pa", "tp": "m"})
        with self.fine(1998) as file:
            self.assertTrue((np.diff(file.latitude) < 0).all())
            self.assertEqual(str(file.time.values[1])[:10], "1998-02-01")
            self.assertGreaterEqual(float(file.tp.min()), 0)
            with xr.open_dataset(self.world / "era5land" / "lsm.nc") as statics:
                np.testing.assert_array_equal(np.isnan(file.sp.values[5]), statics.lsm.values < 0.5)
            summer, winter = file.t2m.values[6], file.t2m.values[0]
            self.assertGreater(np.nanmean(summer - winter), 10)

    def test_the_coarse_files_look_like_20crv3(self):
        for name, first in (("20crv3/20crv3.mon.mean.nc", "1998-01-01"), ("reanalysis/mem002.nc", "1990-01-01"),
                            ("reanalysis/mean.nc", "1990-01-01")):
            with xr.open_dataset(self.world / name) as file:
                self.assertEqual(str(file.time.values[0])[:10], first)
                self.assertEqual(set(file.data_vars), {"uwnd", "vwnd", "air", "pres", "prate"})
                self.assertEqual(file.air.shape[1:], (4, 6))
                self.assertFalse(np.isnan(file.air.values).any())
                self.assertTrue((file.lon.values >= 0).all())
        with xr.open_dataset(self.world / "reanalysis" / "mean.nc") as mean:
            members = [xr.open_dataset(self.world / "reanalysis" / f"mem{m:03}.nc").air.values.astype(float) for m in (1, 2, 3)]
            np.testing.assert_allclose(mean.air.values, np.mean(members, axis=0), rtol=1e-6)

    def test_cdo_reads_every_file(self):
        for path in sorted(self.world.glob("*/*.nc")):
            done = subprocess.run(["cdo", "-s", "infon", str(path)], text=True, capture_output=True, timeout=120)
            self.assertEqual(done.returncode, 0, done.stderr)
        dates = subprocess.run(["cdo", "-s", "showdate", str(self.world / "era5land" / "era5land_1998.nc")], text=True,
                               capture_output=True, timeout=60).stdout
        self.assertIn("1998-12-01", dates)

    def test_the_law_is_that_of_the_files(self):
        """Errors over land in units of the law's deviation have mean 0 and variance 1."""
        for name, given, factor in FINE:
            z = []
            for year in (2002, 2003):
                with self.fine(year) as file:
                    truth = file[given].values[:, ::-1].astype(float) * factor
                deviation = self.law(name, "std", year)
                z.append((truth - self.law(name, "mean", year)) / np.where(deviation > 0, deviation, np.nan))
            z = np.concatenate(z)
            z = z[np.isfinite(z)]
            self.assertGreater(z.size, 10000)
            self.assertAlmostEqual(z.mean(), 0, delta=0.03, msg=name)
            self.assertAlmostEqual(np.sqrt(np.mean(z**2)), 1, delta=0.04, msg=name)

    def test_the_mean_of_the_law_has_the_coarse_means_where_all_is_land(self):
        with xr.open_dataset(self.world / "20crv3" / "20crv3.mon.mean.nc") as file:
            coarse = file.sel(time="2002").load()
        with self.fine(2002) as fine:
            latitude = fine.latitude.values[::-1].astype(float)
        for name, given in (("uas", "uwnd"), ("tas", "air"), ("ps", "pres"), ("pr", "prate")):
            means = cell_means(self.law(name, "mean", 2002), latitude, 10)
            whole = np.isfinite(means)
            self.assertGreater(whole.sum(), 50)
            np.testing.assert_allclose(means[whole], coarse[given].values[whole], rtol=2e-6, atol=1e-6)

    def test_small_scales_have_no_steps_at_borders_of_coarse_cells(self):
        for name, given, factor in FINE:
            with self.fine(2003) as file:
                truth = file[given].values[:, ::-1].astype(float) * factor
            deviation = self.law(name, "std", 2003)
            z = (truth - self.law(name, "mean", 2003)) / np.where(deviation > 0, deviation, np.nan)
            steps = np.abs(np.diff(z, axis=2))
            across = np.nanmean(steps[:, :, 9::10]) / np.nanmean(steps)
            self.assertLess(across, 1.05, name)
            self.assertGreater(across, 0.85, name)

    def test_prepare_reads_the_files(self):
        namelist = self.folder / "prepare.nml"
        namelist.write_text(PREPARE.format(folder=self.folder))
        said = run("prepare", namelist=namelist, ranks=2)
        self.assertIn("fine grid 40 x 60", said)
        self.assertIn("coarse grid 4 x 6", said)
        with h5py.File(self.folder / "prepared" / "samples.h5") as store, self.fine(1999) as file:
            fields = store["fine"][12]
            for v, (_, given, factor) in enumerate(FINE):
                np.testing.assert_allclose(fields[v], file[given].values[0, ::-1] * factor, rtol=1e-5, atol=1e-9)

    def test_the_table_of_the_law_is_made(self):
        table = subprocess.run([sys.executable, SOURCE / "tools" / "world_table.py", self.world, "--train", "1998", "2001", "--test",
                                "2002", "2003"], check=True, text=True, capture_output=True, timeout=120).stdout
        ratios = {line.split("|")[1].split()[0]: float(line.split("|")[5]) for line in table.splitlines()[2:]}
        self.assertEqual(list(ratios), ["uas", "vas", "tas", "ps", "pr"])
        for name, limit in (("uas", 0.5), ("vas", 0.5), ("tas", 0.35), ("ps", 0.05), ("pr", 0.85)):
            self.assertLess(ratios[name], limit)


if __name__ == "__main__":
    unittest.main()
