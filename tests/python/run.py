#!/usr/bin/env python3
"""Runs the unittest cases of one file, says which were skipped and why, and prints what tests/count.py counts: "N passed, N failed".

usage: run.py FILE
SPDX-License-Identifier: BSL-1.0
"""

import importlib.util
import sys
import unittest


def main():
    spec = importlib.util.spec_from_file_location("suite", sys.argv[1])
    module = importlib.util.module_from_spec(spec)
    sys.modules["suite"] = module
    spec.loader.exec_module(module)
    result = unittest.TextTestRunner().run(unittest.defaultTestLoader.loadTestsFromModule(module))
    for test, reason in result.skipped:
        print(f"skipped: {test.id()}: {reason}")
    failed = len({test.id() for test, _ in result.failures + result.errors}) + len(result.unexpectedSuccesses)
    passed = result.testsRun - failed - len(result.skipped)
    if passed + failed == 0:
        failed = 0 if result.skipped else 1
    print(f"{passed} passed, {failed} failed")
    return failed > 0


sys.exit(main())
