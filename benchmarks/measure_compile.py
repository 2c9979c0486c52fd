#!/usr/bin/env python3
"""Measures what it costs to compile: processor seconds (user) and peak memory of the compiler, smallest of three runs.

The umbrella header alone, then each COMPILE/*.cpp, with every compiler given and -O2.

usage: measure_compile.py [--compiler COMPILER]... -- INCLUDE COMPILE
SPDX-License-Identifier: BSL-1.0
"""

import argparse
import os
import pathlib
import sys
import tempfile

RUNS = 3


def measure(command):
    """User seconds and peak memory in MB of one run of the command; None if it fails."""
    child = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(child, 0)
    return (usage.ru_utime, usage.ru_maxrss / 1024) if status == 0 else None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--compiler", action="append", default=[])
    parser.add_argument("include", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    options = parser.parse_args()

    failures = 0
    with tempfile.TemporaryDirectory() as work:
        umbrella = pathlib.Path(work, "umbrella.cpp")
        umbrella.write_text("#include <ctgrad/ctgrad.hpp>\n", encoding="utf-8")
        print(f"{'compile time':<28} {'compiler':<12} {'seconds':>8} {'MB':>6}")
        for source in [umbrella, *sorted(options.folder.glob("*.cpp"))]:
            for compiler in options.compiler:
                command = [compiler, "-std=c++20", "-O2", "-march=native", "-I", str(options.include), "-c", str(source), "-o", f"{work}/object.o"]
                runs = [measure(command) for _ in range(RUNS)]
                if None in runs:
                    failures += 1
                    print(f"{source.stem:<28} {pathlib.Path(compiler).name:<12} does not compile")
                    continue
                print(f"{source.stem:<28} {pathlib.Path(compiler).name:<12} {min(r[0] for r in runs):8.2f} {min(r[1] for r in runs):6.0f}")
    sys.exit(1 if failures else 0)


main()
