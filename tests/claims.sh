#!/bin/sh
# Compiles the benchmarks' own sources, without running them: what they claim of nests, products and memory is static_assert.
#
# usage: claims.sh FOLDER COMPILER [FLAG]...
# SPDX-License-Identifier: BSL-1.0
set -u
folder=$1
shift
output=$(mktemp) || exit 1
trap 'rm -f "$output"' EXIT
passed=0
failed=0
for source in "$folder"/*.cpp; do
  if "$@" -w -fsyntax-only -fdiagnostics-color=never "$source" >"$output" 2>&1 </dev/null; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'FAILED: %s\n' "$source"
    grep 'error' "$output" | cut -c1-300 | head -n 5
  fi
done
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$passed" -gt 0 ] && [ "$failed" -eq 0 ]
