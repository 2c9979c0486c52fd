#!/usr/bin/env python3
"""Adds up a meson-logs/testlog.json: prints the tests that failed, what was skipped, and as its last line "PASSED FAILED".

A test counts by what its own report says (Boost.Test's cases, or a last line "N passed, N failed"), else as one.
A test that ends badly counts as at least one failure, whatever it says.

usage: count.py TESTLOG
SPDX-License-Identifier: BSL-1.0
"""

import json
import re
import sys

CASES = re.compile(r"^ *(\d+) test cases? out of \d+ (passed|failed)", re.M)  # the aborted are among the failed
COUNTS = re.compile(r"^(\d+) passed, (\d+) failed\s*\Z", re.M)


def count(test):
    """The numbers of passed and failed checks in one test of the log."""
    output = test.get("stdout", "") + "\n" + test.get("stderr", "")
    good = test["result"] in ("OK", "EXPECTEDFAIL")
    passed = failed = 0
    if counts := COUNTS.search(test.get("stdout", "").rstrip()):
        passed, failed = int(counts[1]), int(counts[2])
    else:
        for number, how in CASES.findall(output):
            if how == "passed":
                passed += int(number)
            else:
                failed += int(number)
    if good and passed + failed == 0:
        passed = 1
    if not good and failed == 0:
        failed = 1
    return passed, failed


def main():
    total_passed = total_failed = 0
    with open(sys.argv[1], encoding="utf-8") as log:
        for line in log:
            test = json.loads(line)
            if test["result"] == "SKIP":
                print(f"skipped: {test['name']}")
                continue
            passed, failed = count(test)
            for line in test.get("stdout", "").splitlines():
                if line.startswith("skipped: "):
                    print(line)
            if failed:
                print(f"failed: {test['name']} ({test['result']}; {passed} passed, {failed} failed)")
            total_passed += passed
            total_failed += failed
    print(total_passed, total_failed)


main()
