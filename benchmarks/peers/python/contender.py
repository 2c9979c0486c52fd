"""What a contender in Python is; cpp/contender.hpp has the protocol.

usage: with_LIBRARY.py NAME CASE [SIZE]...

SPDX-License-Identifier: BSL-1.0
"""

import importlib
import os
import sys
import time

BATCH_SECONDS = 20e-3
NOT_AVAILABLE = 77


def imports(*modules):
    """The modules; ends the contender with one line where one is missing."""
    try:
        return [importlib.import_module(m) for m in modules]
    except ImportError as error:
        print(f"{error}; compare.py --install-python-peers installs it")
        sys.exit(NOT_AVAILABLE)


def threads():
    return int(os.environ.get("OMP_NUM_THREADS", "1"))


def checksum(values):
    """As checksum in cpp/contender.hpp: numbers as they are, arrays by six numbers at the scale of their root mean square."""
    import numpy
    from data import uniforms

    text = []
    for value in values:
        x = numpy.asarray(value, dtype=numpy.float64).ravel()
        if numpy.ndim(value) == 0:
            text.append(f"{x[0]:.9g}@{abs(x[0]):.3g}")
            continue
        n, size = len(x), numpy.sqrt(numpy.mean(x * x))
        numbers = [size, numpy.mean(x * uniforms(99, n)), x[0], x[n // 3], x[2 * n // 3], x[n - 1]]
        text += [f"{v:.9g}@{size:.3g}" for v in numbers]
    return " ".join(text)


def seconds(calls, call):
    start = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - start) / calls


def serve(name, call, values):
    """Serves `name`: `call()` computes and returns its results when they are there, `values(results)` are what is compared."""
    for _ in range(3):
        results = call()  # compilers of loops compile now
    print("ready", name, checksum(values(results)), flush=True)
    calls = 0
    for line in sys.stdin:
        if line != "run\n":
            break
        if calls == 0:
            calls = 1
            while min(seconds(calls, call) for _ in range(3)) * calls < BATCH_SECONDS:
                calls *= 2
        elif calls > 1:
            call()
        print(f"{seconds(calls, call):.9g}", flush=True)


def main(cases):
    """Serves the case named on the command line, of `cases`: functions of a problem that return the call and what of its results is compared."""
    import problems

    name, case = sys.argv[1:3]
    sizes = [int(s) for s in sys.argv[3:]]
    if case not in cases:
        print(f"{name} has no {case}")
        sys.exit(NOT_AVAILABLE)
    call, *values = cases[case](getattr(problems, case)(*sizes))
    serve(name, call, values[0] if values else lambda results: results)
