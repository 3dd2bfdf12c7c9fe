#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the architecture's rules that a compiler cannot: prints each violation, exit 1 where there is one.

Usage: tools/check_layers.py [ROOT]
"""
import pathlib
import re
import sys

MODULES = ("core namelist comm random time grid tiling io dataset metric "
           "world kernel model sampler train app").split()
TORCH_LINE = MODULES.index("model")
MAX_LINES = 300
TREES = ("include", "src", "tests", "benchmarks", "tools")
SUFFIXES = (".hpp", ".cpp", ".py")
FAMILIES = {
    "LibTorch": re.compile(r"(torch|ATen|c10)/"),
    "Kokkos": re.compile(r"Kokkos_"),
    "netcdf.h": re.compile(r"netcdf(_par)?\.h$"),
    "pnetcdf.h": re.compile(r"pnetcdf\.h$"),
}
NEVER_TOGETHER = (("LibTorch", "Kokkos"), ("netcdf.h", "pnetcdf.h"))
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^">]+)[">]', re.MULTILINE)
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)


class Source:
    """One C++ file: its text without comments and what it includes."""

    def __init__(self, root, path):
        self.path = path.relative_to(root)
        self.text = COMMENT.sub("", path.read_text(encoding="utf-8"))
        self.includes = INCLUDE.findall(self.text)

    @property
    def module(self):
        """The module of include/hindscale/<module>/... or src/<module>/...; None elsewhere."""
        parts = self.path.parts
        depth = {"include": 2, "src": 1}.get(parts[0])
        return parts[depth] if depth and len(parts) > depth + 1 else None


def families_of(source, sources, seen):
    """Library families included by a file, directly or through headers of this tree."""
    if source.path in seen:
        return set()
    seen.add(source.path)
    found = set()
    for name in source.includes:
        found |= {family for family, pattern in FAMILIES.items() if pattern.match(name)}
        for candidate in (pathlib.Path("include") / name, source.path.parent / name, pathlib.Path("tests") / name):
            if candidate in sources:
                found |= families_of(sources[candidate], sources, seen)
                break
    return found


def check_order(source):
    if source.module is None:
        return
    if source.module not in MODULES:
        yield f"{source.path}: module '{source.module}' is not in the table of modules"
        return
    rank = MODULES.index(source.module)
    for name in source.includes:
        used = re.match(r"hindscale/(\w+)/", name)
        if used and used[1] not in MODULES:
            yield f"{source.path}: includes {name}: no such module"
        elif used and MODULES.index(used[1]) > rank:
            yield f"{source.path}: '{source.module}' must not include '{used[1]}' ({name})"


def check_libraries(source, sources):
    found = families_of(source, sources, set())
    for one, other in NEVER_TOGETHER:
        if one in found and other in found:
            yield f"{source.path}: {one} and {other} meet in one source file"
    if source.module in MODULES:
        below = MODULES.index(source.module) >= TORCH_LINE
        banned = "Kokkos" if below else "LibTorch"
        if banned in found:
            yield f"{source.path}: {banned} on the wrong side of the torch line"


def check_world(source):
    if source.path.parts[0] in ("include", "src") and source.module != "comm" and "MPI_COMM_WORLD" in source.text:
        yield f"{source.path}: MPI_COMM_WORLD belongs to comm/ only"


def check_length(root, path):
    n_lines = len(path.read_text(encoding="utf-8").splitlines())
    if n_lines > MAX_LINES:
        yield f"{path.relative_to(root)}: {n_lines} lines, at most {MAX_LINES}"


def violations(root):
    files = sorted(path for tree in TREES for path in (root / tree).rglob("*") if path.suffix in SUFFIXES)
    sources = {source.path: source for source in (Source(root, path) for path in files if path.suffix != ".py")}
    for path in files:
        yield from check_length(root, path)
    for source in sources.values():
        yield from check_order(source)
        yield from check_libraries(source, sources)
        yield from check_world(source)
    if not sources:
        yield f"{root}: no sources found"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    found = list(violations(root))
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
