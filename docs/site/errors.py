#!/usr/bin/env python3
"""Writes the pages of compile errors, one for each family: message, mistake and correction, from the tests that hold them.

usage: errors.py tests/fail OUTPUT_FOLDER
SPDX-License-Identifier: BSL-1.0
"""
import pathlib
import re
import sys

FAMILIES = {  # by the headers that a test includes; the first that fits
    "networks": ["nn", "layers", "activations", "losses", "normalization", "convolution", "random", "generator"],
    "training": ["optim", "parameters", "train", "stream"],
    "programs": ["program", "instrument"],
    "tensors": ["shapes", "indexing", "sorting", "linalg", "statistics", "einsum", "equivalent", "evaluate"],
    "expressions": [],
}


def family_of(source):
    headers = set(re.findall(r"#include <ctgrad/(\w+)\.hpp>", source))
    return next(name for name, of in FAMILIES.items() if not of or headers & set(of))


def part(source, fixed):
    """What the test compiles with the mistake, or with the correction, that stands nowhere else."""
    found = re.findall(r"#ifdef CTGRAD_FIXED\n(.*?)(?:#else\n(.*?))?#endif", source, re.S)
    return "".join(re.sub(r"  // here$", "", yes if fixed else no, flags=re.M) for yes, no in found)


def main():
    tests, output = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    pages = {name: f"# Errors: {name}\n" for name in FAMILIES}
    for path in sorted(tests.glob("*.cpp")):
        source = path.read_text(encoding="utf-8")
        message = " … ".join(re.findall(r"// expect(?:\(g\+\+\))?: *(.*)", source))
        page = f"\n## {path.stem.replace('_', ' ')}\n\n```\n{message}\n```\n"
        shared = re.search(r"using namespace ct::literals;\n\n?(.*?)#ifdef", source, re.S)
        declarations = shared[1].strip() + "\n" if shared else ""
        for title, code in ("The mistake", part(source, False)), ("Instead", part(source, True)):
            page += f"\n{title}:\n```cpp\n{declarations if title == 'The mistake' else ''}{code}```\n" if code else ""
        pages[family_of(source)] += page
    for name, page in pages.items():
        (output / f"errors_{name}.md").write_text(page, encoding="utf-8")


main()
