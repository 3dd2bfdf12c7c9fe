# SPDX-License-Identifier: Apache-2.0
"""What climate tools see in the products: CDO, NCO and xarray read values, times and statistics."""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import xarray as xr

from program import SOURCE, run


def tool(*words):
    return subprocess.run([str(word) for word in words], check=True, text=True, capture_output=True, timeout=120).stdout


class Products(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="hindscale_"))
        home = f"experiment/directory='{cls.folder}'"
        run("prepare", home)
        run("train", home)
        run("reconstruct", home)
        run("reconstruct", home, f"reconstruct/directory='{cls.folder}/compressed'", "output/format='netcdf4'", "output/keep_bits=9")
        run("evaluate", home)
        cls.data = cls.folder / "reconstruction"
        cls.members = sorted(cls.data.glob("uas_r*.nc"))

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def test_times_are_the_middle_of_the_months_within_bounds(self):
        with xr.open_dataset(self.members[0]) as file:
            self.assertEqual([str(time)[:19] for time in file["time"].values], ["1991-01-16T12:00:00", "1991-02-15T00:00:00"])
            self.assertEqual(str(file["time_bnds"].values[1][1])[:10], "1991-03-01")
            self.assertEqual(int(file["realization"]), 1)
            self.assertEqual(float(file["height"]), 10.0)
        self.assertIn("1991-01-16", tool("cdo", "-s", "showdate", self.members[0]))

    def test_check_prints_the_plan_and_computes_nothing(self):
        said = run("check", f"experiment/directory='{self.folder}/unborn'")
        for text in ("sample store", "parameters", "units of work", "MiB are free"):
            self.assertIn(text, said)
        self.assertFalse((self.folder / "unborn").exists())

    def test_info_knows_every_product(self):
        checkpoint = next((self.folder / "checkpoints").glob("step_*"))
        for path, text in ((self.folder / "samples.h5", "fine grid"), (checkpoint, "complete and valid"),
                           (self.data, "files"), (self.members[0], "1991-01")):
            self.assertIn(text, run("info", namelist=path))

    def test_an_archive_of_a_gpu_is_not_continued_on_a_cpu(self):
        shutil.copytree(self.data, self.folder / "of_a_gpu")
        record = self.folder / "of_a_gpu" / "archive.json"
        held = json.loads(record.read_text())
        self.assertEqual(held["options"]["device"], "CPU")
        for kind, expect in (("GPU", 2), (None, 0)):  # older programs did not note it
            held["options"]["device"] = kind
            record.write_text(json.dumps({**held, "options": {key: text for key, text in held["options"].items() if text is not None}}))
            said = run("reconstruct", f"experiment/directory='{self.folder}'", f"reconstruct/directory='{self.folder}/of_a_gpu'", expect=expect)
            self.assertEqual("device was GPU and is now CPU" in said, expect == 2)

    def test_figures_are_drawn(self):
        drawn = tool(sys.executable, SOURCE / "tools" / "plot.py", self.folder, "--out", self.folder / "figures")
        for name in ("maps_uas", "maps_vas", "rank_histograms", "spectra", "training"):
            self.assertIn(name, drawn)
        self.assertEqual(len(list((self.folder / "figures").glob("*.png"))), 5)

    def test_values_outside_the_training_range_are_reported(self):
        said = run("reconstruct", f"experiment/directory='{self.folder}'", f"reconstruct/directory='{self.folder}/ranged'",
                   "ensemble/members=1")
        self.assertRegex(said, r"uas: \d+ values \([0-9.]+ %\) outside the range of the training data")

    def test_statistics_agree_with_cdo(self):
        for kind, operator, name in (("mean", "ensmean", "uas"), ("std", "ensstd1", "uas")):
            reference = self.folder / f"{kind}.nc"
            tool("cdo", "-s", "-O", operator, *self.members, reference)
            ours = next(self.data.glob(f"uas_{kind}_*.nc"))
            with xr.open_dataset(ours) as a, xr.open_dataset(reference) as b:
                np.testing.assert_allclose(a[name].values, b[name].values, rtol=2e-5, atol=2e-6)

    def test_quantiles_are_those_of_the_members(self):
        members = np.stack([xr.open_dataset(path)["uas"].values for path in self.members])
        with xr.open_dataset(next(self.data.glob("uas_quantiles_*.nc"))) as file:
            expected = np.quantile(members.astype(np.float64), file["quantile"].values, axis=0)
            np.testing.assert_allclose(file["uas"].values, np.moveaxis(expected, 0, 1), rtol=1e-6, atol=1e-6)

    def test_members_agree_with_the_coarse_field(self):
        coarse = self.folder / "coarse.txt"
        edges = ["gridtype = lonlat", "xsize = 36", "ysize = 18", "xfirst = 23.75", "xinc = 10", "yfirst = -85", "yinc = 10"]
        coarse.write_text("\n".join(edges) + "\n")
        out = self.folder / "coarse.nc"
        source = "/usr/share/ferret-vis/data/monthly_navy_winds.cdf"
        tool("cdo", "-s", "-O", f"remapcon,{coarse}", "-selname,UWND", "-seldate,1991-01-01,1991-02-28", source, out)
        with xr.open_dataset(out, decode_times=False) as file:
            expected = file["UWND"].values
        for path in self.members:
            tool("cdo", "-s", "-O", f"remapcon,{coarse}", path, out)
            with xr.open_dataset(out) as file:
                np.testing.assert_allclose(file["uas"].values, expected, atol=2e-5)

    def test_nco_reads_and_compressed_files_hold_the_rounded_values(self):
        self.assertIn("eastward_wind", tool("ncks", "-m", self.members[0]))
        compressed = self.folder / "compressed" / self.members[0].name
        # Metadata weigh much in a file of two months: 75 against 92 kB when this was written.
        self.assertLess(compressed.stat().st_size, 0.9 * self.members[0].stat().st_size)
        with xr.open_dataset(self.members[0]) as a, xr.open_dataset(compressed) as b:
            np.testing.assert_allclose(b["uas"].values, a["uas"].values, rtol=2.0**-9)

    def test_scores_have_the_agreed_shape(self):
        import json
        scores = json.loads((self.folder / "scores.json").read_text())
        self.assertEqual(scores["members"], 3)
        for variable in ("uas", "vas"):
            methods = scores["variables"][variable]["methods"]
            self.assertEqual(scores["variables"][variable]["units"], "m s-1")
            self.assertLessEqual({"lerp", "lerp_corrected", "climatology", "ridge", "member", "ensemble"}, set(methods))
            for method in methods.values():
                self.assertLessEqual({"rmse", "mae", "bias", "acc", "ssim", "psnr"}, set(method))
            self.assertLessEqual({"crps", "spread_skill", "rank_histogram", "reliability_index", "by_members"}, set(methods["ensemble"]))
            self.assertEqual(len(methods["ensemble"]["rank_histogram"]), 4)


if __name__ == "__main__":
    unittest.main(verbosity=2)
