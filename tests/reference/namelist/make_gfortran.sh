#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes gfortran.txt: what gfortran's own namelist reader makes of each line of snippets.txt.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
gfortran -O0 -o "$work/reader" reader.f90
{
  echo "# made by make_gfortran.sh with $(gfortran -dumpfullversion)"
  grep -v '^#' snippets.txt | while IFS='	' read -r _ text; do
    # printf turns the escapes into what they stand for
    printf "$(printf '%s' "$text" | sed 's/%/%%/g; s/\\uFEFF/\\357\\273\\277/')" > "$work/snippet.nml"
    printf '%s\n' "$("$work/reader" "$work/snippet.nml")"
  done
} > gfortran.txt
