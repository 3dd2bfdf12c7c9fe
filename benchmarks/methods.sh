#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Question: what do DPDM's noise levels, EDM and CorrDiff reach on the winds after the same time of training, and what does a member cost?
# Usage: benchmarks/methods.sh [FOLDER]   (runs/methods; two ranks; goes on where it was stopped; prints the table of tools/compare_methods.py)
# 'waves' is DPDM with model/two_grid_waves.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/common.sh

readonly folder=${1:-runs/methods}
readonly half=(training/steps=2500 training/validate_every=500 training/checkpoint_every=500)

# run NAME NAMELIST [OPTION...]: a method from training to scores, on the store of the first.
run() {
  local home=("experiment/directory='$folder/$1'" "dataset/store='$folder/samples.h5'")
  part "$1: train" stage train "$2" "${home[@]}" "${@:3}"
  part "$1: reconstruct" stage reconstruct "$2" "${home[@]}" "${@:3}"
  part "$1: evaluate" stage evaluate "$2" "${home[@]}" "${@:3}"
}

# CorrDiff's regressions: four that leave out a quarter of the years each, then one of all.
regressions() {
  local fold
  for fold in 1 2 3 4 0; do
    stage train namelists/winds_corrdiff.nml "experiment/directory='$folder/corrdiff'" "dataset/store='$folder/samples.h5'" \
      training/stage=regression training/fold="$fold" training/steps=140 training/warmup=30 training/validate_every=70 || return
  done
}

part "packages" tools/setup.sh demo
[[ -n ${HINDSCALE_PROGRAM:-} ]] || part "build" build release
mkdir -p "$folder"
part "prepare" stage prepare namelists/winds.nml "experiment/directory='$folder'"
run dpdm namelists/winds.nml "${half[@]}"
run edm namelists/winds_edm.nml
part "corrdiff: regressions" regressions
run corrdiff namelists/winds_corrdiff.nml
run waves namelists/winds.nml "${half[@]}" model/two_grid_waves=.true.

echo
"$python" tools/compare_methods.py DPDM="$folder/dpdm" EDM="$folder/edm" CorrDiff="$folder/corrdiff" waves="$folder/waves"
print_times
