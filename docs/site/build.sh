#!/bin/sh
# Builds the site: the pages of docs/ and the README, the reference of operations from the op table, that of functions from the headers, the errors from their tests.
#
# usage: build.sh SOURCE_ROOT OUTPUT_FOLDER COMPILER [FLAG]...
# SPDX-License-Identifier: BSL-1.0
set -eu
root=$1
output=$2
shift 2
mkdir -p "$output"
pages=$(mktemp -d)
trap 'rm -rf "$pages"' EXIT

"$@" -std=c++20 -I "$root/include" "$root/docs/site/operations.cpp" -o "$pages/write_operations"
"$pages/write_operations" <"$root/docs/pytorch.md" >"$pages/operations.md"
python3 "$root/docs/site/functions.py" "$root" "$pages"
python3 "$root/docs/site/errors.py" "$root/tests/fail" "$pages"
cp "$root"/docs/*.md "$pages"
sed -e 's|](docs/|](|g' "$root/README.md" >"$pages/index.md"

for page in "$pages"/*.md; do
  name=$(basename "$page" .md)
  # Links between pages stay within the site; files of the repository are named, and no links.
  sed -e 's|](\([a-z_]*\)\.md\(#[^)]*\)*)|](\1.html\2)|g' -e 's#\[\([^]]*\)\](\(\.\./\)*\(LICENSE\|[a-z_]*/\)[^)]*)#\1#g' "$page" |
    pandoc --from gfm+tex_math_dollars --to html5 --standalone --toc --toc-depth 2 --mathml --css style.css --include-before-body "$root/docs/site/navigation.html" \
      --metadata "pagetitle=ctgrad: $name" --output "$output/$name.html"
done
cp "$root/docs/site/style.css" "$output"

grep -oh 'href="[^"#:]*["#]' "$output"/*.html | sed -e 's|href="||' -e 's|["#]$||' | sort -u | while read -r page; do
  [ -z "$page" ] || [ -e "$output/$page" ] || { echo "a link to $page, which is no page of the site" >&2 && exit 1; }
done
echo "$output/index.html"
