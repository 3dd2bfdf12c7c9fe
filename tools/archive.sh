#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An archive of 180 years in 100 members, driven by the members of a biased reanalysis, and beside it 20 members driven by the
# reanalysis's mean; on an invented world, whose truth is known. Run again, it does only what is missing.
#
#   tools/archive.sh                  runs/archive/report.md
#   tools/archive.sh small [FOLDER]   the same months of few cells and members, for tests: runs/archive_small/
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/common.sh

readonly namelist=namelists/experiment/archive.nml
usage() {
  echo "usage: tools/archive.sh [small [FOLDER]]" >&2
  exit 2
}
case "${1:-full}" in
  full)
    (($# <= 1)) || usage
    folder=runs/archive n_by_mean=20 cut_world=() cut=()
    ;;
  small)
    (($# <= 2)) || usage
    folder=${2:-runs/archive_small} n_by_mean=2
    cut_world=(world/fine_step=2.5 world/coarse_step=10 world/members=3)
    cut=(reconstruct/coarse_members=3 model/channels=8 training/steps=100 training/warmup=10 "training/patch_size=16,28" training/validate_every=50
      training/checkpoint_every=50 "tiling/size=16,28" ensemble/members=6 ensemble/members_per_unit=3)
    ;;
  *) usage ;;
esac
readonly folder n_by_mean cut_world cut
readonly world=$folder/world
readonly data=("experiment/directory=$folder" "dataset/fine_files=$world/era5land/era5land_*.nc" "dataset/coarse_files=$world/20crv3/20crv3.mon.mean.nc"
  "dataset/relief_file=$world/era5land/elevation.nc" "dataset/mask_file=$world/era5land/lsm.nc")
readonly by_members=("reconstruct/directory=$folder/members" "reconstruct/coarse_files=$world/reanalysis/mem{member}.nc")
readonly by_mean=("reconstruct/directory=$folder/mean" "reconstruct/coarse_files=$world/reanalysis/mean.nc" reconstruct/coarse_members=0
  "ensemble/members=$n_by_mean")

archive() { stage "$1" "$namelist" "${data[@]}" "${cut[@]}" "${@:2}"; }

report() { "$python" tools/archive_report.py "$folder" > "$folder/report.md.part" && mv "$folder/report.md.part" "$folder/report.md"; }

if [[ -z ${HINDSCALE_PROGRAM:-} ]]; then
  part "packages" tools/setup.sh demo
  part "build" build release
fi
part "world" stage world namelists/experiment/archive_world.nml "world/directory=$world" "${cut_world[@]}"
part "prepare" archive prepare "${by_members[@]}"
part "train" archive train
part "members" archive reconstruct "${by_members[@]}"
part "adjust mean" archive prepare "${by_mean[@]}"
part "mean" archive reconstruct "${by_mean[@]}"
part "report" report

echo
cat "$folder/report.md"
print_times
