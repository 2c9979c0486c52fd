#!/bin/sh
# What GDB prints of arrays and views, with packaging/gdb/ctgrad.py. Skipped (77) where GDB cannot run programs, as in containers without ptrace.
#
# usage: run.sh SOURCE_ROOT GDB COMPILER [FLAG]...
# SPDX-License-Identifier: BSL-1.0
set -u
root=$1 gdb=$2
shift 2
if ! command -v "$gdb" >/dev/null; then
  echo 'skipped: GDB is not installed'
  exit 77
fi
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
"$@" -g -O0 "$root/tests/gdb/arrays.cpp" -o "$work/arrays" || exit 1
"$gdb" -nx -batch -ex 'python print("has python")' >"$work/output" 2>&1
if ! grep -q 'has python' "$work/output"; then
  echo 'skipped: this GDB has no Python'
  exit 77
fi
"$gdb" -nx -batch -ex "source $root/packaging/gdb/ctgrad.py" -ex 'break stop' -ex 'run' -ex 'info args' -ex 'up' -ex 'print w' -ex 'print counts' -ex 'print number' -ex 'print flags' -ex 'print none' \
  -ex 'set print elements 4' -ex 'print many' -ex 'print w' "$work/arrays" >"$work/output" 2>&1
if grep -q -e 'ptrace: Operation not permitted' -e 'Could not trace the inferior' "$work/output"; then
  echo 'skipped: GDB may not run programs here'
  exit 77
fi
status=0
expect() {
  grep -q -x -F -e "$1" "$work/output" || { printf 'expected: %s\n' "$1"; status=1; }
}
expect '$1 = float32[2, 3] {{1, 2, 3}, {4, 5, 6.5}}'
expect '$2 = int64[2] {7, -8}'
expect '$3 = float64[] 2.5'
expect '$4 = bool[1, 2, 2] {{{false, false}, {true, false}}}'
expect '$5 = float32[0, 4] {}'
expect '$6 = int32[1000] {0, 1, 2, 3, ...}'
expect '$7 = float32[2, 3] {{1, 2, 3}, {4, ...}}'
# Views with strides, as arguments: the transpose, and every other element.
grep -q -F 'float32[3, 2] {{1, 4}, {2, 5}, {3, 6.5}}' "$work/output" || { echo 'expected: the transpose of w'; status=1; }
grep -q -F 'float64[3] {1, 3, 5}' "$work/output" || { echo 'expected: every other number'; status=1; }
[ $status = 0 ] || cat "$work/output"
exit $status
