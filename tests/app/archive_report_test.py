# SPDX-License-Identifier: Apache-2.0
"""The archive of 180 years: its script, cut down and killed on its way; its report, on series whose trend, bias and spread are known."""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import numpy as np
import xarray as xr

from program import PROGRAM, SOURCE

TIMES = np.arange("1836-01", "2016-01", dtype="datetime64[M]")
BIAS, STEP = 0.2, 0.5  # of the members: their mean's error, and their distance from that mean


def truth():
    """[month, y, x]: 1 K a century, a season, noise; one cell of sea."""
    field = np.random.default_rng(0).normal(size=(len(TIMES), 2, 3))
    field += (np.arange(len(TIMES)) // 12 / 100 + np.sin(np.arange(len(TIMES)) * np.pi / 6))[:, None, None]
    field[:, 0, 0] = np.nan
    return field


def write(path, name, field, times=TIMES):
    path.parent.mkdir(parents=True, exist_ok=True)
    latitude = "latitude" if name == "t2m" else "lat"
    coordinates = {"time": times.astype("datetime64[ns]"), latitude: [0.0, 1.0], "lon": [0.0, 1.0, 2.0]}
    xr.Dataset({name: (("time", latitude, "lon"), field)}, coordinates).to_netcdf(path)


def report(folder):
    return subprocess.run([sys.executable, SOURCE / "tools" / "archive_report.py", folder], text=True, capture_output=True, check=False)


class ArchiveReport(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hindscale_"))
        self.truth = truth()
        write(self.folder / "world/era5land/era5land_1836.nc", "t2m", self.truth)
        for archive in ("members", "mean"):
            for number, sign in ((1, -1), (2, 1)):
                write(self.folder / archive / f"tas_r{number:03}_183601-201512.nc", "tas", self.truth + BIAS + sign * STEP)

    def tearDown(self):
        shutil.rmtree(self.folder)

    def test_tells_what_was_put_in(self):
        done = report(self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in done.stdout.splitlines() if line.startswith("| 1") or
                line.startswith("| 2")]
        self.assertEqual([row[0] for row in rows[:6]], [row[0] for row in rows[6:]])
        weight = np.cos(np.radians([0.0, 1.0]))[:, None] * np.isfinite(self.truth[0])
        yearly = np.nansum(self.truth.reshape(180, 12, 2, 3).mean(axis=1) * weight, axis=(1, 2)) / weight.sum()
        first = lambda cell: float(cell.split()[0])
        for i, (levels, spreads) in enumerate(zip(rows[:6], rows[6:])):
            part = slice(30 * i, 30 * (i + 1))
            level = yearly[part].mean() - yearly[150:].mean()
            trend = 100 * np.polyfit(np.arange(30), yearly[part], 1)[0]
            self.assertAlmostEqual(float(levels[1]), level, delta=0.006)
            self.assertAlmostEqual(first(levels[2]), level + BIAS, delta=0.006)
            for column in (4, 5, 6):  # of the truth and of either archive
                self.assertAlmostEqual(first(levels[column]), trend, delta=0.006)
            self.assertEqual([float(cell) for cell in spreads[1:4]], [1, 1, 1])  # variability over the truth's
            self.assertAlmostEqual(float(spreads[4]), BIAS, delta=0.001)
            self.assertAlmostEqual(float(spreads[6]), np.sqrt(1 + 1 / 2) * np.sqrt(2) * STEP / BIAS, delta=0.01)
        self.assertEqual(float(rows[5][1]), 0)
        self.assertAlmostEqual(float(rows[5][7]), 5, delta=0.3)  # extremes of the truth in the period they are counted from
        self.assertGreater((self.folder / "report.png").stat().st_size, 10000)

    def test_names_a_lost_month(self):
        keep = TIMES != np.datetime64("1901-07")
        write(self.folder / "members/tas_r002_183601-201512.nc", "tas", self.truth[keep], TIMES[keep])
        done = report(self.folder)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("1901-07", done.stderr)


class ArchiveScript(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hindscale_"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.log = self.folder / "log"

    def begin(self):
        """The script in a session of its own: its ranks are of that session, too."""
        with open(self.log, "w") as log:
            script = subprocess.Popen([SOURCE / "tools" / "archive.sh", "small", self.folder], env=dict(os.environ, HINDSCALE_PROGRAM=PROGRAM),
                                    stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        self.addCleanup(self.kill, script)
        return script

    def wait_for_members(self, script, n, timeout_s=300):
        deadline = time.monotonic() + timeout_s
        while len(found := list(self.folder.glob("members/tas_r*.nc"))) < n:
            self.assertIsNone(script.poll(), self.log.read_text()[-3000:])
            self.assertLess(time.monotonic(), deadline, "no members are made")
            time.sleep(0.05)
        return found

    def kill(self, script):
        """All of its session."""
        processes = subprocess.run(["pgrep", "-s", str(script.pid)], text=True, capture_output=True).stdout.split()
        for number in map(int, processes):
            try:
                os.kill(number, signal.SIGKILL)
            except ProcessLookupError:
                pass
        script.wait()
        time.sleep(1)

    def test_killed_it_keeps_what_is_finished_and_ends_whole(self):
        script = self.begin()
        self.wait_for_members(script, 30)
        self.kill(script)
        kept = {path: path.stat().st_mtime_ns for path in self.folder.glob("members/tas_r*.nc")}
        self.assertLess(len(kept), 114, "it was finished before it was killed")
        self.assertEqual(self.begin().wait(timeout=300), 0, self.log.read_text()[-3000:])
        now = {path: path.stat().st_mtime_ns for path in self.folder.glob("members/tas_r*.nc")}
        self.assertEqual(len(now), 6 * 19)  # members, blocks of ten years
        self.assertEqual({path: now[path] for path in kept}, kept)
        said = self.log.read_text()  # of the report, which requires the 2160 months of every member
        self.assertIn("| 1836-1865 |", said)
        self.assertRegex(said, r"Archive A: 6 members")


if __name__ == "__main__":
    unittest.main()
