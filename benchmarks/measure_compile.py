#!/usr/bin/env python3
"""Measures what it costs to compile: processor seconds (user) and peak memory of the compiler, smallest of three runs.

Each COMPILE/*.cpp (umbrella.cpp is the header alone), with every compiler given, at -O2, -O2 -g and -O0 -g.

usage: measure_compile.py [--compiler COMPILER]... -- INCLUDE COMPILE
SPDX-License-Identifier: BSL-1.0
"""

import argparse
import os
import pathlib
import sys
import tempfile

RUNS = 3
LEVELS = [["-O2"], ["-O2", "-g"], ["-O0", "-g"]]


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
        print(f"{'compile time':<24} {'compiler':<12} {'options':<8} {'seconds':>8} {'MB':>6}")
        for source in sorted(options.folder.glob("*.cpp")):
            for compiler in options.compiler:
                for level in LEVELS:
                    command = [compiler, "-std=c++20", *level, "-march=native", "-I", str(options.include), "-c", str(source), "-o", f"{work}/object.o"]
                    runs = [measure(command) for _ in range(RUNS)]
                    row = f"{source.stem:<24} {pathlib.Path(compiler).name:<12} {' '.join(level):<8}"
                    if None in runs:
                        failures += 1
                        print(f"{row} does not compile")
                        continue
                    print(f"{row} {min(r[0] for r in runs):8.2f} {min(r[1] for r in runs):6.0f}", flush=True)
    sys.exit(1 if failures else 0)


main()
