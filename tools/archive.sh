#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An archive of 180 years in 100 members, driven by the members of a biased reanalysis, and beside it 20 members driven by the
# reanalysis's mean; on an invented world, whose truth is known. Run again, it does only what is missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/common.sh
takes_no_arguments "$@"

readonly namelist=namelists/experiment/archive.nml
readonly folder=runs/archive # experiment/directory of the namelist
readonly by_mean=("reconstruct/directory=$folder/mean" "reconstruct/coarse_files=$folder/world/reanalysis/mean.nc"
  reconstruct/coarse_members=0 ensemble/members=20)

report() { "$python" tools/archive_report.py "$folder" > "$folder/report.md.part" && mv "$folder/report.md.part" "$folder/report.md"; }

if [[ -z ${HINDSCALE_PROGRAM:-} ]]; then
  part "packages" tools/setup.sh demo
  part "build" build release
fi
part "world" stage world namelists/experiment/archive_world.nml
part "prepare" stage prepare "$namelist"
part "train" stage train "$namelist"
part "members" stage reconstruct "$namelist"
part "adjust mean" stage prepare "$namelist" "${by_mean[@]}"
part "mean" stage reconstruct "$namelist" "${by_mean[@]}"
part "report" report

echo
cat "$folder/report.md"
print_times
