#!/bin/sh
# Checks that each FOLDER/*.cpp does not compile, and that the first error line says what the user needs to hear.
#
# The file states its expectations, all of which must occur (as fixed strings, C locale) in the first line of output with "error:":
#   // expect: text            for every compiler
#   // expect(g++): text       for one of them
#   // expect(clang): text
# A file that mentions CTGRAD_FIXED holds the corrected code under #ifdef CTGRAD_FIXED, and must compile with it:
# so the error comes from the mistake, not from the rest of the file.
#
# usage: run_fail.sh FOLDER COMPILER [FLAG]...
# SPDX-License-Identifier: BSL-1.0
set -u
LC_ALL=C
export LC_ALL
folder=$1
shift

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
if "$@" --version 2>/dev/null </dev/null | grep -q clang; then
  kind=clang
  only_first=-ferror-limit=1
else
  kind=g++
  only_first=-fmax-errors=1
fi
passed=0
failed=0

compile() { "$@" -fsyntax-only -fdiagnostics-color=never -fmessage-length=0 "$only_first" >"$work/output" 2>&1 </dev/null; }

# Prints what is wrong with file $1; the rest is the compiler. Prints nothing if all is as expected.
check() {
  file=$1
  shift
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
  if grep -q CTGRAD_FIXED "$file" && ! compile "$@" -DCTGRAD_FIXED "$file"; then
    printf '  it does not compile with -DCTGRAD_FIXED either:\n'
    head -n 10 "$work/output" | sed 's/^/    /'
  fi
}

for source in "$folder"/*.cpp; do
  [ -e "$source" ] || break
  check "$source" "$@" >"$work/wrong"
  if [ -s "$work/wrong" ]; then
    failed=$((failed + 1))
    printf 'FAILED: %s (%s)\n' "${source##*/}" "$kind"
    cat "$work/wrong"
  else
    passed=$((passed + 1))
  fi
done

if [ "$((passed + failed))" -eq 0 ]; then
  printf 'FAILED: no files in %s\n' "$folder"
  failed=1
fi
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
