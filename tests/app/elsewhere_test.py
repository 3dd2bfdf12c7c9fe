# SPDX-License-Identifier: Apache-2.0
"""A network on the store of another region, not trained again."""
import re
import unittest

import numpy as np
import xarray as xr

from program import PreparedStore, run

WINDS = "/usr/share/ferret-vis/data/monthly_navy_winds.cdf"
REGION = ("domain/west=20", "domain/east=208")  # 19 of 36 coarse columns


class Elsewhere(PreparedStore):
    def fields(self, folder):
        paths = sorted((self.folder / folder).glob("*as_r*.nc"))
        self.assertEqual(len(paths), 2 * 3)
        return np.stack([xr.open_dataset(path)[path.name[:3]].values for path in paths])

    def test_cells_are_those_of_the_store_and_variables_those_of_the_training(self):
        run("prepare", self.home("trained"), "dataset/store='%s/minmax.h5'" % self.folder, "dataset/transforms='minmax','identity'")
        home = (self.home("trained"), f"dataset/store='{self.folder}/minmax.h5'", "dataset/transforms='minmax','identity'")
        run("train", *home)
        run("reconstruct", *home)
        # Where it was trained, nothing changes: what is fitted to the store is what the training fitted.
        run("reconstruct", *home, "reconstruct/elsewhere=t", f"reconstruct/directory='{self.folder}/here'")
        np.testing.assert_array_equal(self.fields("trained/reconstruction"), self.fields("here"))

        there = (self.home("trained"), f"dataset/store='{self.folder}/there.h5'", "dataset/transforms='minmax','identity'", *REGION,
                 f"reconstruct/directory='{self.folder}/there'", "tiling/size=40,40")
        run("prepare", *there)
        self.assertIn("reconstruct/elsewhere", run("reconstruct", *there, expect=2))
        run("reconstruct", *there, "reconstruct/elsewhere=t", ranks=2)
        fields = self.fields("there")
        self.assertTrue(np.isfinite(fields).all())
        self.assertEqual(fields.shape[2:], (73, 76))
        # Four tiles that stand, nine half a stride further: too many to take turns in two evaluations.
        few = (*there[:-1], "reconstruct/elsewhere=t", "tiling/size=64,64", "tiling/overlap=8")
        self.assertIn("so many more tiles that one evaluation in 9 may take them, and a field has 2", run("check", *few))
        self.assertNotIn("evaluation in 9", run("check", *few, "sampling/steps=9"))
        # 'minmax' keeps the fields of uas within what the store's training years have shown.
        self.assertLess(np.abs(fields[:3]).max(), 25)

    def test_a_coarse_source_of_more_than_half_the_globe_covers_what_lies_in_it(self):
        wide = self.folder / "wide.nc"
        with xr.open_dataset(WINDS, decode_times=False) as file:
            latitude, longitude = file.UWND.dims[-2:]
            file.isel({latitude: slice(0, 73, 2), longitude: slice(0, 77, 2)}).to_netcdf(wide, format="NETCDF3_64BIT")  # 20 to 210 E
        run("check", self.home("covered"), "domain/coarse=file", f"dataset/coarse_files='{wide}'", "dataset/coarse_names='UWND','VWND'", "domain/west=200",
            "domain/east=207.5", "domain/south=-40", "domain/north=40", "diffusion/consistency=report", "training/patch_size=4,4", "tiling/size=4,4",
            "tiling/overlap=0")

    def test_domains_begin_where_they_are_asked_to(self):
        part = self.folder / "part.nc"
        with xr.open_dataset(WINDS, decode_times=False) as file:
            longitude = file.UWND.dims[-1]
            file.isel({longitude: slice(72, 112)}).to_netcdf(part, format="NETCDF3_64BIT")  # 200 to 297.5 E
        small = ("domain/south=-40", "domain/north=40", "training/patch_size=16,16", "tiling/size=32,20", "tiling/overlap=0")
        cut = (f"dataset/fine_files='{part}'", "domain/coarse_west=198.75", *small)
        for west, east, first, options in ((-180, 180, -180, ()), (0, 360, 0, ()), (-10, 38, -10, small), (0, 360, 200, cut), (-180, 180, -160, cut)):
            said = run("check", self.home("begins"), f"domain/west={west}", f"domain/east={east}", *options)
            found = re.search(r"fine grid .*?, ([0-9.]+)([EW])\.\.", said)
            self.assertEqual(float(found[1]) * (1 if found[2] == "E" else -1), first, said)


if __name__ == "__main__":
    unittest.main()
