# SPDX-License-Identifier: Apache-2.0
# What the scripts of this folder share: sourced from the repository root, not run.
# shellcheck shell=bash

# Ranks and threads are set here, never by what the calling shell happens to export.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

# shellcheck disable=SC2034 # used by the scripts that source this
python=${HINDSCALE_PYTHON:-/usr/bin/python3} # Debian's: another interpreter may come first in PATH and lack its packages

# takes_no_arguments "$@": ends a script that was given some, before it does anything.
takes_no_arguments() {
  (($# == 0)) && return
  echo "${0##*/} takes no arguments, but was given: $*" >&2
  exit 2
}

# build PRESET [CMAKE_OPTION...]: configures where nothing is configured yet, then builds what is out of date.
build() {
  local preset=$1
  shift
  if [[ ! -f build/$preset/build.ninja ]]; then
    cmake --preset "$preset" "$@" || return
  fi
  cmake --build --preset "$preset"
}

readonly stopped=75 # exit status of a stage that saved its state and waits to be run again
durations=()

# part NAME COMMAND...: runs it and keeps its time; where it fails, ends the script with its exit status.
part() {
  local name=$1 start=$SECONDS status=0
  shift
  echo "== $name"
  "$@" || status=$?
  durations+=("$(printf '%-12s %4d s' "$name" $((SECONDS - start)))")
  ((status == 0)) && return
  if ((status == stopped)); then
    echo "$0: $name stopped and saved its state; run it again to go on" >&2
  else
    echo "$0: $name failed (exit status $status); run again, it goes on from what is finished" >&2
  fi
  exit "$status"
}

# stage STAGE NAMELIST [GROUP/KEY=VALUE...]: a stage of the release build, or of $HINDSCALE_PROGRAM, on two ranks, or as $HINDSCALE_LAUNCH says
# ("srun --mpi=pmix"). Of an option that is given twice, the last counts. In a job of SLURM's that ends within ten minutes none is begun.
stage() {
  [[ -n ${SLURM_JOB_END_TIME:-} ]] && ((SLURM_JOB_END_TIME - $(date +%s) < 600)) && return "$stopped"
  local launch=(mpirun -n 2 --oversubscribe) option
  ((EUID == 0)) && launch+=(--allow-run-as-root)
  [[ -n ${HINDSCALE_LAUNCH:-} ]] && read -ra launch <<< "$HINDSCALE_LAUNCH"
  local -A last=()
  for option in "${@:3}"; do last[${option%%=*}]=$option; done
  "${launch[@]}" "${HINDSCALE_PROGRAM:-build/release/bin/hindscale}" "$1" "$2" "${last[@]}" < /dev/null
}

# What the parts took.
print_times() {
  echo
  echo "time"
  printf '%s\n' "${durations[@]}"
}
