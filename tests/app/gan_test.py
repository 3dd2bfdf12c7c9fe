# SPDX-License-Identifier: Apache-2.0
"""EDSR-GAN from training to fields: restarts, ranks, what is scored, wrong input."""
import json
import unittest

import numpy as np
import xarray as xr

from program import PreparedStore, digests, run

EDSR = ("model/preset='edsr'", "model/channels=8", "model/residual_blocks=2", "training/stage='gan'")
GAN = (*EDSR, "gan/start=4", "gan/channels=4")
WEIGHTS = "gan/step_00000012/*.safetensors"


class Gan(PreparedStore):
    def metrics(self, name):
        return [json.loads(line) for line in (self.folder / name / "metrics_gan.jsonl").read_text().splitlines()]

    def test_training_goes_on_bit_for_bit_and_makes_one_field(self):
        broken, whole = (self.home("broken"), self.store, *GAN), (self.home("whole"), self.store, *GAN)
        for stop in (2, 7):  # before and with the adversary
            run("train", *broken, f"training/stop_step={stop}", ranks=2, expect=75)
        run("train", *broken, ranks=2)
        run("train", *whole, ranks=2)
        weights = digests(self.folder / "broken", WEIGHTS)
        self.assertEqual(len(weights), 2)
        self.assertEqual(weights, digests(self.folder / "whole", WEIGHTS))

        run("reconstruct", *whole, ranks=2)
        fields = [xr.open_dataset(path).uas.values for path in sorted((self.folder / "whole" / "reconstruction").glob("uas_r*.nc"))]
        self.assertTrue(np.isfinite(fields[0]).all())
        source = xr.open_dataset(next((self.folder / "whole" / "reconstruction").glob("uas_r*.nc"))).attrs["source"]
        self.assertIn("generative adversarial network", source)
        np.testing.assert_array_equal(fields[0], fields[1])
        produced = digests(self.folder / "whole" / "reconstruction", "*.nc")
        run("reconstruct", *whole, f"reconstruct/directory='{self.folder}/other'", "ensemble/batch=3")
        self.assertEqual(digests(self.folder / "other", "*.nc"), produced)

    def test_other_numbers_of_ranks_learn_the_same(self):
        curves = []
        for ranks in (1, 3):
            run("train", self.home(f"ranks{ranks}"), self.store, *GAN, "training/precision='float32'", "training/batch=6", ranks=ranks)
            curves.append([line for line in self.metrics(f"ranks{ranks}") if "loss" in line])
        for one, many in zip(*curves):
            np.testing.assert_allclose(one["loss"], many["loss"], rtol=2e-3)
            self.assertEqual("discriminator_loss" in one, one["step"] > 4)
            if "discriminator_loss" in one:
                for term in ("discriminator_loss", "adversarial_term", "feature_term"):
                    np.testing.assert_allclose(one[term], many[term], rtol=2e-2, atol=2e-3)

    def test_its_mean_is_scored_beside_an_ensemble(self):
        home = (self.home("scored"), self.store)
        run("train", *home)
        run("reconstruct", *home)
        run("train", *home, *GAN)
        fields = self.folder / "scored" / "gan_fields"
        run("reconstruct", *home, *GAN, f"reconstruct/directory='{fields}'", "ensemble/members=1", "output/quantiles=", "output/statistics=f")
        self.assertIn("no spread to calibrate", run("calibrate", *home, *GAN, expect=2))
        others = f"evaluation/others='edsr_gan={fields}'"
        run("evaluate", *home, others)
        path = self.folder / "scored" / "scores.json"
        methods = json.loads(path.read_text())["variables"]["uas"]["methods"]
        truth = xr.open_dataset("/usr/share/ferret-vis/data/monthly_navy_winds.cdf", decode_times=False).UWND.values[108:110]
        made = xr.open_dataset(next(fields.glob("uas_r001_*.nc"))).uas
        if made.lat[0] > made.lat[-1]:
            made = made[:, ::-1]
        error = (made.values.astype(float) - truth) ** 2
        edges = np.clip(np.concatenate([[-90], (made.lat.values[1:] + made.lat.values[:-1]) / 2, [90]]), -90, 90)
        area = np.diff(np.sin(np.radians(edges)))[None, :, None]
        expected = np.sqrt((error * area).sum() / (area * np.ones_like(error)).sum())
        self.assertAlmostEqual(methods["edsr_gan"]["rmse"]["value"], expected, places=4)
        against = methods["ensemble"]["against"]["edsr_gan"]["rmse"]["value"]
        self.assertAlmostEqual(against, methods["ensemble"]["rmse"]["value"] - methods["edsr_gan"]["rmse"]["value"], places=6)
        run("evaluate", *home, others, "evaluation/directory='%s/again'" % self.folder, ranks=3)
        self.assertEqual((self.folder / "again" / "scores.json").read_bytes(), path.read_bytes())

    def test_what_does_not_go_together_is_refused(self):
        home = (self.home("wrong"), self.store)
        said = run("train", *home, "model/preset='edsr'", expect=2)
        self.assertIn("training/stage", said)
        self.assertIn("gan/start", run("train", *home, "gan/start=3", expect=2))
        run("train", *home, *GAN, "training/stop_step=5", expect=75)
        self.assertIn("gan/feature_weight", run("train", *home, *GAN, "gan/feature_weight=1", expect=2))
        run("train", *home)
        run("reconstruct", *home)
        for others, reason in (("lerp=a", "another method has that name"), ("a b=c", "letters, digits"), ("a", "name=folder"),
                               ("a=nowhere", "no manifest.json")):
            self.assertIn(reason, run("evaluate", *home, f"evaluation/others='{others}'", expect=2))


if __name__ == "__main__":
    unittest.main()
