# SPDX-License-Identifier: Apache-2.0
"""Runs the program on the smoke experiment; shared by the tests of the whole program."""
import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

PROGRAM = os.environ["HINDSCALE_PROGRAM"]
SOURCE = pathlib.Path(os.environ["HINDSCALE_SOURCE"])
NAMELIST = SOURCE / "namelists" / "smoke" / "winds.nml"
TIMEOUT_S = 240


def command(ranks, *arguments):
    """The command line on this many MPI ranks."""
    launcher = ["mpirun", "--oversubscribe", "-n", str(ranks)]
    if os.geteuid() == 0:
        launcher.insert(1, "--allow-run-as-root")
    return launcher + [PROGRAM, *map(str, arguments)]


def environment():
    return dict(os.environ, SOURCE_DATE_EPOCH="0", OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")


def run(stage, *overrides, ranks=1, namelist=NAMELIST, expect=0, wrap=()):
    """Runs a stage, behind the command `wrap`; fails with its output unless it ends with the status expected."""
    done = subprocess.run(list(wrap) + command(ranks, stage, namelist, *overrides), env=environment(), text=True,
                          errors="replace", stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT_S)
    if done.returncode != expect:
        raise AssertionError(f"{stage} {overrides} on {ranks} ranks ended with {done.returncode}, not {expect}:\n"
                             f"{done.stdout}\n{done.stderr}")
    return done.stdout + done.stderr


def start(stage, *overrides, ranks=1, output=subprocess.DEVNULL):
    """Starts a stage in a process group of its own."""
    return subprocess.Popen(command(ranks, stage, NAMELIST, *overrides), env=environment(), stdin=subprocess.DEVNULL,
                            text=True, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)


def ranks_of(process):
    """Process numbers of the ranks that a started stage runs as."""
    found = subprocess.run(["pgrep", "-P", str(process.pid)], text=True, capture_output=True)
    return [int(number) for number in found.stdout.split()]


def wait_until_gone(processes, timeout_s=60):
    """Ranks may outlive their launcher for a moment."""
    deadline = time.monotonic() + timeout_s
    while any(pathlib.Path(f"/proc/{number}").exists() for number in processes):
        if time.monotonic() > deadline:
            raise AssertionError(f"processes {processes} do not end")
        time.sleep(0.02)


def digests(folder, *patterns):
    """SHA-256 of the files of a folder, by relative name."""
    found = {}
    for pattern in patterns:
        for path in sorted(pathlib.Path(folder).glob(pattern)):
            found[str(path.relative_to(folder))] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def times(folder):
    return {path.name: path.stat().st_mtime_ns for path in pathlib.Path(folder).glob("*.nc")}


class PreparedStore(unittest.TestCase):
    """A store in a folder that the tests of a class share."""
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="hindscale_"))
        run("prepare", f"experiment/directory='{cls.folder}'")
        cls.store = f"dataset/store='{cls.folder}/samples.h5'"

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def home(self, name):
        """An experiment of its own on that store."""
        return f"experiment/directory='{self.folder}/{name}'"
