"""Calls with random mixes of dtypes, shapes, strides, orders, flags and objects that are no arrays: each gives what NumPy gives, or raises TypeError or ValueError and writes nothing.

Seeds are fixed; CTGRAD_FUZZ=N makes N times as many calls.
SPDX-License-Identifier: BSL-1.0
"""

import importlib.util
import os
import random
import unittest

import numpy as np
import programs

from test_arrays import Producer

TIMES = int(os.environ.get("CTGRAD_FUZZ", "1"))
KNOWN = ["int32", "int64", "float16", "float32", "float64"]
KINDS = KNOWN + ["bool", "int8", "uint8", "uint32", ">f2", "longdouble", "complex64", ">f4", ">f8", ">i8", "object", "S3", "M8[s]", "V8"]


class Raises:
    def __init__(self, random):
        self.error = random.choice([RuntimeError, TypeError, ValueError, KeyError, MemoryError])

    def __array__(self, *_, **__):
        raise self.error("no array")


class RaisesTensor(Raises):
    def __dlpack__(self, **_):
        raise self.error("no tensor")

    def __dlpack_device__(self):
        raise self.error("no device")


class GivesNonsense:
    def __init__(self, what):
        self.what = what

    def __dlpack__(self, **_):
        return self.what

    def __array__(self, *_, **__):
        return self.what


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.optional = [name for name in ("pandas", "torch", "jax") if importlib.util.find_spec(name)]

    def shape(self, rank):
        return tuple(self.random.choice([0, 1, 2, 3, 3, 3]) for _ in range(rank))

    def array(self, kind, shape):
        """Some layout of an array of that dtype and shape."""
        r = self.random
        layout = r.choice(["plain"] * 4 + ["fortran", "steps", "backwards", "transposed", "broadcast", "field", "odd field", "unaligned", "read-only", "overlapping"])
        dtype = np.dtype(kind)
        values = np.array([r.randint(-5, 5) for _ in range(int(np.prod(shape)))], "int64").reshape(shape)
        if dtype.kind in "MVS":
            return np.zeros(shape, dtype)
        plain = values.astype(dtype)
        if not shape:
            return np.array(plain)
        if layout == "fortran":
            return np.asfortranarray(plain)
        if layout in ("steps", "backwards"):
            big = np.zeros(tuple(2 * n for n in shape), dtype)
            view = big[tuple(slice(None, None, 2 if layout == "steps" else -2) for _ in shape)]
        elif layout == "transposed":
            view = np.zeros(shape[::-1], dtype).T
        elif layout == "field":
            view = np.zeros(shape, [("a", dtype), ("b", dtype)])["b"]
        elif layout == "odd field" and dtype != object:
            view = np.zeros(shape, [("a", "u1"), ("b", dtype)])["b"]
        elif layout == "unaligned" and dtype != object:
            view = np.zeros(plain.nbytes + 1, np.uint8)[1:].view(dtype).reshape(shape)
        elif layout == "broadcast":
            return np.broadcast_to(plain[..., :1], shape)
        elif layout == "overlapping" and dtype != object:
            return np.lib.stride_tricks.as_strided(np.ones(sum(shape) + 1, dtype), shape, (dtype.itemsize,) * len(shape))
        else:
            plain.flags.writeable = layout != "read-only"
            return plain
        view[...] = plain
        return view

    def thing(self, kind, shape):
        """An argument: most often an array of that dtype and shape, else something near it, else anything."""
        r = self.random
        if r.random() < 0.7:
            return self.array(kind, shape)
        what = r.randrange(12)
        if what < 3:
            return self.array(r.choice(KINDS), shape)
        if what < 5:
            return self.array(kind, self.shape(r.choice([0, 1, 2, 3, 4, len(shape)])))
        given = self.array(kind, shape)
        if what == 5:
            return r.choice([None, [1.0], (), "text", b"12345678", {}, 1, 1.5, 1j, True, np.float32(1), np.int64(2), object(), np, iter([]), range(3), slice(3), ..., NotImplemented, type, 10**400])
        if what == 6:
            return r.choice([Raises(r), RaisesTensor(r), GivesNonsense(r.choice([None, 3, "text", given, []]))])
        if what == 7:
            return Producer(np.arange(64.0), tuple(shape), device=r.choice([1, 1, 2, 8, 99]), code=r.choice([0, 2, 2, 2, 4, 6, 17]), bits=r.choice([64, 64, 32, 16]), lanes=r.choice([1, 1, 1, 2]), byte_offset=r.choice([0, 0, 8, 3]))
        if what == 8:
            return memoryview(given)
        if what == 9:
            return r.choice([np.ma.masked_array(given), np.asmatrix(given) if given.ndim == 2 else given, given.view(np.recarray) if given.dtype.fields else given])
        name = r.choice(self.optional) if self.optional else None
        if name == "pandas":
            import pandas as pd

            return pd.Series(given.copy()) if given.ndim == 1 else pd.DataFrame(given.copy()) if given.ndim == 2 else given
        if name == "torch":
            import torch

            return torch.from_numpy(given.copy()).requires_grad_(given.dtype.kind == "f" and r.random() < 0.2)
        if name == "jax":
            import jax.numpy as jnp

            return jnp.asarray(given.copy())
        return given


def snapshot(thing):
    """The bytes of an array and all around it."""
    if not isinstance(thing, np.ndarray):
        return None
    while isinstance(thing.base, np.ndarray):
        thing = thing.base
    return thing.tobytes()


def plain(kind, thing, shape):
    """Whether an argument has to be taken."""
    return type(thing) is np.ndarray and thing.dtype == np.dtype(kind) and thing.dtype.isnative and thing.shape == shape and thing.flags.aligned and all(s % thing.itemsize == 0 for s in thing.strides)


class Fuzz(unittest.TestCase):
    def run_calls(self, seed, count, make):
        generator = Generator(seed)
        taken = 0
        for number in range(count * TIMES):
            function, arguments, out, expected, must_work = make(generator)
            before = [snapshot(x) for x in list(arguments.values()) + list(out.values())]
            try:
                got = function(**arguments, **({"out": out} if out else {}))
            except (TypeError, ValueError) as error:
                self.assertTrue(str(error), error)
                self.assertFalse(must_work, f"call {number}: {error}")
                self.assertEqual(before, [snapshot(x) for x in list(arguments.values()) + list(out.values())], f"call {number}: {error}")
            else:
                taken += 1
                wanted = expected(**arguments)
                got = got if isinstance(got, tuple) else (got,)
                for g, w in zip(got, wanted):
                    np.testing.assert_array_equal(as_array(g), w, err_msg=f"call {number}")
                for name, place in out.items():
                    self.assertIs(got[function_results(function).index(name)], place)
        return taken

    def test_two_arguments(self):
        def make(g):
            kind = g.random.choice(KNOWN)
            shape = g.shape(2)
            a, b = g.thing(kind, shape), g.thing(kind, shape)
            out = places({"c": g.thing(kind, shape)}) if g.random.random() < 0.5 else {}
            must = plain(kind, a, shape) and plain(kind, b, shape) and not out
            return getattr(programs, "sum_" + kind), {"a": a, "b": b}, out, lambda a, b: (as_array(a) + as_array(b),), must

        self.assertGreater(self.run_calls(1, 4000, make), 1000)

    def test_sums(self):
        def make(g):
            shape = (*g.shape(2), 3)
            t = g.thing("float64", shape)
            out = places({name: g.thing("float64", s) for name, s in [("over_n", shape[1:]), ("over_3", shape[:2]), ("all", ())] if g.random.random() < 0.3})
            return programs.sums, {"t": t}, out, lambda t: (as_array(t).sum(0), as_array(t).sum(-1), as_array(t).sum()), plain("float64", t, shape) and not out

        self.assertGreater(self.run_calls(2, 3000, make), 700)

    def test_numbers(self):
        def make(g):
            kinds = {"flag": "bool", "i": "int32", "j": "int64", "f": "float32", "d": "float64"}
            good = {"flag": [True, np.bool_(False)], "i": [3, np.int64(3), np.int8(3)], "j": [2**40, np.uint16(3)], "f": [0.5, 3, np.float64(0.5)], "d": [0.5, np.float32(0.5), True]}
            arguments = {name: g.random.choice(good[name]) if g.random.random() < 0.8 else g.thing(kind, ()) for name, kind in kinds.items()}
            return programs.numbers, arguments, {}, expected, False

        def expected(**given):
            x = {name: as_array(value).item() for name, value in given.items()}
            return not x["flag"], x["i"] + 1, x["j"] + 1, np.float32(x["f"]) + 1, float(x["d"]) + 1

        self.assertGreater(self.run_calls(3, 3000, make), 800)

    def test_names(self):
        """Names that are missing or too many, and arguments by place."""
        g = Generator(4)
        a = np.ones((2, 2))
        for _ in range(1000 * TIMES):
            named = {name: a for name in ("a", "b", "c", "out", "A", "", "ö") if g.random.random() < 0.5}
            positional = [a] * g.random.choice([0, 0, 0, 1])
            if not positional and set(named) - {"out"} == {"a", "b"}:
                np.testing.assert_array_equal(programs.sum_float64(**{**named, "out": np.zeros((2, 2))}), 2 * a)
                continue
            with self.assertRaises(TypeError):
                programs.sum_float64(*positional, **named)


def places(out):
    """`out` without None, which says that there is no place."""
    return {name: place for name, place in out.items() if place is not None}


def function_results(function):
    return getattr(programs, function.__name__ + "_results")._fields if hasattr(programs, function.__name__ + "_results") else ("c",)


def as_array(x):
    """What the program was given, as NumPy sees it."""
    if isinstance(x, Producer):
        shape = [x.shape[i] for i in range(x.tensor.ndim)]
        kind = {0: "int", 2: "float"}[x.tensor.code] + str(x.tensor.bits)
        return np.frombuffer(x.data, kind, int(np.prod(shape)), x.tensor.byte_offset).reshape(shape)
    return np.asarray(x.detach() if hasattr(x, "detach") else x.what if isinstance(x, GivesNonsense) else x)


if __name__ == "__main__":
    unittest.main()
