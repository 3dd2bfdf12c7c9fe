# SPDX-License-Identifier: Apache-2.0
"""Every method of the namelist from training to fields: CorrDiff's two steps, other noise levels, all samplers."""
import json
import re
import shutil
import unittest

import numpy as np
import xarray as xr

from program import NAMELIST, PreparedStore, digests, run

SAMPLERS = ("ddpm", "ddim", "multistep", "dpmpp_2m", "dpmpp_2s", "euler", "heun", "euler_maruyama", "predictor_corrector", "adaptive")


class Methods(PreparedStore):
    def fields(self, folder, variable="uas"):
        return np.stack([xr.open_dataset(path)[variable].values for path in sorted(folder.glob(f"{variable}_r*.nc"))])

    def test_corrdiff_in_two_steps(self):
        corrdiff = (self.home("corrdiff"), self.store, "diffusion/regression=.true.")
        said = run("train", *corrdiff, expect=2)
        self.assertIn("regression", said)  # its first step is missing
        run("train", *corrdiff, "training/stage='regression'", ranks=2)
        run("train", *corrdiff, "training/stop_step=5", ranks=2, expect=75)
        run("train", *corrdiff, ranks=2)
        run("reconstruct", *corrdiff, ranks=2)
        produced = digests(self.folder / "corrdiff" / "reconstruction", "*.nc")
        self.assertEqual(len(produced), 2 * 3 + 2 * 3)
        for ranks, batch, share in ((1, 3, 1), (3, 2, 3), (4, 8, 2)):
            run("reconstruct", *corrdiff, f"reconstruct/directory='{self.folder}/on{ranks}'", f"ensemble/batch={batch}",
                f"ensemble/ranks_per_field={share}", ranks=ranks)
            self.assertEqual(digests(self.folder / f"on{ranks}", "*.nc"), produced, ranks)
        unbroken = (self.home("unbroken"), self.store, "diffusion/regression=.true.")
        shutil.copytree(self.folder / "corrdiff" / "regression", self.folder / "unbroken" / "regression")
        run("train", *unbroken, ranks=2)
        weights = "checkpoints/step_00000012/*.safetensors"
        self.assertEqual(digests(self.folder / "corrdiff", weights), digests(self.folder / "unbroken", weights))

    def test_the_regression_alone_gives_one_field(self):
        alone = (self.home("regression"), self.store)
        run("train", *alone, "training/stage='regression'")
        checkpoint = sorted((self.folder / "regression" / "regression").glob("step_*"))[-1]
        run("reconstruct", *alone, f"reconstruct/checkpoint='{checkpoint}'")
        fields = self.fields(self.folder / "regression" / "reconstruction")
        self.assertTrue(np.isfinite(fields).all())
        np.testing.assert_array_equal(fields[0], fields[1])

    def test_other_noise_levels_train_and_reconstruct(self):
        for schedule in ("edm", "vp", "ve", "rho"):
            options = (self.home(schedule), self.store, f"diffusion/schedule='{schedule}'")
            run("train", *options)
            options += ("sampling/sampler='heun'", "sampling/steps=4", "sampling/churn=2")
            run("reconstruct", *options)
            shared = self.folder / schedule / "shared"
            run("reconstruct", *options, f"reconstruct/directory='{shared}'", "ensemble/batch=2", "ensemble/ranks_per_field=2", ranks=4)
            self.assertEqual(digests(shared, "*.nc"), digests(self.folder / schedule / "reconstruction", "*.nc"), schedule)
            fields = self.fields(self.folder / schedule / "reconstruction")
            self.assertTrue(np.isfinite(fields).all(), schedule)
            self.assertGreater(float(np.abs(fields[0] - fields[1]).mean()), 0.01, schedule)

    def test_a_network_that_sees_two_grid_waves_keeps_the_layout_contract(self):
        waves = (self.home("waves"), self.store, "model/two_grid_waves=.true.")
        run("train", *waves, ranks=2)
        run("reconstruct", *waves, ranks=2)
        produced = digests(self.folder / "waves" / "reconstruction", "*.nc")
        for ranks, batch, share in ((1, 3, 1), (3, 2, 3), (4, 2, 2)):
            run("reconstruct", *waves, f"reconstruct/directory='{self.folder}/waves_on{ranks}'", f"ensemble/batch={batch}",
                f"ensemble/ranks_per_field={share}", ranks=ranks)
            self.assertEqual(digests(self.folder / f"waves_on{ranks}", "*.nc"), produced, ranks)
        run("train", *waves, "training/stage='regression'", "diffusion/regression=.true.")  # a network of the mean sees no noise
        plain = json.loads(sorted((self.folder / "waves" / "regression").glob("step_*/state.json"))[-1].read_text())
        self.assertNotIn("two_grid_waves", plain["network"])
        seen = json.loads(sorted((self.folder / "waves" / "checkpoints").glob("step_*/state.json"))[-1].read_text())
        self.assertTrue(seen["network"]["two_grid_waves"])

    def test_seams_are_scored_by_members_made_again_with_moved_tiles(self):
        seams = (self.home("seams"), self.store, "tiling/size=24, 48", "tiling/overlap=4")
        run("train", *seams)
        scores = self.folder / "seams" / "scores.json"
        found = []
        for ranks in (1, 3):
            run("reconstruct", *seams, "tiling/seam_members=2", ranks=ranks)
            run("evaluate", *seams, ranks=ranks)
            found.append(scores.read_bytes())
            shifted = self.folder / "seams" / "reconstruction" / "shifted"
            self.assertEqual(len(list(shifted.glob("*.nc"))), 2 * 2)
            shutil.rmtree(self.folder / "seams" / "reconstruction")
            scores.unlink()
        self.assertEqual(found[0], found[1])
        member = json.loads(found[0])["variables"]["uas"]["methods"]["member"]
        for score in ("seam_index", "seam_variance"):
            self.assertGreater(member[score]["value"], 0.3)
            self.assertLess(member[score]["value"], 3)
        run("reconstruct", *seams)
        run("evaluate", *seams)
        self.assertNotIn("seam_index", json.loads(scores.read_text())["variables"]["uas"]["methods"]["member"])

    def test_calibration_chooses_what_scores_best_on_any_number_of_ranks(self):
        home = (self.home("calibrated"), self.store)
        run("train", *home)
        grid = ("calibration/samplers='ddim','heun'", "calibration/steps=2,3", "calibration/noise_scales=0.8,1,1.3",
                "calibration/members=3", "calibration/months=2")
        run("calibrate", *home, *grid)
        found = self.folder / "calibrated" / "calibration.json"
        table = json.loads(found.read_text())
        tried, chosen = table["tried"], table["chosen"]
        self.assertIn(len(tried), (4 * 3, 4 * 3 + 1))  # all together once more, where variables differ in their noise
        self.assertEqual([trial["noise_scale"][0] for trial in tried[:3]], [0.8, 1, 1.3])
        worth = [(sum(min(trial["crps_over_lerp_mae_by_variable"][v] for trial in tried[i:i + 3]) for v in (0, 1)) / 2, tried[i]["evaluations"])
                 for i in range(0, 12, 3)]
        best = min(crps for crps, _ in worth)
        self.assertEqual(min(evaluations for crps, evaluations in worth if crps <= 1.01 * best), chosen["evaluations"])
        self.assertLessEqual(chosen["crps_over_lerp_mae"], 1.02 * best)  # one network for both: noise of one acts on the other, too
        narrow, _, wide = tried[:3]
        for low, high in zip(narrow["spread_skill"], wide["spread_skill"]):
            self.assertLess(low, high)  # more noise, more spread
        before = found.read_bytes()
        run("calibrate", *home, *grid, ranks=2)
        self.assertEqual(found.read_bytes(), before)
        joined = self.folder / "joined.nml"
        joined.write_text(re.sub(r"&sampling.*?/\n", "", NAMELIST.read_text(), flags=re.S)
                          + (self.folder / "calibrated" / "calibration.nml").read_text())
        run("check", *home, namelist=joined)
        # Options of the namelist's sampler that the chosen one does not know would be refused beside it.
        run("calibrate", *home, *grid[1:], "calibration/samplers='ddim'", "sampling/sampler='heun'", "sampling/churn_range=0.1,10",
            "sampling/sigma_range=0.05,50", "sampling/spacing='rho'")
        fragment = (self.folder / "calibrated" / "calibration.nml").read_text()
        self.assertNotIn("churn_range", fragment)
        self.assertIn("sigma_range", fragment)
        joined.write_text(re.sub(r"&sampling.*?/\n", "", NAMELIST.read_text(), flags=re.S) + fragment)
        run("check", *home, namelist=joined)

    def test_calibration_counts_what_an_adaptive_sampler_needs(self):
        home = (self.home("calibrated"), self.store)
        run("train", *home)
        grid = (*home, "calibration/samplers='ddim','adaptive'", "calibration/steps=3", "calibration/tolerances=1,0.01", "calibration/noise_scales=1",
                "calibration/members=3", "calibration/months=2", "calibration/tolerance=0")
        found, fragment = (self.folder / "calibrated" / f"calibration.{kind}" for kind in ("json", "nml"))
        said = []
        for ranks in (1, 2):
            run("calibrate", *grid, ranks=ranks)
            said.append(found.read_bytes())
        self.assertEqual(*said)
        fixed, loose, tight = json.loads(said[0])["tried"][:3]
        self.assertEqual(fixed["evaluations"], 3)
        self.assertEqual((loose["tolerance"], tight["tolerance"], loose["steps"]), (1, 0.01, None))
        self.assertEqual(fixed["tolerance"], None)
        fields = 3 * 2
        for trial in (loose, tight):  # six slopes a step of Dormand and Prince, one to begin with, and the end
            self.assertEqual(round(fields * (trial["evaluations"] - 2), 6) % 6, 0)
        self.assertLess(loose["evaluations"] + 6 / fields, tight["evaluations"])
        joined = self.folder / "adaptive.nml"
        run("calibrate", *(option for option in grid if "samplers" not in option), "calibration/samplers='adaptive'")
        self.assertNotIn("steps", fragment.read_text())
        joined.write_text(re.sub(r"&sampling.*?/\n", "", NAMELIST.read_text(), flags=re.S) + fragment.read_text())
        run("check", *home, namelist=joined)

    def test_every_sampler_gives_the_same_fields_in_any_layout(self):
        home = (self.home("samplers"), self.store)
        run("train", *home)
        seen = set()
        for sampler in SAMPLERS:
            options = (*home, f"sampling/sampler='{sampler}'", "sampling/steps=3", "ensemble/members=2", "output/statistics=.false.",
                       "reconstruct/last_month='1991-01'")
            results = []
            for ranks, batch, share in ((1, 3, 1), (2, 8, 1), (4, 2, 4)):
                folder = self.folder / f"{sampler}{ranks}"
                run("reconstruct", *options, f"reconstruct/directory='{folder}'", f"ensemble/batch={batch}", f"ensemble/ranks_per_field={share}",
                    ranks=ranks)
                results.append(digests(folder, "*.nc"))
            self.assertEqual(len(results[0]), 4, sampler)
            self.assertEqual(results, results[:1] * 3, sampler)
            seen.add(self.fields(self.folder / f"{sampler}1").tobytes())
        self.assertEqual(len(seen), len(SAMPLERS))


if __name__ == "__main__":
    unittest.main(verbosity=2)
