#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each rule of tools/check_layers.py catches a tree that breaks it. Usage: check_layers_test.py CHECK_LAYERS"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECK = sys.argv.pop(1)
CLEAN = {
    "include/hindscale/core/a.hpp": "#include <vector>\n",
    "include/hindscale/grid/g.hpp": '#include "hindscale/core/a.hpp"\n',
    "src/grid/g.cpp": '#include "hindscale/grid/g.hpp"\n#include <Kokkos_Core.hpp>\n',
    "src/comm/c.cpp": "int x = MPI_COMM_WORLD;\n",
    "src/model/m.cpp": '#include "hindscale/grid/g.hpp"\n#include <torch/torch.h>\n',
}


class CheckLayers(unittest.TestCase):
    def run_on(self, files):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                path = pathlib.Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            done = subprocess.run([sys.executable, CHECK, folder], text=True, stdout=subprocess.PIPE)
        return done.returncode, done.stdout

    def assert_caught(self, extra, words):
        status, text = self.run_on({**CLEAN, **extra})
        self.assertEqual(status, 1, text)
        self.assertIn(words, text)
        self.assertEqual(len(text.splitlines()), 1, text)

    def test_a_clean_tree_passes(self):
        self.assertEqual(self.run_on(CLEAN), (0, ""))

    def test_an_empty_tree_fails(self):
        self.assertEqual(self.run_on({})[0], 1)

    def test_including_downward_is_caught(self):
        self.assert_caught({"src/core/b.cpp": '#include "hindscale/grid/g.hpp"\n'}, "'core' must not include 'grid'")

    def test_an_unknown_module_is_caught(self):
        self.assert_caught({"src/misc/b.cpp": "\n"}, "'misc'")

    def test_torch_and_kokkos_in_one_file_are_caught_even_through_a_header(self):
        header = {"tests/support/k.hpp": "#include <Kokkos_Core.hpp>\n"}
        both = '#include "support/k.hpp"\n#include <torch/torch.h>\n'
        self.assert_caught({**header, "tests/model/b.cpp": both}, "LibTorch and Kokkos")

    def test_torch_above_its_line_and_kokkos_below_are_caught(self):
        self.assert_caught({"src/io/b.cpp": "#include <ATen/ATen.h>\n"}, "LibTorch on the wrong side")
        self.assert_caught({"src/app/b.cpp": "#include <Kokkos_Core.hpp>\n"}, "Kokkos on the wrong side")

    def test_both_netcdf_libraries_in_one_file_are_caught(self):
        text = "#include <netcdf_par.h>\n#include <pnetcdf.h>\n"
        self.assert_caught({"src/io/b.cpp": text}, "netcdf.h and pnetcdf.h")

    def test_the_world_outside_comm_is_caught_but_not_in_comments(self):
        self.assert_caught({"src/io/b.cpp": "f(MPI_COMM_WORLD);\n"}, "MPI_COMM_WORLD")
        self.assertEqual(self.run_on({**CLEAN, "src/io/b.cpp": "// MPI_COMM_WORLD\n"})[0], 0)

    def test_long_files_are_caught(self):
        self.assert_caught({"src/io/b.cpp": "\n" * 301}, "301 lines")
        self.assertEqual(self.run_on({**CLEAN, "src/io/b.cpp": "\n" * 300})[0], 0)


if __name__ == "__main__":
    unittest.main()
