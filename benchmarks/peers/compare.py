#!/usr/bin/env python3
"""Times ctgrad and its peers side by side: each case's contenders in one run, on the same numbers, in turns, each checked against ctgrad's results.

usage: compare.py [--build FOLDER] [--threads N] [--rounds N] [--case TEXT]... [--contender NAME]... [--markdown FILE] [--svg FILE] [--install-python-peers] [--list]

The folder is a build of this project (`./quickstart bench peers` makes it). Peers in Python come from FOLDER/python-peers, which --install-python-peers fills (7 GB with what
PyTorch brings), or from --python. Status 1 where a contender failed or computed something else.

SPDX-License-Identifier: BSL-1.0
"""

import argparse
import os
import pathlib
import subprocess
import sys
import venv

import cases
import chart
import contest
import table

ROOT = cases.HERE.parent.parent
PACKAGES = ["numpy", "scipy", "torch", "jax", "jaxlib", "casadi"]
LIBRARIES = ["xsimd", "openblas", "eigen3", "xtensor", "adolc"]


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build", help="the build folder")
    parser.add_argument("--threads", type=int, default=min(2, len(os.sched_getaffinity(0))), help="of every contender, on as many processors")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=20, help="what a contender may take of a case; the slow take part in fewer rounds")
    parser.add_argument("--case", action="append", default=[], help="only cases with this in the title or name")
    parser.add_argument("--contender", action="append", default=[], help="only these, and ctgrad")
    parser.add_argument("--python", type=pathlib.Path, help="the Python of the peers in Python")
    parser.add_argument("--compiler", default="c++", help="only named in the table")
    parser.add_argument("--markdown", type=pathlib.Path)
    parser.add_argument("--svg", type=pathlib.Path)
    parser.add_argument("--install-python-peers", action="store_true")
    parser.add_argument("--list", action="store_true", help="print the cases and their contenders")
    return parser.parse_args()


def install(folder):
    """A virtual environment with the peers in Python. Their packages come with CUDA, which is not used."""
    venv.create(folder, with_pip=True)
    subprocess.run([folder / "bin" / "python", "-m", "pip", "install", "numpy", "scipy", "casadi", "jax", "torch"], check=True)


def main():
    options = parse_options()
    chosen = [c for c in cases.CASES if not options.case or any(text in c.title or text == c.name for text in options.case)]
    if options.list:
        for case in chosen:
            print(f"{case.title}: {' '.join(case.contenders)}")
        return 0
    available = len(os.sched_getaffinity(0))
    if not 1 <= options.threads <= available:
        sys.exit(f"compare.py: {options.threads} threads, and this process may use {available} {'processor' if available == 1 else 'processors'}")
    peers = options.build / "python-peers"
    if options.install_python_peers:
        install(peers)
    python = str(options.python or (peers / "bin" / "python" if (peers / "bin" / "python").exists() else sys.executable))
    machine = table.describe_machine(options.threads, options.rounds, options.compiler, python, PACKAGES, LIBRARIES)
    settings = {"TORCHINDUCTOR_CACHE_DIR": str((options.build / "python-peers-cache").resolve())}

    results, failures = [], []
    say = lambda text: print("  " + text, flush=True)
    print("\n".join(machine), flush=True)
    for case in chosen:
        print(f"\n{case.title}", flush=True)
        commands = {name: case.command(name, options.build, python) for name in case.contenders
                    if name == cases.OURS or not options.contender or name in options.contender}
        rows, bad = contest.hold(case, commands, cases.OURS, cases.STREAM, options.threads, options.rounds, options.seconds, say, settings)
        failures += [f"{case.title}: {name}" for name in bad]
        if not rows:
            failures.append(f"{case.title}: no {cases.OURS}")
            say(f"{cases.OURS} did not run: nothing to compare with")
            continue
        results.append((case, rows))
        for name, (time, quotient) in sorted(rows.items(), key=lambda row: row[1][1]):
            speed = f"{case.bytes(name) / time / 1e9:8.1f} GB/s" if case.arrays else ""
            print(f"  {name:<14}{table.seconds(time):>10}{table.ratio(quotient):>8}{speed}", flush=True)
        for file, text in ((options.markdown, table.markdown), (options.svg, chart.svg)):  # after each case: a run takes long
            if file:
                file.write_text(text(results, cases.OURS, machine), encoding="utf-8")
    if failures:
        print("\nfailed: " + "; ".join(failures))
    return 1 if failures else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
