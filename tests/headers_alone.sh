#!/bin/sh
# Compiles each header under FOLDER alone, included twice, with warnings as errors: a header must bring what it needs.
# What another one includes first of all was compiled before anything else there, and is left out.
#
# usage: headers_alone.sh FOLDER COMPILER [FLAG]...
# SPDX-License-Identifier: BSL-1.0
set -u
LC_ALL=C
export LC_ALL
folder=$1
shift

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

find "$folder" -type f -name '*.hpp' | sort >"$work/headers"
# Some need a library that not every machine has: skip_without INCLUDE PATTERN COMPILER [FLAG]...
skip_without() {
  include=$1
  pattern=$2
  shift 2
  printf '#include <%s>\n' "$include" >"$work/alone.cpp"
  "$@" -fsyntax-only "$work/alone.cpp" >/dev/null 2>&1 </dev/null && return
  grep -v "$pattern" "$work/headers" >"$work/others"
  cmp -s "$work/headers" "$work/others" || printf 'skipped: the headers %s: there is no %s\n' "$pattern" "$include"
  mv "$work/others" "$work/headers"
}
skip_without nanobind/nanobind.h '/python[./]' "$@"
skip_without nlohmann/json.hpp '/safetensors' "$@"
skip_without zip.h '/npz' "$@"
# The header that each includes before all others, where that is one of ours; a file with one that is not has no line.
while IFS= read -r header; do
  first=$(sed -n '/^#include/{s/^#include "\(.*\)".*/\1/p;q;}' "$header")
  [ -z "$first" ] || printf '%s/%s\n' "$(cd "$(dirname "$header")/$(dirname "$first")" && pwd)" "$(basename "$first")"
done <"$work/headers" | sort -u >"$work/covered"
grep -vxFf "$work/covered" "$work/headers" >"$work/apart"
while IFS= read -r header; do
  grep -q '^#pragma once$' "$header" || {
    failed=$((failed + 1))
    printf 'FAILED: %s has no #pragma once\n' "$header"
  }
done <"$work/headers"
while IFS= read -r header; do
  printf '#include "%s"\n#include "%s"\n' "$header" "$header" >"$work/alone.cpp"
  # The builder, the rows and the op table define each other's functions: one of them alone leaves some undefined, and only that is no failure.
  if "$@" -Wall -Wextra -fsyntax-only -fdiagnostics-color=never "$work/alone.cpp" >"$work/output" 2>&1 </dev/null &&
    ! grep 'warning:' "$work/output" | grep -v -e 'used but never defined' -e 'is not defined \[-Wundefined-inline\]' >/dev/null; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'FAILED: %s does not compile alone\n' "$header"
    head -n 20 "$work/output"
  fi
done <"$work/apart"

if [ "$((passed + failed))" -eq 0 ]; then
  printf 'FAILED: no headers in %s\n' "$folder"
  failed=1
fi
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
