#!/usr/bin/env python3
"""Tests of what measures compilations: what is above a budget, what compilers say of their limits, the chart.

usage: test_compile.py

SPDX-License-Identifier: BSL-1.0
"""

import pathlib
import sys
import unittest
import xml.etree.ElementTree as xml

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parent / "peers")]

import check_budgets  # noqa: E402
import compilation  # noqa: E402
import growth_chart  # noqa: E402


class budgets(unittest.TestCase):
    BUDGET = {"instantiations": 1000, "constexpr steps": 200, "longest symbol": 0}

    def test_five_per_cent_is_allowed(self):
        self.assertEqual(check_budgets.excesses("a", {"instantiations": 1050, "constexpr steps": 210, "longest symbol": 0}, self.BUDGET), [])

    def test_more_is_named(self):
        over = check_budgets.excesses("a", {"instantiations": 1051, "constexpr steps": 100, "longest symbol": 1}, self.BUDGET)
        self.assertEqual(over, ["a: 1,051 instantiations, where 1,000 are its budget", "a: 1 longest symbol, where 0 are its budget"])

    def test_no_object(self):
        self.assertEqual(check_budgets.excesses("a", None, self.BUDGET), ["a does not compile"])


class limits(unittest.TestCase):
    def test_of_clang(self):
        text = "error: constexpr variable 'tried' must be initialized by a constant expression\nnote: constexpr evaluation hit maximum step limit; possible infinite loop?\nnote: in call to 'g.size()'\n" \
               "note: in call to 'simplify<&ctgrad::detail::write_default_rules, void>(g)'\n"
        self.assertEqual(compilation.explain(text), "breaks the limit of constexpr steps in simplify")

    def test_of_gcc(self):
        text = "in 'constexpr' expansion of 'ctgrad::detail::fuser(g, classes).ctgrad::detail::fuser::run()'\nerror: 'constexpr' evaluation operation count exceeds limit of 33554432\n"
        self.assertEqual(compilation.explain(text), "breaks the limit of constexpr steps in fuse")

    def test_another_error(self):
        self.assertEqual(compilation.explain("a.cpp:1:1: error: expected ';'\n"), "does not compile: expected ';'")
        self.assertEqual(compilation.explain("Killed\n", True), "takes too long")


class growth(unittest.TestCase):
    def test_lines_rise(self):
        root = xml.fromstring(growth_chart.svg({"g++ <-O2>": [(25, 2.0), (2500, 20.0)]}, ["a <machine>"], "title"))
        (line,) = root.iter("{http://www.w3.org/2000/svg}polyline")
        (x1, y1), (x2, y2) = (map(float, point.split(",")) for point in line.get("points").split())
        self.assertLess(x1, x2)
        self.assertGreater(y1, y2)


if __name__ == "__main__":
    unittest.main()
