#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what the tests need, builds and runs them. HINDSCALE_CI=1: warnings are errors, benchmarks are built too.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/common.sh
takes_no_arguments "$@"

preset="test"
packages="test"
if [[ "${HINDSCALE_CI:-0}" == 1 ]]; then
  preset="ci"
  packages="ci"
fi

tools/setup.sh "$packages"
build "$preset" -DPython3_EXECUTABLE="$python"
# Tests with ranks name the processors they take, so that they do not share them with others.
ctest --preset "$preset" --parallel 2 < /dev/null
