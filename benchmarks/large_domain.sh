#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Question: how much memory does a rank need for one month of a 0.1 degree globe (1801 x 3600), and how far off is the estimate of
# 'hindscale check'? Usage: benchmarks/large_domain.sh [PROGRAM [RANKS]]; some minutes, 4 GB of disk in runs/large_domain.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
program="${1:-build/release/bin/hindscale}"
ranks="${2:-1}"
namelist=benchmarks/large_domain.nml
export OMP_NUM_THREADS=1
mkdir -p runs/large_domain
[[ -e runs/large_domain/fine.nc ]] || /usr/bin/python3 benchmarks/large_domain.py runs/large_domain/fine.nc
run() { mpirun --allow-run-as-root --oversubscribe -n "$1" "$program" "${@:2}"; }
run 1 prepare "$namelist"
run 1 train "$namelist"
rm -rf runs/large_domain/reconstruction
run "$ranks" check "$namelist" "ensemble/ranks_per_field=$ranks" 2>&1 | grep -A20 '^reconstruction' | grep memory
run "$ranks" reconstruct "$namelist" "ensemble/ranks_per_field=$ranks" 2>&1 | grep -E 'memory|SUCCESS'
