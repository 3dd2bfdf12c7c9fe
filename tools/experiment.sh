#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The experiment of the DPDM paper in kind, on an invented world whose truth and law are known: five variables, seven methods, 100 members,
# ablations, extremes, other regions. Run again, it does only what is missing.
#
#   tools/experiment.sh            0.5 from 5 degrees, on two cores: runs/experiment/report/
#   tools/experiment.sh cluster [FOLDER [GROUP/KEY=VALUE...]]
#                                  0.1 from 1 degree, network and patches as published; in an allocation of SLURM by
#                                  job_scripts/experiment.slurm: runs/experiment_cluster/report/. The options go to every stage and win, but over
#                                  folders, regions and the patches of ablations: these are HINDSCALE_PATCHES="SIZE BATCH, SIZE BATCH..."
#   tools/experiment.sh small [FOLDER]
#                                  everything once, cut down until it ends in minutes, for tests: runs/experiment_small/
# shellcheck disable=SC2034,SC2054 # own_* are read by name; commas stand within options
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/common.sh

readonly namelists=namelists/experiment
size=${1:-full} given=("${@:3}") n_members=100 first_year=1961 # of training
usage() {
  echo "usage: tools/experiment.sh [small [FOLDER] | cluster [FOLDER [GROUP/KEY=VALUE...]]]" >&2
  exit 2
}

# What tells the sizes apart: options of every method, of each alone, of worlds, of ablations, of other regions; the ablations' patches and
# how many of them make a step, of about as many cells each.
own_dpdm=() own_corrdiff=() own_edsr_gan=() own_regression=() cut_world=(world/members=0)
case "$size" in
  full)
    (($# <= 1)) || usage
    folder=runs/experiment world=runs/world world_namelist=namelists/world.nml cut=() cut_world=()
    own_regression=(training/steps=4000)
    ablation_options=(model/channels=32 training/steps=600 training/warmup=100 training/log_every=10 training/validate_every=300 sampling/steps=6
      reconstruct/first_month=2020-01 tiling/seam_members=4)
    ablation_patches=("16 88" "32 22" "64 6") # the reference has the largest, the whole domain
    elsewhere_options=(tiling/size=40,60 tiling/overlap=0 tiling/seam_members=0) # one tile: the network knows whole domains
    ;;
  cluster)
    folder=${2:-runs/experiment_cluster} world=$folder/world world_namelist=namelists/world_full.nml
    cut_world+=("world/first_month=$first_year-01" world/law_members=8)
    cut=(dataset/ridge_windows=3 dataset/ridge_penalties=0.3 training/batch=128 training/patch_size=128,128 training/learning_rate=1e-4
      training/warmup=1000 training/ema_decay=0.9999 training/log_every=100 training/validate_every=2500 training/checkpoint_every=2500
      training/cache_mib=1024 ensemble/members_per_unit=1 tiling/size=128,128 tiling/overlap=32 tiling/seam_members=8 output/format=netcdf4
      output/deflate=1 output/keep_bits=14 output/years_per_file=1)
    own_dpdm=(model/preset=dpdm model/channels=64 model/dropout=0.1 training/steps=100000)
    own_corrdiff=(model/preset=dpdm model/channels=64 model/dropout=0.1 training/steps=60000)
    own_regression=(training/steps=40000)
    own_edsr_gan=(model/residual_blocks=16 training/steps=30000 gan/start=15000)
    ablation_options=(training/steps=20000 sampling/steps=6 reconstruct/first_month=2020-01 tiling/seam_members=4)
    ablation_patches=("32 2048" "64 512" "256 32") # the reference has 128
    elsewhere_options=(tiling/seam_members=0)
    ;;
  small)
    (($# <= 2)) || usage
    folder=${2:-runs/experiment_small} world=$folder/world world_namelist=namelists/world.nml n_members=8 first_year=2005
    cut_world+=(world/fine_step=1 world/first_month=2005-01 world/law_years=2016,2016)
    cut=(dataset/train_years=2005,2010 dataset/test_years=2016,2016 dataset/ridge_windows=3 model/channels=8 training/steps=16
      training/warmup=4 training/batch=4 training/patch_size=16,24 training/validate_every=8 training/checkpoint_every=8
      training/log_every=4 training/validation_members=2 training/validation_months=2 tiling/size=40,40 tiling/overlap=8
      tiling/seam_members=0 evaluation/bootstrap_samples=50 calibration/months=2 calibration/members=3)
    own_edsr_gan=(gan/start=8 gan/channels=4)
    ablation_options=(training/steps=8 reconstruct/first_month=2016-11)
    ablation_patches=("16 4" "32 4")
    elsewhere_options=(tiling/size=20,20 tiling/overlap=8 ensemble/members=3 evaluation/members=3)
    ;;
  *) usage ;;
esac
if [[ -n ${HINDSCALE_PATCHES:-} ]]; then IFS=, read -ra ablation_patches <<< "$HINDSCALE_PATCHES"; fi
for i in "${!given[@]}"; do # the methods that make one field keep to it
  [[ ${given[i]} == ensemble/members=* ]] && n_members=${given[i]#*=} && unset "given[i]"
done
readonly members=("ensemble/members=$n_members")
sizes=$(for m in 1 2 5 10 20 30 33 50 100; do ((m <= n_members)) && printf '%s, ' "$m"; done; true)
readonly sizes=${sizes%, }

# data_of WORLD STORE: sets `data`, where a stage finds the fields of a world.
data_of() {
  data=("dataset/store=$2" "dataset/fine_files=$1/era5land/era5land_????.nc" "dataset/coarse_files=$1/20crv3/20crv3.mon.mean.nc"
    "dataset/relief_file=$1/era5land/elevation.nc" "dataset/mask_file=$1/era5land/lsm.nc" "evaluation/law=$1/law")
}

# settled STAGE NAMELIST [OPTION...] -- [OPTION...]: a stage; the caller's options win over those before '--', those behind it over the caller's.
# &world is for the stage 'world' alone, &gan for EDSR-GAN.
settled() {
  local stage_name=$1 namelist=$2 option group all=() own=()
  shift 2
  while (($# > 0)) && [[ $1 != -- ]]; do all+=("$1") && shift; done
  all+=("${given[@]}" "${@:2}")
  for option in "${all[@]}"; do
    group=${option%%/*}
    if [[ $stage_name == world && $group != world || $stage_name != world && $group == world ]]; then continue; fi
    if [[ $group == gan && $namelist != */edsr_gan.nml ]]; then continue; fi
    own+=("$option")
  done
  stage "$stage_name" "$namelist" "${own[@]}"
}

# make_world DIRECTORY [OPTION...]
make_world() { settled world "$world_namelist" "${cut_world[@]}" -- "world/directory=$1" "${@:2}"; }

# method STAGE NAME [OPTION...] [-- OPTION...]: a stage of namelists/experiment/NAME.nml.
method() {
  local -n own_of_method=own_$2
  settled "$1" "$namelists/$2.nml" "experiment/directory=$folder/$2" "${data[@]}" "${cut[@]}" "${own_of_method[@]}" "${@:3}"
}

# The regression of CorrDiff is a method of its own: one field a month.
readonly regression_fields=(training/stage=regression "reconstruct/directory=$folder/regression" ensemble/members=1 ensemble/antithetic=f
  output/statistics=f output/quantiles=)
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
    model/climatology=f model/base=f ensemble/members=8 ensemble/members_per_unit=2 evaluation/members=8 "${ablation_options[@]}" -- "$@")
  method train dpdm "${options[@]}" && method reconstruct dpdm "${options[@]}" && method evaluate dpdm "${options[@]}"
}

# patches SIZE BATCH: an ablation with patches, and tiles, of that size.
patches() { ablation "patch_$1" "training/patch_size=$1,$1" "tiling/size=$1,$1" "tiling/overlap=$(($1 / 4))" "training/batch=$2"; }

# elsewhere NAME WORLD_OPTION...: the network of dpdm.nml and its noise, not trained again, on a world over another region; its store has the
# climatology and the regressions of that region.
elsewhere() {
  local name=$1 here=$folder/elsewhere/$1
  shift
  make_world "$here/world" world/members=0 world/law_members=0 "world/first_month=$first_year-01" "$@" || return
  data_of "$here/world" "$here/samples.h5"
  local options=(reconstruct/elsewhere=t "reconstruct/directory=$here/fields" "evaluation/directory=$here" ensemble/members=10 evaluation/members=10
    ensemble/members_per_unit=5 "${elsewhere_options[@]}")
  method prepare dpdm && method reconstruct dpdm "${options[@]}" "${noise[@]}" && method evaluate dpdm "${options[@]}" "${noise[@]}" || return
  data_of "$world" "$folder/samples.h5"
}

report() {
  local archive=()
  [[ $size == full ]] && archive=(--archive runs/archive) # of tools/archive.sh, where it has run
  "$python" tools/experiment_report.py "$folder" --world "$world" --namelist "$world_namelist" "${archive[@]}"
}

if [[ -z ${HINDSCALE_PROGRAM:-} ]]; then
  part "packages" tools/setup.sh demo
  part "build" build release
fi
part "python" "$python" -c "import cartopy, h5py, matplotlib, numpy, scipy, xarray" # what the report needs, days later
part "world" make_world "$world"
data_of "$world" "$folder/samples.h5"
part "prepare" method prepare dpdm
part "regression" method train corrdiff training/stage=regression "${own_regression[@]}"
part "corrdiff" method train corrdiff
part "edsr_gan" method train edsr_gan
part "dpdm" method train dpdm
part "one field" method reconstruct corrdiff "${regression_fields[@]}"
part "one field" method reconstruct edsr_gan
part "calibrate" calibrated corrdiff
part "members" method reconstruct corrdiff "${members[@]}" "${noise[@]}"
part "calibrate" calibrated dpdm
part "members" method reconstruct dpdm "${members[@]}" "${noise[@]}"
part "evaluate" method evaluate corrdiff "${members[@]}" "evaluation/members=$sizes" "evaluation/others=$single"
part "evaluate" method evaluate dpdm "${members[@]}" "evaluation/members=$sizes" \
  "evaluation/others=$single, $(fields corrdiff corrdiff/reconstruction)"
part "elsewhere" elsewhere gulf_coast world/west=255 world/east=285 world/south=20 world/north=40
part "elsewhere" elsewhere northern_australia world/west=120 world/east=150 world/south=-25 world/north=-5
part "ablations" ablation reference
part "ablations" ablation no_terrain model/relief=f
part "ablations" ablation no_mask model/mask=f
for patch in "${ablation_patches[@]}"; do
  # shellcheck disable=SC2086 # a size and a batch
  part "ablations" patches $patch
done
part "report" report
print_times
