#!/bin/sh
# Checks that each FOLDER/*.cpp does not compile, and that the first error line says what the user needs to hear.
# The error is not reported from inside the compiler's own folder, and at most 12 lines of output stand before the file's own line is named.
#
# The file states its expectations, all of which must occur (as fixed strings, C locale) in the first line of output with "error:":
#   // expect: text            for every compiler
#   // expect(g++): text       for one of them
#   // expect(clang): text
# "// needs: header" leaves the file out where there is no such header.
# Where a line of the file ends in "// here", the output names this line.
# A file that mentions CTGRAD_FIXED holds the corrected code under #ifdef CTGRAD_FIXED, and must compile with it:
# so the error comes from the mistake, not from the rest of the file.
#
# usage: run_fail.sh FOLDER COMPILER [FLAG]...
# SPDX-License-Identifier: BSL-1.0
set -u
LC_ALL=C
export LC_ALL

# Prints what is wrong with file $1; the rest is the compiler. Prints nothing if all is as expected.
check() {
  file=$1
  shift
  compile() { "$@" -fsyntax-only -fdiagnostics-color=never -fmessage-length=0 "$only_first" >"$work/output" 2>&1 </dev/null; }
  needed=$(sed -n 's|^// needs: *||p' "$file")
  [ -z "$needed" ] || "$@" -E -include "$needed" -x c++ /dev/null >/dev/null 2>&1 || return 0
  sed -n -e 's|^[[:space:]]*// expect: *||p' -e "s|^[[:space:]]*// expect($kind): *||p" "$file" | sed 's/[[:space:]]*$//' >"$work/expected"
  if ! grep -q . "$work/expected"; then
    printf '  the file has no "// expect: text" line for %s\n' "$kind"
    return
  fi
  if compile "$@" "$file"; then
    printf '  it compiles\n'
    sed 's/^/  expected: /' "$work/expected"
    return
  fi
  # clang shows a message in pieces of whole words, one template argument each.
  first=$(sed -n '/error:/{s/"}, text<[^>]*>{"//g;p;q;}' "$work/output")
  complete=yes
  while IFS= read -r text; do
    case $first in
      *"$text"*) ;;
      *) complete=no && printf '  expected: %s\n' "$text" ;;
    esac
  done <"$work/expected"
  if [ "$complete" = no ]; then
    printf '  seen:     %s\n' "${first:-(no line with "error:") $(head -n 1 "$work/output")}"
  fi
  case ${first%%error:*} in
    *compiler/*) printf '  reported from inside compiler/: %s\n' "$first" ;;
  esac
  # (But for lines about the header that is compiled once, below.)
  before=$(grep -v -e '^In file included from .*/once/core.hpp:1:$' -e ' from <command-line>:$' "$work/output" | awk -v "name=$file:" 'index($0, name) == 1 { print NR - 1; found = 1; exit } END { if (!found) print NR }')
  [ "$before" -le 12 ] || printf '  %d lines stand before one of the file is named\n' "$before"
  here=$(grep -n '// here$' "$file" | cut -d: -f1)
  [ -z "$here" ] || grep -qF "$file:$here:" "$work/output" || printf '  line %d is not named\n' "$here"
  if grep -q CTGRAD_FIXED "$file" && ! compile "$@" -DCTGRAD_FIXED "$file"; then
    printf '  it does not compile with -DCTGRAD_FIXED either:\n'
    head -n 10 "$work/output" | sed 's/^/    /'
  fi
}

# One file, for the run that called this one: run_fail.sh --one RESULTS KIND FILE COMPILER [FLAG]…
if [ "$1" = --one ]; then
  results=$2
  kind=$3
  name=$(basename "$4" .cpp)
  shift 3
  [ "$kind" = clang ] && only_first=-ferror-limit=1 || only_first=-fmax-errors=1
  work=$results/$name.work
  mkdir "$work" && check "$@" >"$results/$name.wrong"
  exit
fi

folder=$1
shift
results=$(mktemp -d) || exit 1
trap 'rm -rf "$results"' EXIT
kind=g++
"$@" --version 2>/dev/null </dev/null | grep -q clang && kind=clang
jobs=$(nproc 2>/dev/null || echo 1)
# What nearly all include is compiled once, for half of the time of all.
if "$@" -E -include ctgrad/core.hpp -x c++ /dev/null >/dev/null 2>&1; then
  mkdir "$results/once"
  echo '#include <ctgrad/core.hpp>' >"$results/once/core.hpp"
  [ "$kind" = clang ] && suffix=pch || suffix=gch
  "$@" -x c++-header "$results/once/core.hpp" -o "$results/once/core.hpp.$suffix" && set -- "$@" -include "$results/once/core.hpp"
fi
find "$folder" -name '*.cpp' | sort | xargs -P "$jobs" -I '{}' sh "$0" --one "$results" "$kind" '{}' "$@"

passed=0
failed=0
for source in "$folder"/*.cpp; do
  [ -e "$source" ] || break
  name=$(basename "$source" .cpp)
  if [ -e "$results/$name.wrong" ] && ! [ -s "$results/$name.wrong" ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'FAILED: %s.cpp (%s)\n' "$name" "$kind"
    cat "$results/$name.wrong" || printf '  it was not checked\n'
  fi
done

if [ "$((passed + failed))" -eq 0 ]; then
  printf 'FAILED: no files in %s\n' "$folder"
  failed=1
fi
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
