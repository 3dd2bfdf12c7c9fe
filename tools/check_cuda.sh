#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Compiles what runs on GPUs, where a CUDA toolkit with NCCL is found, against Debian's LibTorch: its headers know GPUs, its
# library does not, so that nothing is linked and nothing has run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/common.sh
takes_no_arguments "$@"

compiler="${CUDACXX:-$(command -v nvcc || echo /usr/local/cuda/bin/nvcc)}"
nccl="${NCCL_ROOT:-$(dirname "$(dirname "$compiler")")}"
if [[ ! -x "$compiler" ]]; then
  echo "no CUDA toolkit here: what runs on GPUs is not compiled"
  exit 0
fi
if ! compgen -G "$nccl/lib*/libnccl.so*" > /dev/null || [[ ! -f "$nccl/include/nccl.h" ]]; then
  echo "no NCCL in $nccl (NCCL_ROOT names another folder): what runs on GPUs is not compiled"
  exit 0
fi

folder=build/cuda_objects
# The one header that Debian's LibTorch lacks: how its own library was built.
made="$folder/headers/c10/cuda/impl/cuda_cmake_macros.h"
mkdir -p "$(dirname "$made")"
[[ -f "$made" ]] || echo '#define C10_CUDA_BUILD_SHARED_LIBS' > "$made"
CUDACXX="$compiler" cmake --preset cuda -B "$folder" -DNCCL_ROOT="$nccl" -DHINDSCALE_CUDA_ARCHITECTURES=90 -DHINDSCALE_TESTS=OFF \
  -DHINDSCALE_WARNINGS_AS_ERRORS=ON -DCMAKE_CXX_FLAGS="-isystem $PWD/$folder/headers" > "$folder/cmake.log" || { cat "$folder/cmake.log"; exit 1; }
mapfile -t objects < <(ninja -C "$folder" -t targets all | sed -n 's,^\(src/\(comm\|kernel\|model\|sampler\|train\)/.*\.o\): .*,\1,p')
ninja -C "$folder" "${objects[@]}"
