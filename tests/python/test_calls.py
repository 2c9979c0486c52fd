"""What a call takes and gives: names, numbers, results, `out`, docstrings, threads. Expected values are NumPy's or closed forms.

SPDX-License-Identifier: BSL-1.0
"""

import gc
import pickle
import sys
import threading
import unittest

import numpy as np
import programs


class Names(unittest.TestCase):
    def setUp(self):
        self.a = np.arange(6, dtype=np.float32).reshape(2, 3)

    def refused(self, kind, text, function, *positional, **named):
        with self.assertRaises(kind) as caught:
            function(*positional, **named)
        self.assertEqual(str(caught.exception), text)

    def test_missing(self):
        self.refused(TypeError, "ctgrad: b is not bound: add b=...", programs.sum_float32, a=self.a)

    def test_misspelt(self):
        self.refused(TypeError, "ctgrad: B is no symbol of sum_float32, which takes a, b", programs.sum_float32, a=self.a, B=self.a)

    def test_extra(self):
        self.refused(TypeError, "ctgrad: scale is no symbol of sum_float32, which takes a, b", programs.sum_float32, a=self.a, b=self.a, scale=2)

    def test_long(self):
        for name in ("a" * 100, "ä" * 100, "a" + "ä" * 100):
            with self.assertRaises(TypeError) as caught:
                programs.sum_float32(a=self.a, b=self.a, **{name: 1})
            self.assertRegex(str(caught.exception), "^ctgrad: a?(a|ä)+\\.\\.\\. is no symbol of")

    def test_positional(self):
        self.refused(TypeError, "ctgrad: sum_float32 takes its arguments by name: a, b", programs.sum_float32, self.a, self.a)

    def test_any_order(self):
        np.testing.assert_array_equal(programs.sum_float32(b=self.a, a=2 * self.a), 3 * self.a)

    def test_docstring(self):
        text = programs.sums.__doc__
        for line in ["sums(*, t, out=None)", "t: float64[N, M, 3]", "over_n: float64[M, 3]", "over_3: float64[N, M]", "all: float64"]:
            self.assertIn(line, text.splitlines())
        self.assertIn("u: float64[*]", programs.double_of.__doc__.splitlines())


class Numbers(unittest.TestCase):
    ok = {"flag": True, "i": 1, "j": 2, "f": 0.5, "d": 0.25}

    def test_python(self):
        r = programs.numbers(**self.ok)
        self.assertEqual(r, (False, 2, 3, 1.5, 1.25))
        self.assertEqual([type(x) for x in r], [bool, int, int, float, float])

    def test_numpy(self):
        given = {"flag": np.bool_(True), "i": np.int64(1), "j": np.uint8(2), "f": np.float64(0.5), "d": np.float32(0.25)}
        self.assertEqual(programs.numbers(**given), (False, 2, 3, 1.5, 1.25))

    def test_arrays_without_axes(self):
        given = {"flag": np.array(True), "i": np.array(1, np.int32), "j": np.array(2), "f": np.array(0.5, np.float32), "d": np.array(0.25)}
        self.assertEqual(programs.numbers(**given), (False, 2, 3, 1.5, 1.25))

    def test_limits(self):
        r = programs.numbers(**{**self.ok, "i": 2**31 - 2, "j": 2**63 - 2, "d": 2**60})
        self.assertEqual((r.i, r.j, r.d), (2**31 - 1, 2**63 - 1, float(2**60 + 1)))

    def test_refused(self):
        for name, value, kind in [("flag", 1, TypeError), ("i", 1.0, TypeError), ("j", np.float64(1), TypeError), ("f", 1j, TypeError), ("f", "1", TypeError), ("f", None, TypeError),
                                  ("d", np.complex128(1), TypeError), ("d", np.longdouble(1), TypeError), ("i", np.datetime64(1, "s"), TypeError), ("i", np.array(1), TypeError),
                                  ("i", 2**31, ValueError), ("i", -2**31 - 1, ValueError), ("j", 2**63, ValueError), ("d", 10**400, ValueError), ("d", 10**5000, ValueError), ("f", np.zeros(1, np.float32), ValueError)]:
            with self.subTest(name=name, value=type(value)), self.assertRaises(kind) as caught:
                programs.numbers(**{**self.ok, name: value})
            self.assertTrue(str(caught.exception).startswith(f"ctgrad: {name} "), caught.exception)


class Results(unittest.TestCase):
    t = np.arange(24, dtype=float).reshape(2, 4, 3)

    def test_several(self):
        r = programs.sums(t=self.t)
        np.testing.assert_array_equal(r.over_n, self.t.sum(0))
        np.testing.assert_array_equal(r.over_3, self.t.sum(-1))
        self.assertEqual(r.all, 276.0)
        over_n, over_3, total = r
        self.assertIs(over_n, r[0])
        self.assertEqual(r._fields, ("over_n", "over_3", "all"))
        self.assertEqual(pickle.loads(pickle.dumps(r)).all, 276.0)

    def test_arrays_own_their_memory(self):
        r = programs.double_of(u=np.arange(3.0))
        self.assertIs(type(r), np.ndarray)
        self.assertTrue(r.flags.owndata and r.flags.writeable and r.flags.c_contiguous)
        self.assertEqual(r.tolist(), [0, 2, 4])

    def test_out(self):
        buffer, total = np.full((4, 3), np.nan), np.zeros(())
        r = programs.sums(t=self.t, out={"over_n": buffer, "all": total})
        self.assertIs(r.over_n, buffer)
        self.assertIs(r.all, total)
        np.testing.assert_array_equal(buffer, self.t.sum(0))
        self.assertEqual(total[()], 276.0)
        self.assertIs(type(programs.sums(t=self.t, out={"over_n": None}).over_n), np.ndarray)
        self.assertEqual(programs.sums(t=self.t, out=None).all, 276.0)

    def test_out_of_one(self):
        buffer = np.zeros(6)[::-2]
        self.assertIs(programs.double_of(u=np.arange(3.0), out=buffer), buffer)
        self.assertEqual(buffer.base.tolist(), [0, 4, 0, 2, 0, 0])
        programs.double_of(u=np.ones(3), out={"v": buffer})
        self.assertEqual(buffer.tolist(), [2, 2, 2])
        programs.double_of(u=buffer, out=buffer)  # in place: each element is read before it is written
        self.assertEqual(buffer.tolist(), [4, 4, 4])

    def test_out_is_refused(self):
        t = self.t
        fixed = np.zeros((4, 3))
        fixed.flags.writeable = False
        for out, kind, text in [
            (np.zeros((4, 3)), TypeError, "ctgrad: out of sums is a dictionary of arrays by name: over_n, over_3, all"),
            ({"over_N": np.zeros((4, 3))}, TypeError, "ctgrad: over_N is no result of sums, which gives over_n, over_3, all"),
            ({"over_n": np.zeros((4, 3), np.float32)}, TypeError, "ctgrad: output over_n is float64, and is bound to float32 data"),
            ({"over_n": np.zeros(12)}, ValueError, "ctgrad: output over_n has 2 axes, and is bound to data of 1"),
            ({"over_n": np.zeros((3, 4))}, ValueError, "ctgrad: axis 0 of output 0 has extent 3, and needs 4 = M (from axis 1 of t)"),
            ({"over_n": fixed}, ValueError, "ctgrad: output over_n is bound to an array that is read-only"),
            ({"over_n": np.broadcast_to(np.zeros(3), (4, 3))}, ValueError, "ctgrad: output over_n is bound to an array that is read-only"),
            ({"over_n": np.lib.stride_tricks.as_strided(np.zeros(3), (4, 3), (0, 8))}, ValueError, "ctgrad: output 0 has elements that share memory"),
            ({"over_n": t[0]}, ValueError, "ctgrad: output 0 overlaps t in memory, which would change the result"),
            ({"over_n": [[0] * 3] * 4}, TypeError, "ctgrad: output over_n is bound to a list, which is neither a number nor an array"),
            ({"all": 0.0}, TypeError, "ctgrad: output all is bound to a float, which cannot be written"),
            ({"all": np.float64(0)}, TypeError, "ctgrad: output all is bound to a float64, which cannot be written"),
        ]:
            with self.subTest(out=out), self.assertRaises(kind) as caught:
                programs.sums(t=t, out=out)
            self.assertEqual(str(caught.exception), text)
        np.testing.assert_array_equal(t, np.arange(24.0).reshape(2, 4, 3))
        self.assertTrue((fixed == 0).all())

    def test_nothing_is_half_written(self):
        buffer = np.full((4, 3), 7.0)
        with self.assertRaises(ValueError):
            programs.sums(t=self.t, out={"over_n": buffer, "over_3": np.zeros((2, 5))})
        self.assertTrue((buffer == 7).all())

    def test_accumulates(self):
        v, dv = np.array([3, 4], np.float32), np.array([1, 1], np.float32)
        for times in (1, 2):
            r = programs.backward(v=v, out={"dv": dv})
            self.assertEqual(r.value, 12.5)  # (9 + 16) / 2; d/dv mean(v^2) = v
            self.assertEqual(dv.tolist(), [1 + 3 * times, 1 + 4 * times])
        with self.assertRaises(TypeError) as caught:
            programs.backward(v=v)
        self.assertEqual(str(caught.exception), 'ctgrad: backward adds to dv: pass out={"dv": array}')

    def test_extents(self):
        for n in (0, 1):
            self.assertEqual(programs.double_of(u=np.ones(n)).shape, (n,))
            self.assertEqual(programs.sums(t=np.ones((n, 0, 3))).over_n.shape, (0, 3))
        self.assertEqual(programs.steps(x=np.array([1.0, 4.0])).tolist(), [3])
        self.assertEqual(programs.steps(x=np.array([1.0])).shape, (0,))
        with self.assertRaises(ValueError) as caught:
            programs.steps(x=np.zeros(0))
        self.assertIn("N - 1 is -1", str(caught.exception))

    def test_no_symbols(self):
        self.assertEqual(programs.constant(), 2.5)
        self.assertIn("constant(*, out=None)", programs.constant.__doc__)

    def test_out_changes_during_the_call(self):
        """An argument that empties `out` when it is asked for its memory."""
        out = {"over_n": np.zeros((4, 3)), "over_3": np.zeros((2, 4))}

        class Hostile:
            def __array__(self, *_, **__):
                out.clear()
                gc.collect()
                return Results.t

        r = programs.sums(t=Hostile(), out=out)
        np.testing.assert_array_equal(r.over_n, self.t.sum(0))

    def test_keys_that_do_not_compare(self):
        class Key:
            def __hash__(self):
                return hash("over_n")

            def __eq__(self, other):
                raise ZeroDivisionError

        with self.assertRaises(ZeroDivisionError):
            programs.sums(t=self.t, out={Key(): np.zeros((4, 3))})
        with self.assertRaises(TypeError):
            programs.sums(t=self.t, out={3: np.zeros((4, 3))})

    def test_no_reference_is_lost(self):
        u, buffer = np.ones(1000), np.zeros(1000)
        before = sys.getrefcount(u), sys.getrefcount(buffer)
        for _ in range(100):
            programs.double_of(u=u, out=buffer)
            with self.assertRaises(TypeError):
                programs.double_of(u=u, out=buffer.astype(np.float32))
            with self.assertRaises(ValueError):
                programs.double_of(u=u, out=buffer[1:])
        gc.collect()
        self.assertEqual((sys.getrefcount(u), sys.getrefcount(buffer)), before)
        buffer.resize(10, refcheck=False)  # NumPy refuses while a buffer of it is out


class Threads(unittest.TestCase):
    def test_at_once(self):
        """Two threads call one function with their own data; each has its own workspace."""
        size, errors = 120, []
        rng = np.random.default_rng(5)

        def work(a, b):
            expected = np.tanh(a @ np.tanh(a @ b))
            for _ in range(40):
                r = programs.chain(A=a, B=b)
                if not np.allclose(r.product, expected, rtol=1e-12, atol=1e-12) or not np.isclose(r.total, expected.sum(), rtol=1e-9):
                    errors.append(np.abs(r.product - expected).max())

        threads = [threading.Thread(target=work, args=(rng.standard_normal((size - k, size - k)), rng.standard_normal((size - k, size - k)))) for k in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(errors, [])

    def test_the_lock_is_released(self):
        """While one thread computes, another one's Python goes on."""
        a = np.random.default_rng(6).standard_normal((1200, 1200))
        done = threading.Event()
        worker = threading.Thread(target=lambda: (programs.chain(A=a, B=a), done.set()))
        worker.start()
        ticks = 0
        while not done.is_set() and ticks < 100:
            ticks += not done.wait(0.0005)  # a tick is a wait that ended before the program did
        worker.join()
        self.assertGreater(ticks, 10)  # 7 GFLOP: tenths of a second


if __name__ == "__main__":
    unittest.main()
