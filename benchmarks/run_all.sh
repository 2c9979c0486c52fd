#!/bin/sh
# Runs each benchmark program given, one after the other; fails if one fails.
#
# SPDX-License-Identifier: BSL-1.0
set -u
status=0
for program in "$@"; do
  printf '\n== %s\n' "${program##*/}"
  "$program" || status=1
done
exit $status
