# SPDX-License-Identifier: Apache-2.0
# What the scripts of this folder share: sourced from the repository root, not run.
# shellcheck shell=bash

# Ranks and threads are set here, never by what the calling shell happens to export.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

# shellcheck disable=SC2034 # used by the scripts that source this
python=/usr/bin/python3 # Debian's: another interpreter may come first in PATH and lack its packages

# build PRESET [CMAKE_OPTION...]: configures where nothing is configured yet, then builds what is out of date.
build() {
  local preset=$1
  shift
  if [[ ! -f build/$preset/build.ninja ]]; then
    cmake --preset "$preset" "$@" || return
  fi
  cmake --build --preset "$preset"
}
