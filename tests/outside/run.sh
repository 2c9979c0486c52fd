#!/bin/sh
# Installs ctgrad into a prefix of its own, and builds and runs the projects beside this file with it, as a user would who has never seen this
# repository: Meson, CMake by its package and by pkg-config, a plain compiler with the installed headers and with those of the source tree,
# a precompiled header, one generated header, and Meson with ctgrad as a subproject.
#
# And, where CTGRAD_PYTHON names a Python with nanobind and NumPy, an extension module by a plain compiler, CMake and Meson.
#
# usage: run.sh SOURCE-ROOT COMPILER [FLAG]...
# SPDX-License-Identifier: BSL-1.0
set -u
root=$1
shift
CXX=$*
CMAKE_GENERATOR=Ninja
export CXX CMAKE_GENERATOR

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

# attempt NAME COMMAND…: counts it, and shows its output if it fails.
attempt() {
  name=$1
  shift
  if "$@" >"$work/output" 2>&1 </dev/null; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'FAILED: outside project: %s\n' "$name"
    tail -n 40 "$work/output"
  fi
}

# copy KIND NAME: the project KIND with its program, as $work/NAME.
copy() { cp -R "$root/tests/outside/$1" "$work/$2" && cp "$root/tests/outside/main.cpp" "$work/$2/"; }

install_package() {
  meson setup "$work/build" "$root" --prefix "$work/first" -Dtests=disabled -Dexamples=disabled -Dbenchmarks=disabled &&
    meson install -C "$work/build"
}

by_meson() {
  copy meson meson && meson setup "$work/meson/build" "$work/meson" && meson compile -C "$work/meson/build" && "$work/meson/build/outside"
}

by_cmake() {
  copy cmake "cmake $1" && cmake -S "$work/cmake $1" -B "$work/cmake $1/build" -DBY_PKG_CONFIG="$1" -DCMAKE_PREFIX_PATH="$work/moved" &&
    cmake --build "$work/cmake $1/build" && "$work/cmake $1/build/outside"
}

# by_compiler INCLUDE-FOLDER NAME COMPILER…
by_compiler() (
  include=$1
  name=$2
  shift 2
  copy plain "$name" && cd "$work/$name" && sh build.sh "$include" ./outside "$@" && ./outside
)

# by_one_file COMPILER…: the generated header and the program in a folder of their own.
by_one_file() (
  mkdir "$work/one" && python3 "$root/packaging/one_file.py" "$root/include/ctgrad/ctgrad.hpp" "$work/one/ctgrad.hpp" &&
    sed 's|<ctgrad/ctgrad.hpp>|"ctgrad.hpp"|' "$root/tests/outside/main.cpp" >"$work/one/main.cpp" &&
    cd "$work/one" && "$@" -std=c++20 -O1 main.cpp -o outside && ./outside
)

# by_precompiled_header COMPILER…: the header compiled once, and a program that is compiled with it, and includes nothing of ctgrad.
by_precompiled_header() (
  mkdir "$work/precompiled" && cd "$work/precompiled" && echo '#include <ctgrad/ctgrad.hpp>' >precompiled.hpp &&
    "$@" -std=c++20 -O1 -I "$root/include" -x c++-header precompiled.hpp -o precompiled.hpp.gch && sed 's|^#include <ctgrad/.*||' "$root/tests/outside/main.cpp" >main.cpp &&
    "$@" -std=c++20 -O1 -I "$root/include" -Winvalid-pch -Werror=invalid-pch -include precompiled.hpp main.cpp -o outside && ./outside
)

as_subproject() {
  copy meson subproject && mkdir "$work/subproject/subprojects" && ln -s "$root" "$work/subproject/subprojects/ctgrad" &&
    printf '[wrap-file]\ndirectory = ctgrad\n\n[provide]\ndependency_names = ctgrad\n' >"$work/subproject/subprojects/ctgrad.wrap" &&
    meson setup "$work/subproject/build" "$work/subproject" --force-fallback-for=ctgrad &&
    meson compile -C "$work/subproject/build" && "$work/subproject/build/outside"
}

# The module in $work/$1, imported.
check_module() { PYTHONPATH=$work/$1 "$CTGRAD_PYTHON" "$work/$1/check.py"; }

# module_by_compiler COMPILER…
module_by_compiler() {
  cp -R "$root/tests/outside/python" "$work/module" && (cd "$work/module" && sh build.sh "$root/include" "$CTGRAD_PYTHON" "$@") && check_module module
}

module_by_cmake() {
  cp -R "$root/tests/outside/python" "$work/module cmake" &&
    cmake -S "$work/module cmake" -B "$work/module cmake/build" -DPython_EXECUTABLE="$CTGRAD_PYTHON" -DCMAKE_PREFIX_PATH="$work/moved" -DCMAKE_BUILD_TYPE=Release &&
    cmake --build "$work/module cmake/build" && cp "$work/module cmake/check.py" "$work/module cmake/build" && check_module 'module cmake/build'
}

module_by_meson() {
  cp -R "$root/tests/outside/python" "$work/module meson" && printf '[binaries]\npython = %s\n' "'$CTGRAD_PYTHON'" >"$work/python.ini" &&
    meson setup --native-file "$work/python.ini" "$work/module meson/build" "$work/module meson" && meson compile -C "$work/module meson/build" &&
    cp "$work/module meson/check.py" "$work/module meson/build" && check_module 'module meson/build'
}

attempt 'meson install' install_package
# pkg-config knows the prefix; the CMake package and the headers must also work where the tree was moved to.
[ -d "$work/first" ] && cp -R "$work/first" "$work/moved"
PKG_CONFIG_PATH=$work/first/share/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
export PKG_CONFIG_PATH

attempt 'Meson, dependency()' by_meson
attempt 'CMake, pkg_check_modules' by_cmake ON
[ -z "${CTGRAD_PYTHON:-}" ] || attempt 'Python, Meson' module_by_meson
rm -rf "$work/first"
attempt 'CMake, find_package' by_cmake OFF
if [ -n "${CTGRAD_PYTHON:-}" ]; then
  attempt 'Python, CMake' module_by_cmake
  attempt 'Python, plain' module_by_compiler "$@"
fi
attempt 'plain -I, installed' by_compiler "$(echo "$work"/moved/include/ctgrad-*/include)" 'plain installed' "$@"
attempt 'plain -I include' by_compiler "$root/include" 'plain source' "$@"
attempt 'precompiled header' by_precompiled_header "$@"
attempt 'one file' by_one_file "$@"
unset PKG_CONFIG_PATH
attempt 'Meson, subproject' as_subproject

printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
