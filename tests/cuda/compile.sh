#!/bin/sh
# Compiles each FOLDER/*.cu with nvcc, host and device code; nothing is run, so no GPU is needed.
#
# usage: compile.sh FOLDER NVCC [FLAG]...
# SPDX-License-Identifier: BSL-1.0
set -u
folder=$1
shift

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
passed=0
failed=0
for source in "$folder"/*.cu; do
  [ -e "$source" ] || break
  if "$@" -std=c++20 -c "$source" -o "$work/object.o" >"$work/output" 2>&1 </dev/null; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'FAILED: %s\n' "${source##*/}"
    head -n 20 "$work/output"
  fi
done

if [ "$((passed + failed))" -eq 0 ]; then
  printf 'FAILED: no files in %s\n' "$folder"
  failed=1
fi
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
