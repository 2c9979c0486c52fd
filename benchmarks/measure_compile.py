#!/usr/bin/env python3
"""Measures what it costs to compile, of ctgrad and its peers: a table, and a chart of how it grows.

Processor seconds (user) and peak memory of each compiler at -O0 -g, -O2 and -O2 -g, the least of the runs; bytes of the object; the longest symbol; what clang counts: template instantiations, and
constexpr steps, the least limit on one constant evaluation with which the source compiles. What does not compile at the compilers' own limits is in the table, with the limit that it breaks.
For torch.compile and JAX, where PYTHON has them: the seconds of the first call.

usage: measure_compile.py [--compiler COMPILER]... [--case TEXT]... [--runs N] [--steps] [--python PYTHON] [--markdown FILE] [--svg FILE] INCLUDE

SPDX-License-Identifier: BSL-1.0
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
from dataclasses import dataclass

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "peers"))

import growth_chart  # noqa: E402
import table  # noqa: E402
from compilation import Compiler, constexpr_steps, instantiations, longest_symbol  # noqa: E402

LEVELS = [["-O0", "-g"], ["-O2"], ["-O2", "-g"]]
CHAIN = [25, 100, 400, 1600, 3200, 5000]
STEPS = lambda nodes: (nodes + 7) // 14  # of compile/chain.cpp
LONG_S = 20  # what takes longer is measured once


@dataclass
class Case:
    title: str
    source: str
    options: tuple = ()
    nodes: int = 0

    @property
    def is_peer(self):
        return self.source.startswith("peers/")


CASES = [
    Case("umbrella", "umbrella"),
    Case("logistic regression", "features"),
    Case("the same, by Eigen", "peers/eigen"),
    Case("the same, by xtensor", "peers/xtensor"),
    Case("the same, by Boost autodiff", "peers/boost_autodiff"),
    Case("the same, by ADOL-C", "peers/adolc"),
    Case("logistic regression, matrix", "logistic_regression"),
    Case("softmax cross-entropy", "cross_entropy"),
    Case("digits network", "digits"),
    Case("residual network, 12 blocks", "residual"),
    *(Case(f"LSTM cell, {steps} times", "lstm", (f"-DSTEPS={steps}",)) for steps in (5, 20, 100)),
    *(Case(f"transformer, {layers} {'layer' if layers == 1 else 'layers'}", "transformer", (f"-DLAYERS={layers}",)) for layers in (1, 2, 12)),
    *(Case(f"chain, {nodes} nodes", "chain", (f"-DNODES={nodes}",), nodes) for nodes in CHAIN),
]
FIRST_CALLS = [("logistic_regression", 0), *(("chain", nodes) for nodes in CHAIN)]


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--compiler", action="append", default=[])
    parser.add_argument("--case", action="append", default=[], help="only cases with this in the title")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--steps", action="store_true", help="constexpr steps too: some ten compilations of each source")
    parser.add_argument("--python", help="a Python with torch or jax")
    parser.add_argument("--markdown", type=pathlib.Path)
    parser.add_argument("--svg", type=pathlib.Path)
    parser.add_argument("include", type=pathlib.Path)
    return parser.parse_args()


def measure(compiler, case, work, runs, with_steps):
    """[(level, compilation, longest symbol)], and what clang counts, of one case."""
    source, target = HERE / "compile" / f"{case.source}.cpp", f"{work}/object.o"
    rows = []
    for level in LEVELS:
        made = [compiler.compile(source, target, *level, *case.options)]
        while made[-1].failure is None and len(made) < runs and made[-1].seconds < LONG_S:
            made.append(compiler.compile(source, target, *level, *case.options))
        best = min(made, key=lambda c: c.seconds)
        best.megabytes = min(c.megabytes for c in made)
        rows.append((level, best, longest_symbol(target) if best.failure is None else 0))
    compiled = any(c.failure is None for _, c, _ in rows)
    count = instantiations(compiler, source, target, *case.options) if compiled and compiler.is_clang else None
    steps = constexpr_steps(compiler, source, target, *case.options) if with_steps and compiler.is_clang and not case.is_peer else None
    return rows, count, steps


def is_installed(compiler, case, work):
    """Whether a peer's own header is found."""
    first = next(line for line in (HERE / "compile" / f"{case.source}.cpp").read_text().splitlines() if line.startswith("#include"))
    probe = pathlib.Path(work) / "probe.cpp"
    probe.write_text(first + "\n")
    return compiler.compile(probe, f"{work}/probe.o", "-E").failure is None


def first_call(python, library, case, nodes, work):
    """The seconds of the first call, or why there are none."""
    command = [python, HERE / "compile" / "first_call.py", library, case, *([str(STEPS(nodes))] if nodes else [])]
    settings = {"TORCHINDUCTOR_CACHE_DIR": work, "TORCHINDUCTOR_FORCE_DISABLE_CACHES": "1", "CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **settings}, timeout=600)
    except subprocess.TimeoutExpired:
        return "takes more than 600 s"
    last = (done.stdout + done.stderr if done.returncode else done.stdout).strip().splitlines()[-1:] or ["no message"]
    return float(last[0]) if done.returncode == 0 else f"skipped: {last[0][:120]}" if done.returncode == 77 else f"failed: {last[0][:120]}"


class Report:
    """The rows and lines so far; written anew after each case, since a run takes long."""

    def __init__(self, machine, options):
        self.machine, self.options, self.rows, self.series, self.notes = machine, options, [], {}, []

    def add(self, *cells):
        self.rows.append(cells)
        print(" | ".join(str(c) for c in cells), flush=True)

    def point(self, name, nodes, seconds):
        if nodes:
            self.series.setdefault(name, []).append((nodes, seconds))

    def write(self):
        head = ["source", "compiler", "options", "user s", "MB", "object, KB", "longest symbol", "instantiations", "constexpr steps"]
        lines = [*self.machine, "", f"| {' | '.join(head)} |", "|---|---|---|" + "---:|" * 6, *(f"| {' | '.join(row)} |" for row in self.rows), "", *(f"- {n}" for n in self.notes), ""]
        if self.options.markdown:
            self.options.markdown.write_text("\n".join(lines), encoding="utf-8")
        if self.options.svg and self.series:
            self.options.svg.write_text(growth_chart.svg(self.series, self.machine, "chain of operations, value and gradients: seconds to the object, or to the first result"), encoding="utf-8")


def add_case(report, compiler, case, work, options):
    rows, count, steps = measure(compiler, case, work, options.runs, options.steps)
    for place, (level, made, symbol) in enumerate(rows):
        level = " ".join(level)
        head = (case.title, compiler.name, level)
        if made.failure:
            report.add(*head, f"{made.seconds:.1f}", f"{made.megabytes:.0f}", made.failure, "", "", f"{steps:,}" if steps and place == 0 else "")
            continue
        counted = (f"{count:,}" if count else "", f"{steps:,}" if steps else "") if place == 0 else ("", "")
        report.add(*head, f"{made.seconds:.2f}", f"{made.megabytes:.0f}", f"{made.bytes / 1024:.0f}", str(symbol), *counted)
        report.point(f"{compiler.name} {level}", case.nodes, made.seconds)


def main():
    options = parse_options()
    compilers = [Compiler(c, ["-std=c++20", "-march=native", "-I", str(options.include), *eigen_options()]) for c in options.compiler or ["g++", "clang++-19"]]
    report = Report(table.describe_machine(1, options.runs, compilers[0].command, options.python or "python3", ["torch", "jax"], ["xsimd", "eigen3", "xtensor"]), options)
    report.machine[0] = report.machine[0].replace("medians of", "least of").replace(", contenders in turns", f" ({LONG_S} s and longer: of one)")
    chosen = [c for c in CASES if not options.case or any(text in c.title for text in options.case)]
    with tempfile.TemporaryDirectory() as work:
        for case in chosen:
            for compiler in compilers:
                if case.is_peer and not is_installed(compiler, case, work):
                    report.notes.append(f"{case.title}: skipped: it is not installed")
                    print(report.notes[-1], flush=True)
                    continue
                add_case(report, compiler, case, work, options)
                report.write()
        for name, nodes in FIRST_CALLS if options.python and not options.case else []:
            for library, title in (("torch", "torch.compile"), ("jax", "jax.jit")):
                seconds = first_call(options.python, library, name, nodes, work)
                known = isinstance(seconds, float)
                report.add(f"chain, {nodes} nodes" if nodes else "logistic regression", title, "first call", f"{seconds:.2f}" if known else seconds, "", "", "", "", "")
                if known:
                    report.point(f"{title}, first call", nodes, seconds)
                report.write()


def eigen_options():
    """Where Eigen lies, which is nowhere that compilers look."""
    try:
        return subprocess.run(["pkg-config", "--cflags", "eigen3"], capture_output=True, text=True).stdout.split()
    except OSError:
        return []


if __name__ == "__main__":
    main()
