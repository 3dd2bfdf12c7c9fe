# SPDX-License-Identifier: Apache-2.0
"""Trainings that begin with the weights of another."""
import hashlib
import json
import shutil
import struct
import unittest

import numpy as np

from program import PreparedStore, digests, run


def tensors(path):
    """The arrays of a safetensors file, by name."""
    content = path.read_bytes()
    (size,) = struct.unpack("<Q", content[:8])
    kinds = {"F32": np.float32, "F64": np.float64, "I64": np.int64}
    found = {}
    for name, entry in json.loads(content[8:8 + size]).items():
        if name != "__metadata__":
            start, end = entry["data_offsets"]
            found[name] = np.frombuffer(content[8 + size + start:8 + size + end], kinds[entry["dtype"]]).reshape(entry["shape"])
    return found


class InitialWeights(PreparedStore):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.first = cls.folder / "first" / "regression"
        run("train", f"experiment/directory='{cls.folder}/first'", cls.store, "training/stage='regression'")

    def begun(self, name, folder=None):
        return (self.home(name), self.store, f"training/initial_weights='{folder or self.first}'")

    def newest(self, folder):
        return sorted(folder.glob("step_*"))[-1]

    def test_a_training_begins_with_the_averaged_weights_of_the_best_checkpoint(self):
        best = json.loads((self.first / "best.json").read_text())["step"]
        before = tensors(self.first / f"step_{best:08d}" / "model.safetensors")
        run("train", *self.begun("unmoved"), "training/steps=1", "training/warmup=0",
            "training/learning_rate=1e-12")
        after = tensors(self.newest(self.folder / "unmoved" / "checkpoints") / "model.safetensors")
        run("train", *self.begun("named", self.first / f"step_{best:08d}"), "training/steps=1", "training/warmup=0",
            "training/learning_rate=1e-12")
        self.assertEqual(*(digests(self.folder / name / "checkpoints", "*/model.safetensors") for name in ("unmoved", "named")))
        names = [name for name in before if name.startswith("average.")]
        self.assertGreater(len(names), 10)
        self.assertTrue(any(np.abs(before[name] - before[name.replace("average.", "raw.")]).max() > 1e-6 for name in names))
        for name in names:
            for there in (name, name.replace("average.", "raw.")):
                np.testing.assert_allclose(after[there], before[name], rtol=0, atol=1e-9, err_msg=there)

    def test_an_interrupted_training_that_began_so_goes_on_to_the_same_weights(self):
        corrdiff = "diffusion/regression=.true."
        for name in ("whole", "stopped", "random"):
            shutil.copytree(self.first, self.folder / name / "regression")
        shutil.copytree(self.first, self.folder / "passing")
        said = run("train", *self.begun("whole", self.folder / "passing"), corrdiff, ranks=2)
        self.assertIn(f"beginning with the weights of {self.folder}/passing/step_", said)
        run("train", *self.begun("stopped", self.folder / "passing"), corrdiff, "training/stop_step=5", ranks=2, expect=75)
        run("train", self.home("random"), self.store, corrdiff, ranks=2)
        shutil.rmtree(self.folder / "passing")  # no longer needed once a training has begun
        run("train", *self.begun("stopped", self.folder / "passing"), corrdiff, ranks=2)
        weights = "checkpoints/step_00000012/*.safetensors"
        whole = digests(self.folder / "whole", weights)
        self.assertEqual(len(whole), 2)
        self.assertEqual(whole, digests(self.folder / "stopped", weights))
        self.assertNotEqual(whole, digests(self.folder / "random", weights))
        states = [json.loads((self.newest(self.folder / name / "checkpoints") / "state.json").read_text())
                  for name in ("whole", "stopped", "random")]
        self.assertEqual(len(states[0]["initial_weights"]["sha256"]), 64)
        self.assertEqual(states[0]["initial_weights"], states[1]["initial_weights"])
        self.assertNotIn("initial_weights", states[2])
        self.assertIn("training/initial_weights", run("train", self.home("whole"), self.store, corrdiff, expect=2))
        self.assertIn("training/initial_weights", run("train", *self.begun("random"), corrdiff, expect=2))
        run("reconstruct", *self.begun("whole"), corrdiff)

    def test_a_network_of_another_region_and_time_goes_on_in_a_store_of_its_own(self):
        here = (self.home("band"), "domain/south=-50", "domain/north=50", "dataset/train_years=1988,1989", "dataset/test_years=1984,1985",
                f"training/initial_weights='{self.first}'", "diffusion/prediction='eps'", "model/dropout=0.2")
        run("prepare", *here)
        said = run("train", *here, ranks=2)
        self.assertIn("has seen test years of this experiment: 1984, 1985", said)
        self.assertNotIn("has seen validation years", said)
        # Its own descendants know what it has seen.
        after = (self.home("after"), f"dataset/store='{self.folder}/band/samples.h5'", *here[1:-3], "diffusion/prediction='eps'",
                 f"training/initial_weights='{self.folder}/band/checkpoints'", "training/folds=2", "training/fold=1")
        self.assertIn("has seen years that this fold leaves out", run("train", *after, expect=2))
        began = json.loads((self.newest(self.folder / "band" / "checkpoints") / "state.json").read_text())["initial_weights"]
        self.assertEqual(began["years"], [1984, 1985, 1986, 1987])
        run("reconstruct", *here, "reconstruct/first_month='1985-01'", "reconstruct/last_month='1985-01'", ranks=2)
        self.assertEqual(len(list((self.folder / "band" / "reconstruction").glob("*_r*.nc"))), 2 * 3)

    def test_weights_that_do_not_fit_are_refused(self):
        other = "was made for something else"
        for options, difference in ((("model/season=.false.",), "channels: \"month_"),
                                    (("model/channels=16",), "network/channels: 8 there, 16 here"),
                                    (("diffusion/target='field'",), 'diffusion/target: "residual" there, "field" here')):
            said = run("train", *self.begun("unlike"), *options, ranks=2, expect=2)
            self.assertIn(other, said)
            self.assertIn(difference, said)
        self.assertIn("network/channels: 8 there, 16 here", run("check", *self.begun("unlike"), "model/channels=16", expect=2))
        self.assertIn("diffusion/target", run("check", *self.begun("unlike"), "diffusion/target='field'", expect=2))
        run("check", *self.begun("alike"))
        for folder in (self.folder / "nothing", self.folder / "first"):  # the checkpoints lie in a folder of that
            for stage in ("check", "train"):
                said = run(stage, *self.begun("missing", folder), expect=2)
                self.assertIn("training/initial_weights: no checkpoints in", said)
                self.assertIn(f"'{folder}'", said)

    def test_a_damaged_checkpoint_is_refused(self):
        damaged = self.folder / "damaged"
        shutil.copytree(self.first, damaged)
        for path in damaged.glob("step_*/model.safetensors"):
            content = bytearray(path.read_bytes())
            content[-100] ^= 1
            path.write_bytes(bytes(content))
        for ranks in (1, 2):
            said = run("train", *self.begun("undone", damaged), ranks=ranks, expect=2)
            self.assertIn("model.safetensors", said)
            self.assertIn(str(damaged), said)
        self.assertFalse((self.folder / "undone" / "checkpoints").exists() and list((self.folder / "undone" / "checkpoints").glob("step_*")))

    def test_a_diffusion_begins_with_the_generator_of_a_gan(self):
        gan = (self.home("adversarial"), self.store, "training/stage='gan'", "gan/start=4", "gan/channels=4")
        run("train", *gan)
        said = run("train", *self.begun("generator", self.folder / "adversarial" / "gan"), ranks=2)
        self.assertIn(f"beginning with the weights of {self.folder}/adversarial/gan/step_", said)
        run("reconstruct", *self.begun("generator", self.folder / "adversarial" / "gan"))

    def test_years_that_a_fold_leaves_out_must_not_have_been_seen(self):
        fold = ("training/folds=2", "training/fold=1")
        said = run("train", *self.begun("fold"), *fold, expect=2)
        self.assertIn("has seen years that this fold leaves out", said)
        self.assertIn("1984, 1986", said)
        # The years of a checkpoint that does not tell them are those of its store; of another store nobody knows.
        older = self.folder / "older"
        shutil.copytree(self.first, older)
        for path in older.glob("step_*/state.json"):
            state = json.loads(path.read_text())
            del state["years"]
            path.write_text(json.dumps(state))
            path.with_name("DONE").write_text(hashlib.sha256(path.read_bytes()).hexdigest() + "\n")
        self.assertIn("1984, 1986", run("train", *self.begun("older_fold", older), *fold, expect=2))
        untold = "does not tell all years that its network has seen"
        elsewhere = (self.home("unknown"), "domain/south=-50", "domain/north=50", f"training/initial_weights='{older}'")
        run("prepare", *elsewhere)
        self.assertIn(untold, run("train", *elsewhere))
        descendant = ("domain/south=-50", "domain/north=50", f"dataset/store='{self.folder}/unknown/samples.h5'")
        self.assertIn(untold, run("train", self.home("descendant"), *descendant,
                                  f"training/initial_weights='{self.folder}/unknown/checkpoints'"))
        self.assertNotIn(untold, run("train", *self.begun("told")))
        run("train", self.home("fold"), self.store, *fold, "training/stage='regression'")
        run("train", *self.begun("fold", self.folder / "fold" / "folds" / "1" / "regression"), *fold)


if __name__ == "__main__":
    unittest.main()
