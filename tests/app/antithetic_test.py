# SPDX-License-Identifier: Apache-2.0
"""Members in pairs of opposite noise (ensemble/antithetic), from reconstruct to evaluate."""
import json
import subprocess
import sys
import unittest

import numpy as np
import xarray as xr

from program import SOURCE, PreparedStore, digests, run

sys.path.insert(0, str(SOURCE / "tools"))
from plot_data import Reconstruction, Store  # noqa: E402

MEMBERS = 5  # two pairs and the first of a third
JANUARY_1991 = 1991 * 12


class Antithetic(PreparedStore):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        run("train", f"experiment/directory='{cls.folder}'")
        cls.folders = {name: cls.folder / name for name in ("plain", "pairs", "parts")}
        for name, options in (("plain", ()), ("pairs", ("ensemble/antithetic=.true.",))):
            cls.reconstruct(name, f"ensemble/members={MEMBERS}", *options)

    @classmethod
    def reconstruct(cls, name, *options, ranks=1, expect=0):
        return run("reconstruct", f"experiment/directory='{cls.folder}'", f"reconstruct/directory='{cls.folders[name]}'",
                   *options, ranks=ranks, expect=expect)

    def files(self, name, variable="uas"):
        return sorted(self.folders[name].glob(f"{variable}_r*.nc"))

    def fields(self, name):
        """[member, time, y, x]"""
        return np.stack([xr.open_dataset(path)["uas"].values.astype(float) for path in self.files(name)])

    def test_the_first_of_each_pair_is_the_member_without_pairs_and_the_second_is_opposite_to_it(self):
        plain, pairs = self.fields("plain"), self.fields("pairs")
        np.testing.assert_array_equal(pairs[0::2], plain[0::2])
        for pair, other in (([0, 1], [2, 3]), ([2, 3], [0, 1])):  # the mean of the other pair is nearly that of all members
            departures = pairs[pair] - pairs[other].mean(axis=0)
            self.assertLess(np.corrcoef(*(one.ravel() for one in departures))[0, 1], -0.95)
            self.assertLess(np.abs(departures.mean(axis=0)).mean(), 0.2 * np.abs(departures).mean())
        partners = [xr.open_dataset(path).attrs.get("antithetic_to_member") for path in self.files("pairs")]
        self.assertEqual(partners, [None, "1", None, "3", None])

    def test_units_and_ranks_do_not_have_to_hold_whole_pairs(self):
        self.reconstruct("parts", "ensemble/antithetic=.true.", "ensemble/members=2", "ensemble/first_member=2")
        with xr.open_dataset(next(self.folders["parts"].glob("uas_std_*.nc"))) as file:
            self.assertEqual((file.attrs["members"], file.attrs["independent_members"]), ("2-3", "2-3"))  # 2 without its partner
            members = self.fields("parts")
            np.testing.assert_allclose(file["uas"].values, members.std(axis=0, ddof=1), rtol=2e-5, atol=2e-6)
        self.assertEqual(Reconstruction(self.folders["parts"]).independent("uas", JANUARY_1991), ["r002", "r003"])
        self.reconstruct("parts", "ensemble/antithetic=.true.", f"ensemble/members={MEMBERS}", "ensemble/members_per_unit=3",
                         "ensemble/batch=3", ranks=2)
        self.assertEqual(digests(self.folders["parts"], "*_r*.nc", "*_mean_*.nc", "*_std_*.nc"),
                         digests(self.folders["pairs"], "*_r*.nc", "*_mean_*.nc", "*_std_*.nc"))

    def test_ranks_that_share_a_field_and_archives_without_members_have_the_same_statistics(self):
        expected = digests(self.folders["pairs"], "*_mean_*.nc", "*_std_*.nc")
        for name, options in (("shared", ("ensemble/ranks_per_field=2",)), ("condensed", ("output/members=.false.", "output/quantiles="))):
            self.folders[name] = self.folder / name
            self.reconstruct(name, "ensemble/antithetic=.true.", f"ensemble/members={MEMBERS}", *options, ranks=2)
            self.assertEqual(digests(self.folders[name], "*_mean_*.nc", "*_std_*.nc"), expected, name)
        self.assertEqual(self.files("condensed"), [])

    def test_without_the_first_of_a_pair_the_second_counts(self):
        self.folders["later"] = self.folder / "later"
        self.reconstruct("later", "ensemble/antithetic=.true.", "ensemble/members=3", "ensemble/first_member=2", "output/quantiles=")
        run("evaluate", f"experiment/directory='{self.folder}'", f"evaluation/reconstruction='{self.folders['later']}'",
            f"evaluation/directory='{self.folder}/scores_later'", "evaluation/bootstrap_samples=0", ranks=2)
        scores = json.loads((self.folder / "scores_later" / "scores.json").read_text())
        self.assertEqual((scores["members"], scores["independent_members"]), (3, 2))  # 2, 3 and 4, the opposite of 3
        members = self.fields("later")
        truth, weight = truth_of(self.folder / "samples.h5", len(members[0]))
        found = scores["variables"]["uas"]["methods"]["ensemble"]["crps"]["value"]
        self.assertAlmostEqual(found, fair_crps(members[:2], truth, weight), places=5)

    def test_the_mean_is_of_all_and_the_standard_deviation_of_the_first_of_each_pair(self):
        files = self.files("pairs")
        for kind, operator, members in (("mean", "ensmean", files), ("std", "ensstd1", files[0::2])):
            reference = self.folder / f"{kind}.nc"
            subprocess.run(["cdo", "-s", "-O", operator, *members, reference], check=True, capture_output=True, timeout=120)
            with xr.open_dataset(next(self.folders["pairs"].glob(f"uas_{kind}_*.nc"))) as ours, xr.open_dataset(reference) as theirs:
                np.testing.assert_allclose(ours["uas"].values, theirs["uas"].values, rtol=2e-5, atol=2e-6)
                self.assertEqual(ours.attrs.get("independent_members"), "1, 3, 5" if kind == "std" else None)

    def test_probabilistic_scores_are_of_the_first_of_each_pair(self):
        scores = {}
        for name in ("plain", "pairs"):
            said = run("evaluate", f"experiment/directory='{self.folder}'", f"evaluation/reconstruction='{self.folders[name]}'",
                       f"evaluation/directory='{self.folder}/scores_{name}'", f"evaluation/members=1,3,{MEMBERS}",
                       "evaluation/bootstrap_samples=0")
            self.assertEqual("5 members, of which 3 are independent" in said, name == "pairs")
            scores[name] = json.loads((self.folder / f"scores_{name}" / "scores.json").read_text())
        self.assertEqual(scores["plain"]["independent_members"], MEMBERS)
        self.assertEqual(scores["pairs"]["independent_members"], 3)
        ensemble = scores["pairs"]["variables"]["uas"]["methods"]["ensemble"]
        pairs = ensemble["by_members"]
        self.assertEqual(set(pairs), {"1", "3", str(MEMBERS)})
        first_of_each = self.fields("pairs")[0::2]
        truth, weight = truth_of(self.folder / "samples.h5", len(first_of_each[0]))
        self.assertAlmostEqual(pairs[str(MEMBERS)]["crps"]["value"], fair_crps(first_of_each, truth, weight), places=5)
        self.assertAlmostEqual(pairs["3"]["crps"]["value"], fair_crps(first_of_each[:2], truth, weight), places=5)
        mean = self.fields("pairs").mean(axis=0)
        for found in (ensemble, pairs[str(MEMBERS)]):
            self.assertAlmostEqual(found["rmse"]["value"], np.sqrt(np.average((mean - truth) ** 2, weights=weight)), places=5)
        self.assertEqual(len(ensemble["rank_histogram"]), 3 + 1)
        with xr.open_dataset(self.folder / "scores_pairs" / "scores.nc") as maps:
            self.assertEqual(int(maps.attrs["independent_members"]), 3)
            expected = np.sqrt(first_of_each.var(axis=0, ddof=1).mean(axis=0))
            np.testing.assert_allclose(maps["uas_spread_ensemble"].values, expected, rtol=1e-4)
        spread = Reconstruction(self.folders["pairs"]).independent("uas", JANUARY_1991)
        self.assertEqual(spread, ["r001", "r003", "r005"])

    def test_check_warns_of_a_single_pair_and_info_names_the_partner(self):
        said = run("check", f"experiment/directory='{self.folder}'", "ensemble/antithetic=.true.", "ensemble/members=2")
        self.assertIn("1 to 2, in pairs of opposite noise: 1 independent", said)
        self.assertIn("one pair is one draw", said)
        said = run("check", f"experiment/directory='{self.folder}'", "ensemble/antithetic=.true.", "ensemble/members=3")
        self.assertNotIn("one pair is one draw", said)
        self.assertRegex(run("info", namelist=self.files("pairs")[1]), r"antithetic_to_member +1\n")

    def test_a_regression_has_no_noise_and_no_pairs(self):
        options = ("training/stage='regression'", "ensemble/antithetic=.true.", f"experiment/directory='{self.folder}'")
        self.assertNotIn("in pairs", run("check", *options))
        run("train", *options)
        folder = self.folder / "single"
        run("reconstruct", *options, f"reconstruct/directory='{folder}'", "ensemble/members=2", "output/quantiles=")
        for path in folder.glob("*_r*.nc"):
            self.assertNotIn("antithetic_to_member", xr.open_dataset(path).attrs)

    def test_another_pairing_or_several_drivers_are_refused(self):
        self.assertIn("ensemble/antithetic was .true. and is now .false.", self.reconstruct("pairs", expect=2))
        said = self.reconstruct("parts", "ensemble/antithetic=.true.", "reconstruct/coarse_files='mem{member}.nc'",
                                "reconstruct/coarse_members=2", expect=2)
        self.assertIn("members of a pair need the same driving fields", said)


def truth_of(path, n_months):
    """uas of the first months of 1991 [time, y, x], and weights of their cells by area."""
    store = Store(path)
    truth = np.stack([store.field("fine", "uas", JANUARY_1991 + i) for i in range(n_months)])
    return truth, np.broadcast_to(store.cell_areas(), truth.shape)


def fair_crps(members, truth, weight):
    distance = np.abs(members - truth).mean(axis=0)
    n = len(members)
    differences = sum(np.abs(a - b) for i, a in enumerate(members) for b in members[:i])
    return np.average(distance - differences / (n * (n - 1)), weights=weight)


if __name__ == "__main__":
    unittest.main(verbosity=2)
