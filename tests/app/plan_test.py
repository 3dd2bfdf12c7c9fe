# SPDX-License-Identifier: Apache-2.0
"""The plan of cost: what it says follows from the machine's rates; what it measures; where time went, in every stage."""
import json
import pathlib
import re
import shutil
import sys
import tempfile
import unittest

from program import run

MACHINE = """&machine
  name = 'test', nodes = 1, 4, ranks_per_node = 2
  evaluation_gflops = {rate}, training_gflops = 100, write_mib_s = {write}, overhead = 0.0, start_s = 0.0
  disk_mib_s = {disk}, memory_gib = {memory}
/
"""


def rows(text):
    """Number of nodes -> words of its line."""
    found = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) > 8 and words[0].isdigit():
            found[int(words[0])] = words
    return found


def seconds(words):
    """The time of a line, whose unit is the word behind it."""
    return float(words[3]) * {"s": 1, "min": 60, "h": 3600}[words[4]]


class Plan(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hindscale_"))
        self.home = f"experiment/directory='{self.folder}'"

    def tearDown(self):
        shutil.rmtree(self.folder)

    def machine(self, rate, write=100, disk=0, memory=0):
        path = self.folder / f"machine{rate}_{write}_{disk}_{memory}.nml"
        path.write_text(MACHINE.format(rate=rate, write=write, disk=disk, memory=memory), encoding="utf-8")
        return f"--machine={path}"

    def test_time_follows_from_the_rates(self):
        slow, fast = (run("plan", self.home, self.machine(rate), "ensemble/members_per_unit=1") for rate in (0.001, 0.002))
        flop = float(re.search(r"GFLOP: (\S+) FLOP", slow).group(1))
        one = rows(slow)[1]
        self.assertAlmostEqual(seconds(one) / (flop / 1e6 / 2), 1, delta=0.2)  # two ranks, and what does not divide
        self.assertAlmostEqual(seconds(one) / seconds(rows(fast)[1]), 2, delta=0.02)
        self.assertLess(seconds(rows(slow)[4]), seconds(one))
        self.assertFalse((self.folder / "samples.h5").exists())

    def test_what_is_made_is_counted_and_nothing_else(self):
        options = (self.home, self.machine(1), "sampling/sampler='ddim'", "sampling/steps=4", "ensemble/batch=1", "tiling/alternate=f")
        evaluations = lambda *more: float(re.search(r"network evaluations +(\S+) tiles", run("plan", *options, *more)).group(1))
        diffusion = evaluations()
        self.assertAlmostEqual(evaluations("diffusion/regression=t") / diffusion, 5 / 4, delta=0.01)  # and its mean
        self.assertAlmostEqual(evaluations("training/stage='regression'") / diffusion, 1 / 4, delta=0.01)
        slow_disk = (self.home, self.machine(1000, 0.001))
        with_statistics, without = (seconds(rows(run("plan", *slow_disk, f"output/statistics={yes}"))[1]) for yes in "tf")
        self.assertLess(without, 0.8 * with_statistics)  # which read all members again

    def test_io_counts_what_ranks_write_and_what_they_wait_for(self):
        share = lambda *machine: float(rows(run("plan", self.home, self.machine(*machine)))[1][7].rstrip("%"))
        self.assertLess(share(1, 1e6), 1)
        self.assertGreater(share(1000, 0.001), 80)
        self.assertGreater(share(1000, 1e6, 0.001), 80)  # a file system that all wait for

    def test_a_layout_that_does_not_fit_is_not_named(self):
        self.assertIn("too little memory on a node", run("plan", self.home, self.machine(1, 100, 0, 0.1)))
        self.assertNotIn("too little memory", run("plan", self.home, self.machine(1, 100, 0, 10)))

    def test_rates_of_compressed_files_count_what_is_compressed(self):
        rates = ("machine/evaluation_gflops=1", "machine/training_gflops=1", "output/format='netcdf4'")
        plain, deflated = (float(re.search(r"write_mib_s = (\S+)", run("plan", self.home, "--measure", *rates, f"output/deflate={level}")).group(1))
                           for level in (0, 1))
        self.assertGreater(deflated, 0.03 * plain)  # bytes of the files would be some hundredths of those of a constant field

    def test_no_more_ranks_train_than_there_are_patches(self):
        said = rows(run("plan", self.home, self.machine(1), "training/batch=3"))
        self.assertEqual(said[4][-2:], ["on", "3"])
        self.assertNotIn("on", said[1])

    def test_rates_are_measured_on_the_ranks_at_hand(self):
        text = run("plan", self.home, "--measure", ranks=2)
        for name in ("evaluation_gflops", "training_gflops", "write_mib_s"):
            self.assertGreater(float(re.search(name + r" = (\S+)", text).group(1)), 0, name)
        batches = {int(batch): float(rate) for batch, rate in re.findall(r"^  (\d+) tiles a call +(\S+) GFLOP/s", text, re.MULTILINE)}
        self.assertLessEqual({1, 2, 8}, set(batches))  # 8: the namelist's
        self.assertGreater(min(batches.values()), 0)
        self.assertIn(int(re.search(r"^ +1 +2 .* (\d+)(?:, \d+ % less)?$", text, re.MULTILINE).group(1)), batches)
        self.assertEqual([path.name for path in self.folder.iterdir()], [])

    def test_usage_is_explained(self):
        self.assertIn("one of --machine FILE and --measure", run("plan", self.home, expect=2))
        self.assertIn("belong into the file", run("plan", self.home, self.machine(1), "machine/nodes=4", expect=2))
        self.assertIn("belong to plan", run("check", self.home, "--measure", expect=2))
        self.assertIn("cannot be counted beforehand",
                      run("plan", self.home, self.machine(1), "sampling/sampler='adaptive'", expect=2))
        self.assertIn("no number of nodes", run("plan", self.home, "--measure", "machine/nodes=", expect=2))

    def test_every_stage_says_where_its_time_went(self):
        run("prepare", self.home, ranks=2)
        self.assertRegex(run("train", self.home), r"waited [\d.]+ % of the training's time for data, [\d.]+ % for other ranks")
        run("reconstruct", self.home)
        run("evaluate", self.home)
        said = run("calibrate", self.home, "calibration/steps=1,2", "calibration/noise_scales=1", "calibration/months=1", "calibration/members=2", ranks=2)
        self.assertRegex(said, r"[\d.]+ s, of these \(mean over ranks, least and most\): .*network [\d.]+ s \(\d+ %, [\d.]+ to [\d.]+\)")
        lines = [json.loads(line) for line in (self.folder / "timings.jsonl").read_text().splitlines()]
        self.assertEqual([(line["stage"], line["ranks"]) for line in lines],
                         [("prepare", 2), ("train", 1), ("reconstruct", 1), ("evaluate", 1), ("calibrate", 2)])
        for line in lines:
            for name, region in line["regions"].items():
                self.assertLessEqual(region["min"], region["mean"] * (1 + 1e-9), name)
                self.assertLessEqual(region["mean"], region["max"] * (1 + 1e-9), name)
            total = sum(region["mean"] for region in line["regions"].values())
            self.assertAlmostEqual(total / line["seconds"], 1, delta=0.02 if line["ranks"] == 1 else 0.3)
        self.assertGreater(lines[1]["regions"]["network"]["mean"], 0)
        self.assertGreater(lines[2]["regions"]["network"]["mean"], lines[2]["regions"]["sampling"]["mean"])
        self.rehearsals_measure_what_stages_do_beside_the_network()
        self.disk_is_what_the_files_take()

    def rehearsals_measure_what_stages_do_beside_the_network(self):
        made = sorted(self.folder.rglob("*"))
        for ranks in (1, 2):
            said = run("plan", self.home, "--measure", ranks=ranks)
            for name, assumed in (("overhead", 0.03), ("training_overhead", 0.12)):
                found = float(re.search(rf"^  {name} = (\S+)", said, re.MULTILINE).group(1))
                self.assertGreater(found, 0, name)
                self.assertNotEqual(found, assumed, name)
        self.assertIn("\n  overhead = 0.5\n", run("plan", self.home, "--measure", "machine/overhead=0.5"))
        trains, evaluates = ("machine/evaluation_gflops=1", "machine/write_mib_s=1"), ("machine/training_gflops=1", "machine/write_mib_s=1")
        gan = ("training/stage='gan'", "gan/start=4", "gan/channels=4")
        for others, method, name in ((trains, ("training/stage='regression'",), "training_overhead"), (trains, gan, "training_overhead"),
                                     (evaluates, ("training/stage='regression'",), "overhead"), (evaluates, ("diffusion/regression=t",), "overhead")):
            found = float(re.search(rf"^  {name} = (\S+)", run("plan", self.home, "--measure", *others, *method), re.MULTILINE).group(1))
            self.assertTrue(0 < found < 10, (method, found))
            self.assertNotIn(found, (0.03, 0.12), method)  # what is assumed where nothing is rehearsed
        # The discriminator of a GAN is as large as the generator here, and there from gan/start on.
        alone, opposed = (1 + float(re.search(r"^  training_overhead = (\S+)", run(
            "plan", self.home, "--measure", *trains, "training/stage='gan'", f"gan/start={start}"), re.MULTILINE).group(1)) for start in (11, 0))
        self.assertLess(1.2 * alone, opposed)
        self.assertEqual(sorted(self.folder.rglob("*")), made)

    def disk_is_what_the_files_take(self):
        files = [path.stat().st_size for folder in self.folder.glob("reconstruction*") for path in folder.glob("*.nc")]
        foretold = {float(re.search(r"disk +(\S+) MiB", run(*stage, self.home)).group(1)) * 2**20
                    for stage in (("check",), ("plan", self.machine(1)))}
        self.assertEqual(len(foretold), 1)
        header = 20000  # of a file, at most
        self.assertLess(abs(sum(files) - len(files) * header / 2 - foretold.pop()), len(files) * header / 2 + 2**20 / 20)


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
