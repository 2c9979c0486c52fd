#!/usr/bin/env python3
"""Compiles the C++ of Markdown pages: what a reader copies has to compile. One pass (-fsyntax-only) a page.

Each ```cpp block is a namespace of its own. An HTML comment right above it holds what the page does not show:

    <!-- cpp
    #include <vector>
    void f(std::vector<float>& labels) {
      ...
    }
    -->

The block stands where `...` is, or behind the comment where there is none. `<!-- cpp: continues` goes on in the namespace of the block before,
`<!-- cpp: of PACKAGE.h` leaves the block out where that header is not installed. Lines of #include come first in the page's translation unit.

usage: snippets.py PAGE... -- COMPILER [FLAG]...
SPDX-License-Identifier: BSL-1.0
"""
import re
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"(?:^<!-- cpp(?P<how>[^\n]*)\n(?P<hidden>.*?)-->\n)?^```cpp\n(?P<code>.*?)^```$", re.M | re.S)


def has_header(compiler, header):
    return subprocess.run(compiler + ["-fsyntax-only", "-x", "c++", "-include", header, "/dev/null"], capture_output=True).returncode == 0


def translation_unit(path, compiler):
    """The page's blocks as one source, in which compilers name lines of the page; and how many they are."""
    page = open(path, encoding="utf-8").read()
    includes, body, count = ["#include <ctgrad/ctgrad.hpp>", "namespace ct = ctgrad;", "using namespace ct::literals;"], [], 0
    for block in BLOCK.finditer(page):
        how = block["how"] or ""
        needed = re.search(r": of (\S+)", how)
        if needed and not has_header(compiler, needed[1]):
            continue
        before, _, after = (block["hidden"] or "").partition("...\n")
        line = 1 + page.count("\n", 0, block.start("code"))
        if "continues" not in how:
            body.append(("}\n" if count else "") + f"namespace block{count} {{")
        body += [before, f'#line {line} "{path}"', block["code"], after]
        count += 1
    lines = "\n".join(body + ["}" if count else ""]).split("\n")
    hoisted = [l if l.startswith("#include") else "" for l in lines]
    rest = ["" if l.startswith("#include") else l for l in lines]
    return "\n".join(includes[:1] + [l for l in hoisted if l] + includes[1:] + rest) + "\n", count


def main():
    split = sys.argv.index("--")
    pages, compiler = sys.argv[1:split], sys.argv[split + 1:]
    failed = total = 0
    for path in pages:
        source, count = translation_unit(path, compiler)
        if not count:
            continue
        with tempfile.NamedTemporaryFile("w", suffix=".cpp") as unit:
            unit.write(source)
            unit.flush()
            result = subprocess.run(compiler + ["-fsyntax-only", "-w", "-fdiagnostics-color=never", "-fmessage-length=0", unit.name], capture_output=True, text=True)
        total += count
        if result.returncode:
            failed += 1
            lines = [l for l in result.stderr.split("\n") if "error" in l or l.startswith(path)]
            print(f"FAILED: {path}", *(l[:400] for l in lines[:8]), sep="\n  ")
    print(f"{total} blocks of {len(pages)} pages, {failed} pages failed")
    sys.exit(failed != 0)


main()
