#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The experiment of the DPDM paper in kind, on an invented world whose truth and law are known: five variables, seven methods, 100 members,
# ablations, extremes, other regions. Run again, it does only what is missing.
#
#   tools/experiment.sh          full size, two cores: runs/experiment/report/
#   tools/experiment.sh small    everything once, cut down until it ends in minutes, for tests: runs/experiment_small/
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/common.sh

size=${1:-full}
world=runs/world folder=runs/experiment n_members=100
cut=() cut_world=() cut_ablation=()
case "$size" in
  full) ;;
  small)
    folder=${2:-runs/experiment_small} n_members=8
    world=$folder/world
    cut_world=(world/fine_step=1 world/first_month=2005-01 world/members=0 world/law_years=2016,2016)
    cut=(dataset/train_years=2005,2010 dataset/test_years=2016,2016 dataset/ridge_windows=3 model/channels=8 training/steps=16
      training/warmup=4 training/batch=4 training/patch_size=16,24 training/validate_every=8 training/checkpoint_every=8
      training/log_every=4 training/validation_members=2 training/validation_months=2 tiling/size=40,40 tiling/overlap=8
      tiling/seam_members=0 evaluation/bootstrap_samples=50 calibration/months=2 calibration/members=3)
    cut_ablation=(training/steps=8 reconstruct/first_month=2016-11)
    ;;
  *)
    echo "usage: tools/experiment.sh [small [FOLDER]]" >&2
    exit 2
    ;;
esac
readonly namelists=namelists/experiment

# data_of WORLD STORE: sets `data`, where a stage finds the fields of a world.
data_of() {
  data=("dataset/store=$2" "dataset/fine_files=$1/era5land/era5land_????.nc" "dataset/coarse_files=$1/20crv3/20crv3.mon.mean.nc"
    "dataset/relief_file=$1/era5land/elevation.nc" "dataset/mask_file=$1/era5land/lsm.nc" "evaluation/law=$1/law")
}

# settled STAGE NAMELIST [OPTION...]: a stage; of an option that is given twice, the last counts.
settled() {
  local stage_name=$1 namelist=$2 option
  shift 2
  local -A options=()
  for option; do options[${option%%=*}]=$option; done
  stage "$stage_name" "$namelist" "${options[@]}"
}

# method STAGE NAME [OPTION...]: a stage of namelists/experiment/NAME.nml.
method() { settled "$1" "$namelists/$2.nml" "experiment/directory=$folder/$2" "${data[@]}" "${cut[@]}" "${@:3}"; }

# The regression of CorrDiff is a method of its own: one field a month.
readonly regression_fields=(training/stage=regression "reconstruct/directory=$folder/regression" ensemble/members=1 ensemble/antithetic=f
  output/statistics=f output/quantiles=)
members=("ensemble/members=$n_members")
sizes="1, 2, 5, 10, 20, 30, 33, 50, 100"
[[ $size == small ]] && sizes="1, 2, 8"
regression_steps=(training/steps=4000) gan_cut=()
[[ $size == small ]] && regression_steps=() gan_cut=(gan/start=8 gan/channels=4)
fields() { echo "$1=$folder/$2"; }
single="$(fields edsr_gan edsr_gan/reconstruction), $(fields regression regression)"

# calibrated NAME: sets `noise`, what 'calibrate' finds on the validation years for a method of generating members; again where the
# network is newer.
calibrated() {
  local found=$folder/$1/calibration.nml
  if [[ ! -s $found || -n $(find "$folder/$1/checkpoints" -name DONE -newer "$found") ]]; then
    method calibrate "$1" || return
  fi
  noise=("sampling/noise_scale=$(sed -n 's/^ *noise_scale = //p' "$found")")
}

# ablation NAME [OPTION...]: a short training: the field itself is generated, as published, and the network sees Lerp, terrain and mask. One scale
# a variable: the mean and the spread of each cell would bring terrain and coast along.
ablation() {
  local name=$1
  shift
  local options=("experiment/directory=$folder/ablation/$name" diffusion/target=field diffusion/scaling=variable model/season=f model/position=f
    model/climatology=f model/base=f ensemble/members=8 ensemble/members_per_unit=2 evaluation/members=8)
  if [[ $size == full ]]; then
    options+=(model/channels=32 training/steps=600 training/warmup=100 training/log_every=10 training/validate_every=300
      sampling/steps=6 reconstruct/first_month=2020-01 tiling/seam_members=4)
  fi
  options+=("$@" "${cut_ablation[@]}")
  method train dpdm "${options[@]}" && method reconstruct dpdm "${options[@]}" && method evaluate dpdm "${options[@]}"
}

# patches SIZE BATCH: an ablation with patches, and tiles, of that size.
patches() {
  local batch=()
  [[ $size == full ]] && batch=("training/batch=$2")
  ablation "patch_$1" "training/patch_size=$1,$1" "tiling/size=$1,$1" "tiling/overlap=$(($1 / 4))" "${batch[@]}"
}

# elsewhere NAME WORLD_OPTION...: the network of dpdm.nml and its noise, not trained again, on a world over another region; its store has the
# climatology and the regressions of that region.
elsewhere() {
  local name=$1 here=$folder/elsewhere/$1
  shift
  settled world namelists/world.nml world/members=0 world/law_members=0 world/first_month=1961-01 "${cut_world[@]}" "world/directory=$here/world" "$@" || return
  data_of "$here/world" "$here/samples.h5"
  local options=(reconstruct/elsewhere=t "reconstruct/directory=$here/fields" "evaluation/directory=$here" ensemble/members=10 evaluation/members=10
    ensemble/members_per_unit=5 tiling/size=40,60 tiling/overlap=0 tiling/seam_members=0) # one tile: the network knows whole domains
  [[ $size == small ]] && options+=(tiling/size=20,20 tiling/overlap=8 ensemble/members=3 evaluation/members=3)
  method prepare dpdm && method reconstruct dpdm "${options[@]}" "${noise[@]}" && method evaluate dpdm "${options[@]}" "${noise[@]}" || return
  data_of "$world" "$folder/samples.h5"
}

report() { "$python" tools/experiment_report.py "$folder" --world "$world"; }

if [[ -z ${HINDSCALE_PROGRAM:-} ]]; then
  part "packages" tools/setup.sh demo
  part "build" build release
fi
part "world" stage world namelists/world.nml "world/directory=$world" "${cut_world[@]}"
data_of "$world" "$folder/samples.h5"
part "prepare" method prepare dpdm
part "regression" method train corrdiff training/stage=regression "${regression_steps[@]}"
part "corrdiff" method train corrdiff
part "edsr_gan" method train edsr_gan "${gan_cut[@]}"
part "dpdm" method train dpdm
part "one field" method reconstruct corrdiff "${regression_fields[@]}"
part "one field" method reconstruct edsr_gan "${gan_cut[@]}"
part "calibrate" calibrated corrdiff
part "members" method reconstruct corrdiff "${members[@]}" "${noise[@]}"
part "calibrate" calibrated dpdm
part "members" method reconstruct dpdm "${members[@]}" "${noise[@]}"
part "evaluate" method evaluate corrdiff "evaluation/members=$sizes" "evaluation/others=$single"
part "evaluate" method evaluate dpdm "evaluation/members=$sizes" \
  "evaluation/others=$single, $(fields corrdiff corrdiff/reconstruction)"
part "elsewhere" elsewhere gulf_coast world/west=255 world/east=285 world/south=20 world/north=40
part "elsewhere" elsewhere northern_australia world/west=120 world/east=150 world/south=-25 world/north=-5
part "ablations" ablation reference
part "ablations" ablation no_terrain model/relief=f
part "ablations" ablation no_mask model/mask=f
# As many fine cells a step in each; the reference has the largest patch, the whole domain.
part "ablations" patches 16 88
part "ablations" patches 32 22
if [[ $size == full ]]; then
  part "ablations" patches 64 6
fi
part "report" report
print_times
