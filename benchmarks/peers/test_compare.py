#!/usr/bin/env python3
"""Tests of what compare.py does around the contenders: the numbers they share, who is refused or skipped, the table and the chart.

usage: test_compare.py [TEST_NUMBERS], the program built of test_numbers.cpp

SPDX-License-Identifier: BSL-1.0
"""

import pathlib
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as xml

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "python")]

import cases  # noqa: E402
import chart  # noqa: E402
import contest  # noqa: E402
import data  # noqa: E402
import table  # noqa: E402

PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else None
FAKE = """
import sys
print(sys.argv[1], flush=True)
for line in sys.stdin:
    print(sys.argv[2], flush=True)
"""


def fake(ready, answer="0.001"):
    """The command of a contender that says `ready`, then `answer` whenever it is told to run."""
    return [sys.executable, "-c", FAKE, ready, answer]


def hold(**commands):
    """What hold() makes of these contenders: rows, names that failed, what was said."""
    said = []
    rows, bad = contest.hold(cases.CASES[0], commands, "ctgrad", ["stream_copy"], 1, 4, 10, said.append)
    return rows, bad, said


class numbers(unittest.TestCase):
    def test_bits_are_those_of_splitmix64(self):
        # The first outputs of Vigna's splitmix64.c started at 0.
        self.assertEqual([data.bits(0, i) for i in range(3)], [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F])

    def test_scales(self):
        # 0xE220A8 / 2^24; (0xE220 + 0xA839 + 0x7B1D + 0xCDAF - 131070) * 7 / 2^18
        self.assertEqual(data.uniform(0, 0), 0xE220A8 / 2**24)
        self.assertEqual(data.bell(0, 0), (0xE220 + 0xA839 + 0x7B1D + 0xCDAF - 131070) * 7 / 2**18)
        sample = [data.bell(5, i) for i in range(20000)]
        self.assertAlmostEqual(sum(sample) / 20000, 0, delta=0.03)
        self.assertAlmostEqual(sum(v * v for v in sample) / 20000, 49 / 48, delta=0.03)  # (7/4)^2 times four variances of 1/12

    @unittest.skipIf(PROGRAM is None, "no program of test_numbers.cpp was given")
    def test_the_same_in_cpp(self):
        lines = subprocess.run([PROGRAM], capture_output=True, text=True, check=True).stdout.split("\n")[:-1]
        self.assertEqual(len(lines), 15)
        for line in lines:
            stream, i, bits, uniform, bell = line.split()
            stream, i = int(stream), int(i)
            self.assertEqual((int(bits), float(uniform), float(bell)), (data.bits(stream, i), float(f"{data.uniform(stream, i):.9g}"), float(f"{data.bell(stream, i):.9g}")))


class contenders(unittest.TestCase):
    def test_times_and_ratios(self):
        rows, bad, _ = hold(ctgrad=fake("ready ctgrad 1@1 -2@2", "0.002"), numpy=fake("ready numpy 1.0004@1 -2@2", "0.005"))
        self.assertEqual(bad, [])
        self.assertEqual(rows, {"ctgrad": (0.002, 1.0), "numpy": (0.005, 2.5)})

    def test_a_wrong_value_is_not_reported(self):
        rows, bad, said = hold(ctgrad=fake("ready ctgrad 1@1 0@0.5"), numpy=fake("ready numpy 1@1 0.01@0.5"), jax=fake("ready jax 1@1"), torch=fake("ready torch nan@1 0@0.5"))
        self.assertEqual((list(rows), bad), (["ctgrad"], ["numpy", "jax", "torch"]))
        self.assertIn("numpy: WRONG, not reported: value 1 is 0.01, and 0 in the reference (scale 0.5); the reference is ctgrad", said)

    def test_a_scale_is_not_compared(self):
        rows, bad, _ = hold(ctgrad=fake("ready ctgrad 1@1"), stream_copy=fake("ready stream_copy 5@5"))
        self.assertEqual((list(rows), bad), (["ctgrad", "stream_copy"], []))

    def test_what_is_missing_is_skipped(self):
        absent = [sys.executable, "-c", "print('no module named torch'); raise SystemExit(77)"]
        rows, bad, said = hold(ctgrad=fake("ready ctgrad 1@1"), torch=absent, eigen=["/nowhere/eigen_tiny"])
        self.assertEqual((list(rows), bad), (["ctgrad"], []))
        self.assertEqual(said, ["torch: skipped: no module named torch", "eigen: skipped: eigen_tiny is not there: its library was not found"])

    def test_a_failure_is_one(self):
        broken = [sys.executable, "-c", "raise SystemExit('it broke')"]
        rows, bad, said = hold(ctgrad=fake("ready ctgrad 1@1"), jax=broken)
        self.assertEqual((list(rows), bad, said), (["ctgrad"], ["jax"], ["jax: FAILED: ended with status 1: it broke"]))

    def test_without_ctgrad_there_is_nothing(self):
        rows, bad, _ = hold(ctgrad=[sys.executable, "-c", "raise SystemExit(1)"], numpy=fake("ready numpy 1@1"))
        self.assertEqual((rows, bad), ({}, ["ctgrad"]))

    def test_the_slow_take_part_less(self):
        self.assertEqual([contest.rounds_for(s, 15, 20) for s in (0.02, 2, 100)], [15, 10, 3])

    def test_the_environment(self):
        e = contest.environment(2)
        self.assertNotIn("OPENBLAS_CORETYPE", e)
        self.assertEqual([e[k] for k in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")], ["2"] * 3)


class reports(unittest.TestCase):
    RESULTS = [(cases.Case("sum <of> x", "sum", (1000,), arrays=1), {"ctgrad": (1e-6, 1.0), "stream_copy": (4e-6, 4.0)}), (cases.Case("b", "tiny"), {"ctgrad": (0.5, 1.0), "jax": (12, 24.0)})]

    def test_table(self):
        self.assertEqual(table.markdown(self.RESULTS, "ctgrad", ["a machine"]), """a machine

**sum <of> x**

| contender | time | ÷ ctgrad | GB/s |
|---|---:|---:|---:|
| **ctgrad** | 1 us | 1.00 | 4.0 |
| stream_copy | 4 us | 4.00 | 2.0 |

**b**

| contender | time | ÷ ctgrad |
|---|---:|---:|
| **ctgrad** | 500 ms | 1.00 |
| jax | 12 s | 24 |
""")

    def test_figures(self):
        self.assertEqual([table.seconds(s) for s in (1.5e-8, 9.9996e-7, 1.234e-3, 0.9999, 61)], ["15 ns", "1 us", "1.23 ms", "1 s", "61 s"])

    def test_chart(self):
        text = chart.svg(self.RESULTS, "ctgrad", ["a <machine>"])
        root = xml.fromstring(text)
        bars = [r for r in root.iter("{http://www.w3.org/2000/svg}rect") if r.get("height") == str(chart.BAR)]
        self.assertEqual(len(bars), 4)
        self.assertLess(float(bars[1].get("width")), float(bars[3].get("width")))


class every_case(unittest.TestCase):
    def test_has_a_program_of_ctgrad(self):
        for case in cases.CASES:
            self.assertEqual(case.contenders[0], "ctgrad")
            for contender in set(case.contenders) & set(cases.COMPILED):
                self.assertTrue((HERE / "cpp" / contender / f"{case.name}.cpp").exists(), f"{contender} has no {case.name}")


if __name__ == "__main__":
    unittest.main()
