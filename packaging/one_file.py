#!/usr/bin/env python3
"""Writes ctgrad as one header, which needs Boost and xsimd only: for trying things out where one file is all that one can have, as on a web compiler.

usage: one_file.py HEADER OUTPUT, as in one_file.py include/ctgrad/ctgrad.hpp ctgrad.hpp

SPDX-License-Identifier: BSL-1.0
"""

import pathlib
import re
import sys

INCLUDE = re.compile(r'\s*#\s*include\s+"([^"]+)"')
EXISTS = re.compile(r'__has_include\("([^"]+)"\)')


def lines_of(path, seen):
    """The lines of a header with those of ours that it includes in their place, each once."""
    if path in seen:
        return
    seen.add(path)
    for line in path.read_text(encoding="utf-8").splitlines():
        found = INCLUDE.match(line)
        if found:
            yield from lines_of((path.parent / found.group(1)).resolve(strict=True), seen)
        elif line.strip() != "#pragma once":
            yield EXISTS.sub(lambda m: str(int((path.parent / m.group(1)).exists())), line)


def main():
    header, output = map(pathlib.Path, sys.argv[1:])
    text = "\n".join(["#pragma once", *lines_of(header.resolve(strict=True), set()), ""])
    output.write_text(text, encoding="utf-8")


main()
