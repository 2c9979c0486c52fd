"""The results as Markdown: a row for each contender of a case, and the machine they were measured on.

SPDX-License-Identifier: BSL-1.0
"""

import os
import pathlib
import platform
import re
import subprocess


def seconds(value):
    """'1.23 ms'."""
    for unit, factor in (("s", 1), ("ms", 1e3), ("us", 1e6)):
        if value * factor >= 0.9995:
            return f"{value * factor:.3g} {unit}" if value * factor < 999.5 else f"{value * factor:.0f} {unit}"
    return f"{value * 1e9:.3g} ns"


def ratio(value):
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"


def markdown(results, ours, machine):
    """`results`: [(case, {name: (seconds, ratio)})]; `machine`: lines."""
    lines = [*machine, ""]
    for case, rows in results:
        moves = case.arrays > 0
        lines += [f"**{case.title}**", "", f"| contender | time | ÷ {ours} |{' GB/s |' if moves else ''}", f"|---|---:|---:|{'---:|' if moves else ''}"]
        for name, (time, quotient) in sorted(rows.items(), key=lambda row: row[1][1]):
            speed = f" {case.bytes(name) / time / 1e9:.1f} |" if moves else ""
            lines.append(f"| {f'**{name}**' if name == ours else name} | {seconds(time)} | {ratio(quotient)} |{speed}")
        lines.append("")
    return "\n".join(lines)


def first_line(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout.strip().splitlines()[0]
    except (OSError, IndexError, subprocess.TimeoutExpired):
        return None


def versions(python, packages):
    """'numpy 2.1, torch 2.5' of what that Python has."""
    script = "import importlib.metadata as m, sys\nfor p in sys.argv[1:]:\n  try: print(p, m.version(p))\n  except m.PackageNotFoundError: pass"
    try:
        return subprocess.run([python, "-c", script, *packages], capture_output=True, text=True, timeout=60).stdout.strip().splitlines()
    except OSError:
        return []


def describe_machine(threads, rounds, compiler, python, packages, libraries):
    """What the figures depend on, as lines."""
    cpu = platform.processor()
    info = pathlib.Path("/proc/cpuinfo")
    if info.exists():
        found = re.search(r"^model name\s*: (.*)$", info.read_text(), re.MULTILINE)
        cpu = found.group(1) if found else cpu
    libraries = [f"{name} {version}" for name in libraries if (version := first_line("pkg-config", "--modversion", name))]
    busy = f"load {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} processors before the run"  # with more than is free, threads wait for each other
    return [f"{cpu}, {threads} {'thread' if threads == 1 else 'threads'}, {busy}; medians of {rounds} rounds, contenders in turns; {first_line(compiler, '--version') or compiler}.",
            f"{', '.join(libraries + versions(python, packages))}; Python {platform.python_version()}."]
