#!/usr/bin/env python3
"""Fails where a small source costs the compiler more than its budget in compile/budgets.json, by more than 5%: template instantiations, constexpr steps, the longest symbol.

They are clang's counts, at -O0, for one kind of processor: the same at each run. Of other versions of clang, libstdc++, Boost or xsimd they differ: with those the check is skipped, with status 77.

usage: check_budgets.py [--update] CLANG INCLUDE [FLAG]...

With --update the figures are written, not compared: `python3 benchmarks/check_budgets.py --update clang++-19 include`, and the commit says why they grew.

SPDX-License-Identifier: BSL-1.0
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

from compilation import Compiler, constexpr_steps, instantiations, longest_symbol

HERE = pathlib.Path(__file__).resolve().parent
BUDGETS = HERE / "compile" / "budgets.json"
SOURCES = {
    "umbrella": ("umbrella",),
    "logistic regression": ("features",),
    "digits": ("digits",),
    "chain 25": ("chain", "-DNODES=25"),
    "chain 100": ("chain", "-DNODES=100"),
    "chain 400": ("chain", "-DNODES=400"),
    "chain 5000": ("chain", "-DNODES=5000"),
}
MARGIN = 1.05
OWN_LIMIT = 1 << 20  # of steps, clang's where nothing else is said: what compiles today compiles without an option
SKIPPED = 77
# What the counts depend on besides ours.
VERSIONS = """
#include <boost/version.hpp>
#include <xsimd/xsimd.hpp>
clang __clang_major__ libstdc++ _GLIBCXX_RELEASE boost BOOST_VERSION xsimd XSIMD_VERSION_MAJOR XSIMD_VERSION_MINOR
"""


def versions(compiler, work):
    """'clang 19, libstdc++ 12, ...', by the preprocessor."""
    probe = pathlib.Path(work) / "versions.cpp"
    probe.write_text(VERSIONS)
    text = subprocess.run([compiler.command, *compiler.options, "-E", "-P", str(probe)], capture_output=True, text=True, check=True).stdout.strip().splitlines()[-1]
    return re.sub(r" (?=libstdc|boost|xsimd)", ", ", text)


def measure(compiler, source, work, allowed=None):
    """The figures of a source. Its steps are those allowed, where they are enough: to know is one compilation, to find the least is ten."""
    name, *options = source
    path, target = HERE / "compile" / f"{name}.cpp", f"{work}/object.o"
    within = [f"-fconstexpr-steps={min(int(allowed * MARGIN), OWN_LIMIT)}"] if allowed else []
    count = instantiations(compiler, path, target, *options, *within)
    steps = allowed
    if count is None or not allowed:
        steps = constexpr_steps(compiler, path, target, *options, accuracy=0.005)
        count = instantiations(compiler, path, target, *options)
    if count is None:
        return None
    return {"instantiations": count, "constexpr steps": steps, "longest symbol": longest_symbol(target)}


def excesses(name, figures, budget):
    """What of a source's figures is above its budget, as lines."""
    if figures is None:
        return [f"{name} does not compile"]
    return [f"{name}: {figures[what]:,} {what}, where {most:,} are its budget" for what, most in budget.items() if figures[what] > most * MARGIN]


def main():
    arguments = sys.argv[1:]
    update = "--update" in arguments
    if update:
        arguments.remove("--update")
    clang, include, *flags = arguments
    compiler = Compiler(clang, ["-std=c++20", "-march=x86-64-v3", "-I", include, *flags])
    budgets = {} if update else json.loads(BUDGETS.read_text())
    over = []
    with tempfile.TemporaryDirectory() as work:
        found = versions(compiler, work)
        if not update and found != budgets["versions"]:
            print(f"skipped: the budgets are of {budgets['versions']}, and this is {found}")
            sys.exit(SKIPPED)
        result = {"versions": found}
        for name, source in SOURCES.items():
            budget = budgets.get(name, {})
            result[name] = measure(compiler, source, work, budget.get("constexpr steps"))
            print(f"{name}: {result[name]}", flush=True)
            over += excesses(name, result[name], budget)
    if update:
        BUDGETS.write_text(json.dumps(result, indent=2) + "\n")
    if over:
        print("above budget:", *over, "", f"If that is meant: python3 benchmarks/check_budgets.py --update {clang} include", sep="\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
