#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The demonstration: real monthly winds downscaled into an ensemble, scored and drawn. Run again, it does only what is missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/common.sh
takes_no_arguments "$@"

readonly namelist=namelists/winds.nml
readonly experiment=runs/winds # experiment/directory of the namelist

draw() {
  local log=$experiment/figures/figures.txt
  if [[ -s $log && -z "$(find tools/plot*.py "$experiment/scores.json" -newer "$log")" ]]; then
    echo "the figures are up to date"
    return
  fi
  mkdir -p "$experiment/figures"
  "$python" tools/plot.py "$experiment" > "$log.part" && mv "$log.part" "$log"
}

part "packages" tools/setup.sh demo
part "build" build release
part "prepare" stage prepare "$namelist"
part "train" stage train "$namelist"
part "reconstruct" stage reconstruct "$namelist"
part "evaluate" stage evaluate "$namelist"
part "figures" draw

echo
echo "figures"
cat "$experiment/figures/figures.txt"
print_times
