# SPDX-License-Identifier: Apache-2.0
"""A network on the store of another region, not trained again."""
import unittest

import numpy as np
import xarray as xr

from program import PreparedStore, run

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
        # 'minmax' keeps the fields of uas within what the store's training years have shown.
        self.assertLess(np.abs(fields[:3]).max(), 25)


if __name__ == "__main__":
    unittest.main()
