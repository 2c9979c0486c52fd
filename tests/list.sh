#!/bin/sh
# Prints the files under FOLDER/SUBFOLDER… that end in SUFFIX, one a line, relative to FOLDER, in the same order everywhere.
# Meson has no glob; this is how a new file becomes a test by being there (after `meson setup --reconfigure`).
#
# usage: list.sh FOLDER SUFFIX [SUBFOLDER|FILE]...
# SPDX-License-Identifier: BSL-1.0
set -eu
cd "$1"
suffix=$2
shift 2
for place in "$@"; do
  if [ -e "$place" ]; then
    find "$place" -type f -name "*$suffix"
  fi
done | LC_ALL=C sort
