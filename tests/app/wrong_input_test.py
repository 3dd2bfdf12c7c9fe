# SPDX-License-Identifier: Apache-2.0
"""Wrong input: each ends with exit status 2 and a message that names what is wrong and what to do."""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import unittest

import numpy as np
import xarray as xr

from program import NAMELIST, PROGRAM, SOURCE, environment, run

WINDS = "/usr/share/ferret-vis/data/monthly_navy_winds.cdf"


class WrongInput(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="hindscale_"))
        cls.home = f"experiment/directory='{cls.folder}/base'"
        run("prepare", cls.home)
        run("train", cls.home)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def refused(self, stage, overrides, *texts, ranks=1, namelist=NAMELIST):
        said = run(stage, *overrides, ranks=ranks, namelist=namelist, expect=2)
        for text in texts:
            self.assertIn(text, said)
        self.assertIn("hindscale: FAILED", said)
        return said

    def namelist(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def fresh(self, name):
        return f"experiment/directory='{self.folder}/{name}'"

    def test_unknown_group_and_key_suggest_the_nearest(self):
        self.refused("check", [self.home, "training/stepz=3"], "training/stepz", "steps")
        self.refused("check", [self.home, "trainning/steps=3"], "trainning", "training")

    def test_all_problems_of_a_namelist_are_reported_together_with_their_lines(self):
        path = self.namelist("many.nml", "&experiment\n directory = 'x'\n seed = 1.5\n sead = 2\n/\n&training\n steps = -3\n/\n")
        said = self.refused("check", [], "many.nml:3", "experiment/seed", "many.nml:4", "experiment/sead", "many.nml:7",
                            "training/steps", namelist=path)
        self.assertIn("dataset/train_years", said)

    def test_text_that_is_not_utf8_is_refused_where_it_stands(self):
        path = self.folder / "latin1.nml"
        path.write_bytes(NAMELIST.read_bytes().replace(b"&experiment", "&experiment ! caf\u00e9\n  title = 'M\u00e9t\u00e9o'\n".encode("latin-1"), 1))
        said = run("check", namelist=path, expect=2)
        for text in ("latin1.nml:", "experiment/title", "UTF-8", "iconv"):
            self.assertIn(text, said)

    def test_land_fractions_and_heights_that_cannot_be_are_refused(self):
        with xr.open_dataset("/usr/share/ferret-vis/data/etopo20.cdf") as relief:
            height = relief["ROSE"].rename({name: new for name, new in zip(relief["ROSE"].dims, ("lat", "lon"))})
            for new, units in (("lat", "degrees_north"), ("lon", "degrees_east")):
                height[new] = height[new].assign_attrs(units=units)
            fraction = (height > 0).astype("f4")
            for name, field, option, texts in (
                    ("percent", (100 * fraction).assign_attrs(units="1"), "mask", ("land fraction", "'100'", "'%'")),
                    ("nothing", (np.nan * fraction).assign_attrs(units="1"), "mask", ("land fraction", "no value")),
                    ("fill", height.where(height < 4000, 1e5).assign_attrs(units="m"), "relief", ("relief", "'100000'"))):
                field.astype("f4").to_dataset(name="X").to_netcdf(self.folder / f"{name}.nc", encoding={"X": {"_FillValue": None}})
                self.refused("prepare", [self.fresh(name), f"dataset/{option}_file='{self.folder}/{name}.nc'", f"dataset/{option}_name='X'"],
                             f"dataset/{option}_file", f"{name}.nc", *texts)

    def test_coarse_units_need_those_of_the_fine_file(self):
        with xr.open_dataset(WINDS, decode_times=False) as winds:
            for name, units in (("bare", None), ("hecto", "hPa")):
                field = winds["UWND"].copy()
                field.attrs = {"units": units} if units else {}
                field.to_dataset(name="UWND").to_netcdf(self.folder / f"{name}.nc")
        self.refused("prepare", [self.fresh("units"), "dataset/variables='psl'", "dataset/fine_names='UWND'", "dataset/coarse_names='UWND'",
                                 f"dataset/fine_files='{self.folder}/bare.nc'", f"dataset/coarse_files='{self.folder}/hecto.nc'",
                                 "domain/coarse='file'"], "hecto.nc", "'hPa'", "the fine files have none")

    def test_files_of_an_archive_that_have_changed_are_refused(self):
        folder = self.folder / "archive"
        made = [self.home, f"reconstruct/directory='{folder}'", f"evaluation/directory='{folder}_scores'"]
        run("reconstruct", *made)
        path = sorted(folder.glob("uas_r*.nc"))[0]
        content = bytearray(path.read_bytes())
        content[-5] ^= 1
        path.write_bytes(content)
        self.refused("evaluate", made, path.name, "not as the manifest says", "digest", ranks=2)
        run("reconstruct", *made)
        for name, stage, text in (("manifest.json", "evaluate", "{}"), ("manifest.json", "reconstruct", "[]"),
                                  ("archive.json", "reconstruct", '{"options": 3}')):
            own = folder / name
            intact = own.read_bytes()
            own.write_text(text)
            self.refused(stage, made, name, "damaged")
            own.write_bytes(intact)
        run("evaluate", *made)

    def test_repeated_keys_and_groups(self):
        path = self.namelist("twice.nml", "&experiment\n directory='x'\n seed=1\n seed=2\n/\n&experiment\n/\n")
        self.refused("check", [], "twice.nml:4", "experiment/seed", "twice.nml:6", namelist=path)

    def test_conflicting_options(self):
        self.refused("check", [self.home, "output/keep_bits=7", "output/format='cdf5'"], "output/keep_bits")
        self.refused("check", [self.home, "diffusion/base='ridge'", "dataset/ridge=.false."], "dataset/ridge")

    def test_the_shipped_namelists_are_read(self):
        for path in sorted((SOURCE / "namelists").glob("*.nml")):
            if "&world" in path.read_text():
                self.refused("world", [f"world/directory='{self.folder}/unread'", "world/relief_file='nowhere.nc'"], "nowhere.nc",
                             namelist=path)
                continue
            missing = self.fresh("unread"), "dataset/fine_files='nowhere.nc'"
            self.refused("check", missing, "nowhere.nc", namelist=path)  # everything before the files is in order

    def test_missing_namelist_and_files(self):
        self.refused("check", [], "nowhere.nml", namelist=self.folder / "nowhere.nml")
        self.refused("prepare", [self.fresh("a"), "dataset/fine_files='nowhere.nc'"], "nowhere.nc")

    def test_missing_variable_lists_those_there_are(self):
        self.refused("prepare", [self.fresh("b"), "dataset/fine_names='UWIND','VWND'"], "UWIND", "UWND")

    def test_months_outside_the_files(self):
        self.refused("prepare", [self.fresh("c"), "dataset/test_years=1992,1994"], "1993-01", "months are missing")

    def winds(self, name, change):
        """A copy of the demo's winds, changed; the option that names it."""
        with xr.open_dataset(WINDS, decode_times=False) as file:
            data = change(file.load())
        data.to_netcdf(self.folder / name, format="NETCDF3_64BIT")
        return f"dataset/fine_files='{self.folder}/{name}'"

    def test_a_field_without_time(self):
        for stage in ("check", "prepare"):
            self.refused(stage, [self.fresh("j"), self.winds("instant.nc", lambda data: data.isel(TIME=0))], "instant.nc", "time axis")

    def test_a_month_without_any_value_and_one_with_gaps(self):
        def holes(everywhere):
            def change(data):
                data["UWND"][24:25, : (None if everywhere else 3)] = np.nan  # January 1984
                return data
            return change
        self.refused("prepare", [self.fresh("k"), self.winds("lost.nc", holes(True))], "1984-01", "uas", "without any value", ranks=2)
        torn = (self.fresh("l"), self.winds("torn.nc", holes(False)))
        said = run("prepare", *torn, ranks=2)
        self.assertIn("uas: 1 of 84 months lack values that others have; 1984-01 has 10080 of 10512", said)
        for stage in ("check", "train"):
            self.refused(stage, [*torn, "diffusion/consistency='enforce'"], "cannot be enforced", "fine cells are missing")

    def test_a_file_without_any_of_the_variables(self):
        self.refused("prepare", [self.fresh("o"), f"dataset/fine_files='{WINDS}', '/usr/share/ferret-vis/data/etopo20.cdf'"],
                     "etopo20.cdf", "holds none of the variables", "uas, vas")
        with xr.open_dataset(WINDS, decode_times=False) as file:
            file.to_netcdf(self.folder / "grouped.nc", group="winds", engine="netcdf4")
        self.refused("prepare", [self.fresh("p"), f"dataset/fine_files='{WINDS}', '{self.folder}/grouped.nc'"], "grouped.nc",
                     "holds none of the variables", "ncks -G :")

    def test_a_missing_value_that_the_file_does_not_declare(self):
        def undeclared(data):
            data["UWND"][27, 20, 30] = -99.0
            return data

        self.refused("prepare", [self.fresh("n"), self.winds("undeclared.nc", undeclared)], "undeclared.nc", "-99 m s-1", "_FillValue",
                     ranks=2)

    def test_sources_that_changed_after_the_store_was_made(self):
        def warmer(data):
            data["UWND"] += 1
            return data
        winds = self.winds("mine.nc", lambda data: data)
        run("prepare", self.fresh("m"), winds)
        self.assertIn("nothing to prepare", run("prepare", self.fresh("m"), winds))
        self.winds("mine.nc", lambda data: data)  # the same bytes anew
        self.assertIn("nothing to prepare", run("prepare", self.fresh("m"), winds))
        self.winds("mine.nc", warmer)
        self.refused("prepare", [self.fresh("m"), winds], "mine.nc", "have changed", "dataset/store", ranks=2)
        (self.folder / "mine.nc").unlink()
        self.assertIn("nothing to prepare", run("prepare", self.fresh("m"), winds))

    def test_a_store_of_other_options_is_refused_by_every_stage(self):
        for stage in ("train", "calibrate", "reconstruct", "evaluate"):
            self.refused(stage, [self.home, "dataset/test_years=1991,1991"], "prepared with other options", "test_years = 1991, 1991")
            self.refused(stage, [self.home, "dataset/variables='uas'", "dataset/fine_names='UWND'"], "prepared with other options", "'uas'")
        run("train", self.home, "dataset/fine_files='/gone.nc'")  # where the sources were does not matter any more

    def test_a_name_for_two_variables_is_refused(self):
        self.refused("check", [self.home, "dataset/fine_names='UWND','UWND'"], "dataset/fine_names", "a name stands there twice")

    def test_files_that_are_something_else(self):
        fake = self.folder / "fake.nc"
        for content, kind in ((b"PK\x03\x04rest", "ZIP"), (b"GRIB....", "GRIB"), (b"<!DOCTYPE html><html>", "HTML"),
                              (b"\x1f\x8b\x08 rest", "gzip"), (b"", "empty")):
            fake.write_bytes(content)
            self.refused("prepare", [self.fresh("d"), f"dataset/fine_files='{fake}'"], "fake.nc", kind)

    def test_truncated_classic_file(self):
        cut = self.folder / "cut.nc"
        cut.write_bytes(pathlib.Path(WINDS).read_bytes()[:4_000_000])
        self.refused("prepare", [self.fresh("e"), f"dataset/fine_files='{cut}'"], "cut.nc", "truncated")

    def test_coarse_cells_that_do_not_fit(self):
        self.refused("prepare", [self.fresh("f"), "domain/coarse_step=7,10"], "domain/coarse_step", "360")
        self.refused("prepare", [self.fresh("g"), "domain/west=20", "domain/east=60", "domain/south=-40", "domain/north=-17"],
                     "does not cover")

    def test_patches_and_tiles_that_do_not_fit(self):
        self.refused("train", [self.fresh("h"), f"dataset/store='{self.folder}/base/samples.h5'", "training/patch_size=80,48"],
                     "training/patch_size", "73 x 144")
        self.refused("check", [self.home, "training/patch_size=18,24"], "training/patch_size")
        self.refused("check", [self.home, "tiling/size=42,80"], "tiling/size")
        self.refused("reconstruct", [self.home, "tiling/size=80,80"], "tile", "domain")

    def test_checkpoint_of_other_channels_and_trainings(self):
        self.refused("train", [self.home, "model/season=.false."], "model/season", "belongs to another training")
        other = self.fresh("one")
        run("prepare", other, "dataset/variables='uas'", "dataset/fine_names='UWND'")
        checkpoint = f"reconstruct/checkpoint='{self.folder}/base/checkpoints/step_00000012'"
        self.refused("reconstruct", [other, "dataset/variables='uas'", "dataset/fine_names='UWND'", checkpoint], "other variables")

    def test_checkpoint_of_another_store(self):
        other = self.fresh("years"), "dataset/train_years=1984,1986"
        run("prepare", *other)
        checkpoint = f"reconstruct/checkpoint='{self.folder}/base/checkpoints/step_00000012'"
        self.refused("reconstruct", [*other, checkpoint], "trained on another sample store", "dataset/store")

    def test_a_training_keeps_its_precision(self):
        state = json.loads((self.folder / "base" / "checkpoints" / "step_00000012" / "state.json").read_text())
        precision = state["determined_by"]["training/precision"]
        if precision != "bfloat16":
            self.skipTest("no other precision on this processor")
        self.refused("train", [self.home, "training/precision='float32'"], "training/precision", "belongs to another training")

    def test_damaged_checkpoint_is_refused_and_training_goes_on_from_the_one_before(self):
        home = self.folder / "damaged"
        shutil.copytree(self.folder / "base", home)
        newest = home / "checkpoints" / "step_00000012"
        model = newest / "model.safetensors"
        content = bytearray(model.read_bytes())
        content[len(content) // 2] ^= 1
        model.write_bytes(bytes(content))
        self.refused("reconstruct", [f"experiment/directory='{home}'", f"reconstruct/checkpoint='{newest}'"], "model.safetensors")
        said = run("train", f"experiment/directory='{home}'")
        self.assertIn("step_00000012", said)
        run("reconstruct", f"experiment/directory='{home}'", f"reconstruct/checkpoint='{newest}'")

    def test_a_store_of_other_options_is_not_overwritten(self):
        self.refused("prepare", [self.home, "dataset/ridge_penalties=5"], "ridge_penalties", "other options")

    def test_a_folder_in_use_is_refused_and_a_stale_lock_taken_over(self):
        home = self.folder / "locked"
        home.mkdir()
        lock = home / ".hindscale.lock"
        lock.write_text(json.dumps({"host": socket.gethostname(), "process": os.getpid(), "job": "17"}))
        self.refused("prepare", [f"experiment/directory='{home}'"], "in use", str(os.getpid()), "17")
        finished = subprocess.Popen(["true"])
        finished.wait()
        lock.write_text(json.dumps({"host": socket.gethostname(), "process": finished.pid, "job": ""}))
        self.assertIn("took over", run("prepare", f"experiment/directory='{home}'"))
        self.assertFalse(lock.exists())

    def test_errors_are_the_same_on_several_ranks(self):
        said = self.refused("prepare", [self.fresh("i"), "dataset/fine_files='nowhere.nc'"], "nowhere.nc", ranks=3)
        self.assertEqual(said.count("hindscale: error"), 1)

    def test_usage(self):
        for arguments in ([], ["fly", str(NAMELIST)], ["train"]):
            done = subprocess.run([PROGRAM, *arguments], env=environment(), text=True, capture_output=True, timeout=60)
            self.assertEqual(done.returncode, 2)
            self.assertIn("--help", done.stderr)
        for argument in ("--help", "--version", "describe"):
            done = subprocess.run([PROGRAM, argument], env=environment(), text=True, capture_output=True, timeout=60)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertGreater(len(done.stdout), 100)
        for arguments in (["describe"], ["check", str(NAMELIST), self.home]):
            with open("/dev/full", "w") as full:
                done = subprocess.run([PROGRAM, *arguments], env=environment(), text=True, stdout=full, stderr=subprocess.PIPE, timeout=60)
            self.assertEqual(done.returncode, 74)
            self.assertIn("standard output could not be written", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
