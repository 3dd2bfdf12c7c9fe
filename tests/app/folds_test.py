# SPDX-License-Identifier: Apache-2.0
"""Networks that leave years out: what they learn from, and what is made of them."""
import json
import shutil
import unittest

from program import PreparedStore, digests, run

FOLDS = "training/folds=2"


class Folds(PreparedStore):
    def state(self, name, folder="checkpoints"):
        return json.loads(sorted((self.folder / name).glob(f"{folder}/step_*/state.json"))[-1].read_text())

    def test_calibration_samples_every_fold_with_the_network_that_left_it_out(self):
        home = (self.home("calibrated"), self.store, FOLDS)
        said = run("calibrate", *home, expect=2)
        self.assertIn("folds/1/checkpoints", said)  # not trained yet
        for fold in (1, 2):
            run("train", *home, f"training/fold={fold}", ranks=fold)
            state = self.state(f"calibrated/folds/{fold}")
            self.assertEqual(state["left_out"], [1983 + fold, 1985 + fold])
        run("train", *home)
        self.assertEqual(self.state("calibrated")["left_out"], [])
        grid = ("calibration/samplers='ddim','euler'", "calibration/steps=2", "calibration/etas=0,1", "calibration/churns=0,5",
                "calibration/noise_scales=1,1.3", "calibration/members=3", "calibration/months=2")
        run("calibrate", *home, *grid)
        table = json.loads((self.folder / "calibrated" / "calibration.json").read_text())
        self.assertEqual(len(table["checkpoints_sha256"]), 2)
        self.assertIn(len(table["tried"]), (4 * 2, 4 * 2 + 1))
        self.assertEqual([(t["sampler"], t["eta"], t["churn"]) for t in table["tried"][:8:2]],
                         [("ddim", 0, 0), ("ddim", 1, 0), ("euler", 0, 0), ("euler", 0, 5)])
        self.assertGreater(table["left_out"]["crps_over_lerp_mae"], 0)
        before = digests(self.folder / "calibrated", "calibration.*")
        # A way to sample that diverges is a finding, not the end.
        said = run("calibrate", *home, *(option.replace("scales=1,", "scales=1,1e39,") for option in grid), ranks=2)
        self.assertIn("noise 1e+39, 1e+39: diverges", said)
        with_it = json.loads((self.folder / "calibrated" / "calibration.json").read_text())
        self.assertEqual([t["crps_over_lerp_mae"] for t in with_it["tried"][1:3]], [None, table["tried"][1]["crps_over_lerp_mae"]])
        self.assertEqual(with_it["chosen"], table["chosen"])
        run("calibrate", *home, *grid, ranks=3)
        self.assertEqual(digests(self.folder / "calibrated", "calibration.*"), before)
        self.assertEqual(table["years"], "1984, 1985, 1986, 1987")
        # The months of a fold are scored by its own network alone.
        shutil.copytree(self.folder / "calibrated" / "folds" / "1", self.folder / "calibrated" / "folds" / "kept")
        shutil.rmtree(self.folder / "calibrated" / "folds" / "1")
        shutil.copytree(self.folder / "calibrated" / "folds" / "2", self.folder / "calibrated" / "folds" / "1")
        self.assertIn("left out other years", run("calibrate", *home, *grid, expect=2))

    def test_a_network_goes_on_with_the_years_it_left_out_before(self):
        home = (self.home("again"), self.store, FOLDS)
        run("train", *home, "training/fold=1", "training/stop_step=5", expect=75)
        shutil.move(self.folder / "again" / "folds" / "1", self.folder / "again" / "folds" / "2")
        self.assertIn("training/fold", run("train", *home, "training/fold=2", expect=2))

    def test_a_diffusion_learns_what_regressions_leave_of_years_they_have_not_seen(self):
        home = (self.home("corrdiff"), self.store)
        corrdiff = (*home, FOLDS, "diffusion/regression=.true.")
        run("train", *home, FOLDS, "training/stage='regression'")
        self.assertIn("folds/1/regression", run("train", *corrdiff, expect=2))
        for fold in (1, 2):
            run("train", *home, FOLDS, f"training/fold={fold}", "training/stage='regression'")
        run("train", *corrdiff, ranks=2)
        said = run("train", *home, "training/folds=4", "diffusion/regression=.true.", "training/fold=1", expect=2)
        self.assertIn("left out other years", said)
        determined = self.state("corrdiff")["determined_by"]
        self.assertEqual(len(determined["regression checkpoints of folds"]), 2)
        run("reconstruct", *corrdiff)
        for fold in (1, 2):
            run("train", *corrdiff, f"training/fold={fold}")
            determined = self.state(f"corrdiff/folds/{fold}")["determined_by"]
            self.assertEqual(len(determined["regression checkpoints of folds"]), 1)  # of the other part
        run("calibrate", *corrdiff, "calibration/samplers='multistep'", "calibration/steps=2", "calibration/noise_scales=1",
            "calibration/members=2", "calibration/months=2")
        plain = (self.home("plain"), self.store, "diffusion/regression=.true.")
        shutil.copytree(self.folder / "corrdiff" / "regression", self.folder / "plain" / "regression")
        run("train", *plain, ranks=2)
        weights = "checkpoints/step_*/*.safetensors"
        self.assertNotEqual(digests(self.folder / "corrdiff", weights), digests(self.folder / "plain", weights))

    def test_folds_that_cannot_be_are_refused(self):
        home = (self.home("refused"), self.store)
        self.assertIn("training/fold", run("check", *home, FOLDS, "training/fold=3", expect=2))
        self.assertIn("training/folds", run("check", *home, "training/folds=1", expect=2))
        self.assertIn("training/folds", run("check", *home, "training/folds=9", expect=2))


if __name__ == "__main__":
    unittest.main()
