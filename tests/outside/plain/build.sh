#!/bin/sh
# No build system, no BLAS, no OpenMP: the headers, and one line.
#
# usage: build.sh INCLUDE-FOLDER PROGRAM COMPILER [FLAG]...
# SPDX-License-Identifier: BSL-1.0
set -eu
include=$1
program=$2
shift 2
"$@" -std=c++20 -O1 -I "$include" main.cpp -o "$program"
