# SPDX-License-Identifier: Apache-2.0
"""What may share the folder of a reconstruction, and what its statistics cover as it grows."""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import h5py
import numpy as np
import xarray as xr

from program import digests, ranks_of, run, start, times, wait_until_gone


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
        said = self.reconstruct("grown", "ensemble/first_member=3", "ensemble/members=1", "output/statistics=f", ranks=2)
        self.assertRegex(said, r"uas_mean_\S+ is of members 1-2, 4, the archive holds 1-4; with output/statistics")
        self.reconstruct("grown", "ensemble/first_member=3", "ensemble/members=1", ranks=2)
        self.assertNotIn("lack members", self.reconstruct("grown", "ensemble/members=4", "output/statistics=f"))
        self.assertEqual(digests(self.folder / "grown", "*.nc"), digests(self.folder / "whole", "*.nc"))
        before = times(self.folder / "grown")
        self.reconstruct("grown", "ensemble/members=2")  # fewer than there are: nothing to do
        self.assertEqual(times(self.folder / "grown"), before)

    def test_quantiles_of_fewer_members_are_named(self):
        self.reconstruct("quantiles", "ensemble/members=2", "output/quantiles=0.1, 0.9")
        said = self.reconstruct("quantiles", "ensemble/members=3", "output/quantiles=")
        self.assertRegex(said, r"uas_quantiles_\S+ is of members 1-2, the archive holds 1-3")
        said = self.reconstruct("quantiles", "ensemble/members=3", "output/quantiles=0.1, 0.9")
        self.assertNotIn("lack members", said)

    def test_an_evaluation_tells_what_the_archive_lacks(self):
        self.reconstruct("lacking", "ensemble/members=2")
        shutil.copy(self.folder / "base" / "samples.h5", self.folder / "other.h5")
        with h5py.File(self.folder / "other.h5", "a") as store:
            store.attrs["history"] = "another"
        here = (self.home, f"reconstruct/directory='{self.folder}/lacking'", f"evaluation/directory='{self.folder}/scored'")
        asked = ("ensemble/members=3", "reconstruct/last_month='1991-04'", f"dataset/store='{self.folder}/other.h5'")
        for said in (run("evaluate", *here, *asked), run("evaluate", *here, *asked)):  # the second finds the scores finished
            for told in ("another sample store", "holds 2 of the 4 test months", "holds 2 members"):
                self.assertIn(told, said)
        said = run("evaluate", *here, "ensemble/members=2")
        self.assertNotIn("warning", said.lower())

    def test_statistics_without_members(self):
        self.reconstruct("kept", "ensemble/members=3")
        self.reconstruct("condensed", "ensemble/members=3", "output/members=.false.", ranks=2)
        self.assertEqual(list((self.folder / "condensed").glob("*_r0*.nc")), [])
        pattern = "*_mean_*.nc"
        self.assertEqual(digests(self.folder / "condensed", pattern), digests(self.folder / "kept", pattern))
        before = times(self.folder / "condensed")
        self.reconstruct("condensed", "ensemble/members=3", "output/members=.false.")
        self.assertEqual(times(self.folder / "condensed"), before)

    def test_statistics_of_a_block_of_years_come_while_the_next_is_made(self):
        work = ("reconstruct/first_month='1991-11'", "reconstruct/last_month='1992-03'", "output/years_per_file=1",
                "ensemble/members=3", "sampling/steps=50")
        self.reconstruct("late", *work)
        for keeps in ("true", "false"):
            folder, keep = self.folder / f"early_{keeps}", f"output/members=.{keeps}."
            for _ in range(5):  # a busy machine may let the moment pass
                shutil.rmtree(folder, ignore_errors=True)
                process = start("reconstruct", self.home, f"reconstruct/directory='{folder}'", *work, keep, ranks=1)
                deadline = time.monotonic() + 120
                while len(list(folder.glob("*_std_199111-199112.nc"))) < 2 and time.monotonic() < deadline:
                    time.sleep(0.01)
                ranks = ranks_of(process)
                was_in_time = not list(folder.glob("*_199201-199203.nc"))
                with contextlib.suppress(ProcessLookupError):  # it may just have ended
                    for number in ranks:
                        os.kill(number, signal.SIGTERM)
                if was_in_time:
                    break
                process.wait(timeout=100)
                wait_until_gone(ranks)
            self.assertTrue(was_in_time, "the next block was finished before")
            self.assertEqual(process.wait(timeout=100), 75)
            wait_until_gone(ranks)
            self.assertEqual(len(list(folder.glob("*_r0*_199111-199112.nc"))), 6 if keeps == "true" else 0)
            listed = json.loads((folder / "manifest.json").read_text())["files"]
            self.assertEqual({entry["file"] for entry in listed}, {path.name for path in folder.glob("*.nc")})
            before = times(folder)
            run("reconstruct", self.home, f"reconstruct/directory='{folder}'", *work, keep, ranks=2)
            after = times(folder)
            self.assertEqual({name: after[name] for name in before}, before)
            pattern = "*.nc" if keeps == "true" else "*_[ms]*.nc"
            self.assertEqual(digests(folder, pattern), digests(self.folder / "late", pattern))

    def test_statistics_that_replace_others_outlive_a_kill(self):
        work = ("reconstruct/first_month='1991-11'", "reconstruct/last_month='1992-03'", "output/years_per_file=1", "sampling/steps=50", "ensemble/batch=1")
        self.reconstruct("replaced_whole", *work, "ensemble/members=4")
        folder = self.folder / "killed"
        more = (f"reconstruct/directory='{folder}'", *work, "ensemble/first_member=3", "ensemble/members=2", "output/members=.false.")
        for _ in range(5):  # a busy machine may let the moment pass
            shutil.rmtree(folder, ignore_errors=True)
            self.reconstruct("killed", *work, "ensemble/members=2")
            process = start("reconstruct", self.home, *more)
            deadline = time.monotonic() + 120
            while list(folder.glob("*_r0*_199111-199112.nc")) and time.monotonic() < deadline:
                time.sleep(0.01)
            ranks = ranks_of(process)
            was_in_time = not list(folder.glob("*_r003_199201-199203.nc"))
            with contextlib.suppress(ProcessLookupError):  # it may just have ended
                os.killpg(process.pid, signal.SIGKILL)
                for number in ranks:  # each has a process group of its own
                    os.kill(number, signal.SIGKILL)
            process.wait()
            wait_until_gone(ranks)
            if was_in_time:
                break
        self.assertTrue(was_in_time, "the next block was finished before")
        run("reconstruct", self.home, *more)
        self.assertEqual(digests(folder, "*_[ms]*.nc"), digests(self.folder / "replaced_whole", "*_[ms]*.nc"))

    def test_members_and_their_statistics_are_never_lost_unasked(self):
        self.reconstruct("valued", "ensemble/members=3", "output/members=.false.")
        statistics = digests(self.folder / "valued", "*_mean_*.nc")
        said = self.reconstruct("valued", "ensemble/members=2", expect=2)
        self.assertIn("its statistics cover members 1-3", said)
        self.reconstruct("valued", "ensemble/members=2", "output/members=.false.")  # fewer: nothing to do
        self.assertEqual(digests(self.folder / "valued", "*_mean_*.nc"), statistics)
        self.reconstruct("valued", "ensemble/members=4")  # more: those that were removed are made again
        self.assertEqual(self.members_of("valued"), "1-4")
        # Fewer members asked for, and none to be kept: the statistics of all there are take their place.
        self.reconstruct("condensing", "ensemble/members=3")
        said = self.reconstruct("condensing", "ensemble/members=2", "output/members=.false.")
        self.assertIn("members 3 of an earlier run are not asked for", said)
        self.assertEqual(digests(self.folder / "condensing", "*_mean_*.nc"), statistics)
        self.assertEqual(list((self.folder / "condensing").glob("*_r0*.nc")), [])

    def test_what_failed_before_it_made_anything_binds_nobody(self):
        missing = ("reconstruct/first_month='1890-01'", "reconstruct/last_month='1890-02'")
        self.reconstruct("tried", "sampling/steps=3", *missing, expect=2)
        self.reconstruct("tried", "ensemble/members=1")

    def test_foreign_files_are_left_alone_and_damaged_ones_named(self):
        self.reconstruct("shared", "ensemble/members=2")
        foreign = self.folder / "shared" / "wspd_mean_199101-199102.nc"
        foreign.write_text("not a file of this program")
        victim = self.folder / "shared" / "uas_r002_199101-199102.nc"
        victim.write_bytes(victim.read_bytes()[:-8])
        said = self.reconstruct("shared", "ensemble/members=1", expect=2)
        self.assertIn("uas_r002_199101-199102.nc is damaged", said)
        self.assertIn("its statistics cover members 1-2", said)
        self.assertTrue(foreign.exists())
        self.reconstruct("shared", "ensemble/members=2")
        self.assertEqual(self.members_of("shared"), "1-2")

    def test_files_of_another_archive_are_refused_whatever_record_is_lost(self):
        self.reconstruct("adopting", "ensemble/members=2")
        folder = self.folder / "adopting"
        kept = digests(folder, "*.nc")
        for name in ("archive.json", "manifest.json"):
            (folder / name).unlink()
        said = self.reconstruct("adopting", "ensemble/members=2", "experiment/seed=7", expect=2)
        self.assertIn("experiment/seed was", said)
        member, other = folder / "uas_r002_199101-199102.nc", folder / "uas_r003_199101-199102.nc"
        member.rename(other)
        self.assertIn("not those of its name", self.reconstruct("adopting", "ensemble/members=3", expect=2))
        other.rename(member)
        self.reconstruct("adopting", "ensemble/members=2")
        self.assertEqual(digests(folder, "*.nc"), kept)

    def test_missing_values_of_a_coarse_field_are_refused(self):
        with xr.open_dataset(self.folder / "coarse.nc") as file:
            data = file.load()
        data["uas"][0, 5:9, 10:14] = np.nan
        data.to_netcdf(self.folder / "gaps.nc")
        said = self.reconstruct("gaps", f"reconstruct/coarse_files='{self.folder}/gaps.nc'", ranks=2, expect=2)
        self.assertIn("1991-01", said)
        self.assertIn("missing values", said)

    def test_a_single_missing_coarse_value_is_refused_whatever_is_generated(self):
        with xr.open_dataset(self.folder / "coarse.nc") as file:
            data = file.load()
        data["vas"][1, 7, 11] = np.nan
        data.to_netcdf(self.folder / "hole.nc")
        of_field = (f"experiment/directory='{self.folder}/of_field'", f"dataset/store='{self.folder}/base/samples.h5'",
                    "diffusion/target='field'")
        run("train", *of_field)
        hole = f"reconstruct/coarse_files='{self.folder}/hole.nc'"
        for options in (of_field, (self.home, f"reconstruct/directory='{self.folder}/hole'")):
            said = run("reconstruct", *options, hole, expect=2)
            self.assertIn("1991-02", said)
            self.assertIn("1 of its 1296 values", said)

    def test_a_file_of_another_reconstruction_is_not_taken_in(self):
        self.reconstruct("mine", "ensemble/members=1")
        self.reconstruct("theirs", "ensemble/members=2", f"reconstruct/checkpoint='{self.folder}/base/checkpoints/step_00000006'")
        for variable in ("uas", "vas"):
            shutil.copy(self.folder / "theirs" / f"{variable}_r002_199101-199102.nc", self.folder / "mine")
        said = self.reconstruct("mine", "ensemble/members=2", ranks=2, expect=2)
        self.assertIn("uas_r002_199101-199102.nc", said)
        self.assertIn("a file of another reconstruction", said)
        self.assertTrue((self.folder / "mine" / "uas_r002_199101-199102.nc").exists())

    def test_a_file_that_cannot_be_written_ends_the_run_with_its_name(self):
        folder = self.folder / "barred"
        slow = ("sampling/steps=60", "ensemble/members=4", "ensemble/members_per_unit=1")
        process = start("reconstruct", self.home, f"reconstruct/directory='{folder}'", *slow, ranks=2, output=subprocess.PIPE)
        deadline = time.monotonic() + 60
        while not list(folder.glob("uas_r*")) and time.monotonic() < deadline:  # of the first two units
            time.sleep(0.01)
        (folder / "uas_r004_199101-199102.nc.part" / "in_the_way").mkdir(parents=True)  # one rank will want to write there
        ranks = ranks_of(process)
        began = time.monotonic()
        said, _ = process.communicate(timeout=100)
        self.assertEqual(process.returncode, 74, said)
        self.assertIn("uas_r004", said)
        self.assertIn("hindscale: FAILED", said)
        self.assertLess(time.monotonic() - began, 60)
        wait_until_gone(ranks)
        shutil.rmtree(folder / "uas_r004_199101-199102.nc.part")
        self.reconstruct("barred", *slow)
        self.reconstruct("free", *slow)
        self.assertEqual(digests(folder, "*.nc"), digests(self.folder / "free", "*.nc"))

    def test_a_budget_shorter_than_a_unit_is_said_so(self):
        said = self.reconstruct("hurried", "experiment/wall_time_s=1e-6", expect=75)
        self.assertIn("no unit of work was finished", said)
        self.assertIn("hindscale: STOPPED", said)
        self.reconstruct("hurried")
        self.reconstruct("calm")
        self.assertEqual(digests(self.folder / "hurried", "*.nc"), digests(self.folder / "calm", "*.nc"))

    def test_an_archive_from_before_tiles_moved_is_continued_with_standing_ones_alone(self):
        standing = "tiling/alternate=.false."
        self.reconstruct("standing", standing, "ensemble/members=1")
        record = self.folder / "standing" / "archive.json"
        held = json.loads(record.read_text())
        del held["options"]["tiling/alternate"]
        record.write_text(json.dumps(held))
        self.assertIn("tiling/alternate", self.reconstruct("standing", "ensemble/members=2", expect=2))
        self.reconstruct("standing", standing, "ensemble/members=2")


if __name__ == "__main__":
    unittest.main(verbosity=2)
