#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The demonstration: real monthly winds downscaled into an ensemble, scored and drawn. Run again, it does only what is missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/common.sh

readonly namelist=namelists/winds.nml
readonly experiment=runs/winds # experiment/directory of the namelist
readonly program=build/release/bin/hindscale
readonly stopped=75 # exit status of a stage that saved its state and waits to be run again

durations=()

# part NAME COMMAND...: runs it and keeps its time; where it fails, ends the demo with its exit status.
part() {
  local name=$1 start=$SECONDS status=0
  shift
  echo "== $name"
  "$@" || status=$?
  durations+=("$(printf '%-12s %4d s' "$name" $((SECONDS - start)))")
  ((status == 0)) && return
  if ((status == stopped)); then
    echo "tools/demo.sh: $name stopped and saved its state; run tools/demo.sh again to go on" >&2
  else
    echo "tools/demo.sh: $name failed (exit status $status)" >&2
  fi
  exit "$status"
}

stage() {
  local as_root=()
  ((EUID == 0)) && as_root=(--allow-run-as-root)
  mpirun -n 2 "${as_root[@]}" --oversubscribe "$program" "$1" "$namelist" < /dev/null
}

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
part "prepare" stage prepare
part "train" stage train
part "reconstruct" stage reconstruct
part "evaluate" stage evaluate
part "figures" draw

echo
echo "figures"
cat "$experiment/figures/figures.txt"
echo
echo "time"
printf '%s\n' "${durations[@]}"
