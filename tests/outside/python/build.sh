#!/bin/sh
# No build system: nanobind's one source and the module, and one command.
#
# usage: build.sh INCLUDE-FOLDER PYTHON COMPILER [FLAG]...
# SPDX-License-Identifier: BSL-1.0
set -eu
include=$1
python=$2
shift 2
headers=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')
nanobind=$("$python" -c 'import nanobind; print(nanobind.__path__[0])')
"$@" -std=c++20 -O1 -shared -fPIC -fvisibility=hidden -fno-strict-aliasing -I "$include" -I "$headers" -I "$nanobind/include" -I "$nanobind/ext/robin_map/include" \
  outside.cpp "$nanobind/src/nb_combined.cpp" -o outside.so
