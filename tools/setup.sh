#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages that the demo, the tests or the continuous integration need and that are missing.
set -euo pipefail

usage="usage: tools/setup.sh demo|test|ci"

# ocl-icd-opencl-dev: the CMake package of libdnnl-dev looks for OpenCL, which it only recommends.
build=(g++ cmake ninja-build git libtorch-dev libdnnl-dev ocl-icd-opencl-dev libopenblas0-pthread libopenmpi-dev openmpi-bin libpnetcdf-dev
  libhdf5-openmpi-dev libnetcdf-mpi-dev libtrilinos-kokkos-dev libboost-program-options-dev librandom123-dev
  libudunits2-dev libfftw3-dev libspdlog-dev libfmt-dev nlohmann-json3-dev libssl-dev libxxhash-dev ferret-datasets)
plot=(python3 python3-matplotlib python3-cartopy python3-xarray python3-netcdf4 python3-h5py python3-scipy)
test=(time procps libgtest-dev libgmock-dev libbenchmark-dev gfortran cdo nco python3-numpy python3-scipy python3-cftime
  python3-torch python3-xarray python3-netcdf4 python3-h5py)
style=(clang-format)

case "${1:-}" in
  demo) wanted=("${build[@]}" "${plot[@]}") ;;
  test) wanted=("${build[@]}" "${plot[@]}" "${test[@]}") ;;
  ci) wanted=("${build[@]}" "${plot[@]}" "${test[@]}" "${style[@]}") ;;
  *)
    echo "$usage" >&2
    exit 2
    ;;
esac

fail() {
  echo "tools/setup.sh: $1" >&2
  exit 1
}

command -v apt-get > /dev/null ||
  fail "this is no Debian system; install the counterparts of these packages, then build with cmake: ${wanted[*]}"

is_installed() { [[ "$(dpkg-query -W -f='${db:Status-Abbrev}' "$1" 2> /dev/null)" == ii* ]]; }

missing=()
for package in "${wanted[@]}"; do
  is_installed "$package" || missing+=("$package")
done
if ((${#missing[@]} == 0)); then
  echo "packages: nothing to install"
  exit 0
fi

as_root=()
if ((EUID != 0)); then
  as_root=(sudo)
  [[ -t 0 ]] || as_root=(sudo -n)  # nobody there to type a password
  "${as_root[@]}" true ||
    fail "packages are missing and this user may not install them; as root: apt-get install ${missing[*]}"
fi
apt() { ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" < /dev/null; }

echo "packages: installing ${missing[*]}"
apt update || echo "tools/setup.sh: the package lists could not be renewed; going on with those at hand" >&2
apt install --no-install-recommends "${missing[@]}" || fail "apt-get could not install the packages above"
