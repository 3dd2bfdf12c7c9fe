# SPDX-License-Identifier: Apache-2.0
"""What may share the folder of a reconstruction, and what its statistics cover as it grows."""
import pathlib
import shutil
import tempfile
import unittest

import h5py
import numpy as np
import xarray as xr

from program import digests, run, times


class Archive(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="hindscale_"))
        cls.home = f"experiment/directory='{cls.folder}/base'"
        run("prepare", cls.home)
        run("train", cls.home)
        cls.write_coarse("coarse.nc", offset=0)
        cls.write_coarse("warmer.nc", offset=0.5)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    @classmethod
    def write_coarse(cls, name, offset):
        """The coarse fields of the store for 1991, as a file of their own."""
        with h5py.File(cls.folder / "base" / "samples.h5") as store:
            fields = store["coarse"][-24:-12] + np.float32(offset)
        coordinates = {"time": np.arange("1991-01", "1992-01", dtype="datetime64[M]").astype("datetime64[ns]"),
                       "lat": np.arange(-85.0, 90, 10), "lon": np.arange(23.75, 380, 10)}
        data = xr.Dataset({variable: (("time", "lat", "lon"), fields[:, v], {"units": "m s-1"})
                           for v, variable in enumerate(("uas", "vas"))}, coordinates)
        data["lat"].attrs["units"], data["lon"].attrs["units"] = "degrees_north", "degrees_east"
        data.to_netcdf(cls.folder / name)

    def reconstruct(self, name, *overrides, ranks=1, expect=0):
        return run("reconstruct", self.home, f"reconstruct/directory='{self.folder}/{name}'", *overrides, ranks=ranks,
                   expect=expect)

    def members_of(self, name):
        with xr.open_dataset(next((self.folder / name).glob("uas_mean_*.nc"))) as file:
            return file.attrs["members"]

    def test_the_same_coarse_fields_from_another_file_are_accepted(self):
        self.reconstruct("store", "ensemble/members=2")
        self.reconstruct("file", "ensemble/members=2", f"reconstruct/coarse_files='{self.folder}/coarse.nc'", ranks=3)
        patterns = ("*.nc", "archive.json")
        self.assertEqual(digests(self.folder / "file", *patterns), digests(self.folder / "store", *patterns))
        before = times(self.folder / "store")
        self.reconstruct("store", "ensemble/members=2", f"reconstruct/coarse_files='{self.folder}/coarse.nc'")
        self.assertEqual(times(self.folder / "store"), before)

    def test_other_coarse_fields_are_refused(self):
        self.reconstruct("first", "ensemble/members=1")
        other = f"reconstruct/coarse_files='{self.folder}/warmer.nc'"
        before = digests(self.folder / "first", "*")
        said = self.reconstruct("first", "ensemble/members=2", other, expect=2)
        self.assertIn("the coarse fields of 2 months differ, the first is 1991-01", said)
        self.assertEqual(digests(self.folder / "first", "*"), before)

    def test_statistics_cover_all_members_of_the_archive(self):
        self.reconstruct("whole", "ensemble/members=4")
        self.reconstruct("grown", "ensemble/members=2")
        self.assertEqual(self.members_of("grown"), "1-2")
        self.reconstruct("grown", "ensemble/first_member=4", "ensemble/members=1")
        self.assertEqual(self.members_of("grown"), "1-2, 4")
        self.reconstruct("grown", "ensemble/first_member=3", "ensemble/members=1", ranks=2)
        self.assertEqual(digests(self.folder / "grown", "*.nc"), digests(self.folder / "whole", "*.nc"))
        before = times(self.folder / "grown")
        self.reconstruct("grown", "ensemble/members=2")  # fewer than there are: nothing to do
        self.assertEqual(times(self.folder / "grown"), before)

    def test_statistics_without_members(self):
        self.reconstruct("kept", "ensemble/members=3")
        self.reconstruct("condensed", "ensemble/members=3", "output/members=.false.", ranks=2)
        self.assertEqual(list((self.folder / "condensed").glob("*_r0*.nc")), [])
        pattern = "*_mean_*.nc"
        self.assertEqual(digests(self.folder / "condensed", pattern), digests(self.folder / "kept", pattern))
        before = times(self.folder / "condensed")
        self.reconstruct("condensed", "ensemble/members=3", "output/members=.false.")
        self.assertEqual(times(self.folder / "condensed"), before)

    def test_a_budget_shorter_than_a_unit_is_said_so(self):
        said = self.reconstruct("hurried", "experiment/wall_time_s=1e-6", expect=75)
        self.assertIn("no unit of work was finished", said)
        self.assertIn("hindscale: STOPPED", said)
        self.reconstruct("hurried")
        self.reconstruct("calm")
        self.assertEqual(digests(self.folder / "hurried", "*.nc"), digests(self.folder / "calm", "*.nc"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
