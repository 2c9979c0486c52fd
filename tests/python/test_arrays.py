"""What arrays go in: every layout, without a copy, or a reason why not. NumPy and the standard library's buffers; pandas, PyTorch and JAX where they are.

SPDX-License-Identifier: BSL-1.0
"""

import array
import contextlib
import ctypes
import importlib.util
import pathlib
import resource
import tracemalloc
import unittest

import numpy as np
import programs


def has(name):
    return importlib.util.find_spec(name) is not None


def peak_memory(anew=False):
    """The most memory that the process has had, in KiB; anew, since now (Linux)."""
    if anew:
        with contextlib.suppress(OSError):
            pathlib.Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


class Base(unittest.TestCase):
    def refused(self, kind, text, function, **named):
        with self.assertRaises(kind) as caught:
            function(**named)
        self.assertIn(text, str(caught.exception))


class Layouts(Base):
    def test_any_strides(self):
        base = np.arange(240, dtype=float).reshape(10, 24)
        for a in [base[:4, :6], base[::2, ::4][:4], base[3::-1, 5::-1], base.T[:4, :6], np.asfortranarray(base[:4, :6]), np.broadcast_to(base[0, :6], (4, 6)), np.broadcast_to(7.0, (4, 6)), base[:4, 6:0:-1], base[4:4, :6]]:
            b = np.ones(a.shape)
            with self.subTest(strides=a.strides):
                np.testing.assert_array_equal(programs.sum_float64(a=a, b=b), a + 1)
                out = np.full(a.shape[::-1], np.nan).T
                self.assertIs(programs.sum_float64(a=b, b=a, out=out), out)
                np.testing.assert_array_equal(out, a + 1)

    def test_dtypes(self):
        for name in ["int32", "int64", "float32", "float64"]:
            a = np.arange(6, dtype=name).reshape(2, 3)
            r = getattr(programs, "sum_" + name)(a=a, b=a)
            np.testing.assert_array_equal(r, 2 * a)
            self.assertEqual(r.dtype, a.dtype)
        p, q = np.array([True, True, False]), np.array([True, False, False])
        r = programs.both(p=p, q=q)
        self.assertEqual((r.and_.tolist(), r.count), ([True, False, False], 1))
        self.assertEqual(programs.sum_int64(a=np.ones((1, 1), np.longlong), b=np.ones((1, 1), "l")).tolist(), [[2]])

    def test_bytes_that_are_no_bools(self):
        good = np.array([True, False, True])
        for given in (np.array([0, 2, 1], np.uint8).view(bool), np.array([0, 9, 255, 9, 1, 9], np.uint8).view(bool)[::2]):
            self.refused(ValueError, "ctgrad: p: a bool is neither 0 nor 1 in its byte", programs.both, p=given, q=good)
        r = programs.both(p=np.array([0, 9, 1, 9, 1, 9], np.uint8).view(bool)[::2], q=good)  # those between are not read
        self.assertEqual(r.and_.tolist(), [False, False, True])

    def test_other_dtypes(self):
        good = np.ones((2, 2), np.float32)
        kinds = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float16", "float64", "longdouble", "complex64", "complex128", "bool", ">f4", "object", "S4", "U1", "M8[s]", "m8[D]", "V4", [("x", "f4")], [("x", "f4", (1,))]]
        for kind in kinds:
            a = np.zeros((2, 2), kind)
            with self.subTest(kind=kind):
                self.refused(TypeError, f"ctgrad: a is float32, and is bound to {str(a.dtype)[:20]}", programs.sum_float32, a=a, b=good)
                self.refused(TypeError, "ctgrad: output c is float32", programs.sum_float32, a=good, b=good, out=a)

    def test_ranks(self):
        for shape in [(), (3,), (1, 2, 2), (1,) * 9, (1,) * 30]:
            self.refused(ValueError, f"ctgrad: a has 2 axes, and is bound to data of {len(shape)}", programs.sum_float64, a=np.zeros(shape), b=np.zeros((2, 2)))
        e = np.arange(24.0).reshape(3, 1, 2, 1, 2, 1, 1, 2)
        np.testing.assert_array_equal(programs.eight(e=e), -e)
        np.testing.assert_array_equal(programs.eight(e=e[::-1, ..., ::-1]), -e[::-1, ..., ::-1])
        self.refused(ValueError, "ctgrad: axis 1 of e has extent 2, and needs 1", programs.eight, e=np.zeros((3, 2, 2, 1, 2, 1, 1, 2)))

    def test_fields_of_records(self):
        records = np.zeros(4, [("x", "f8"), ("y", "f8")])
        records["y"] = [1, 2, 3, 4]
        self.assertEqual(programs.double_of(u=records["y"]).tolist(), [2, 4, 6, 8])
        programs.double_of(u=records["y"], out=records["x"])
        self.assertEqual(records["x"].tolist(), [2, 4, 6, 8])
        odd = np.zeros(4, [("x", "f8"), ("y", "f4")])
        self.refused(ValueError, "ctgrad: u has a stride of 12 bytes along axis 0, which is no multiple of the 8 of its elements: pass a copy", programs.double_of, u=odd["x"])
        self.assertEqual(programs.double_of(u=odd["x"][:1]).tolist(), [0])  # no step is taken

    def test_alignment(self):
        off = np.zeros(33, np.uint8)[1:].view(float)
        self.refused(ValueError, "ctgrad: u is bound to data that is not aligned for float64: pass a copy", programs.double_of, u=off)
        self.refused(ValueError, "ctgrad: output v is bound to data that is not aligned", programs.double_of, u=np.zeros(4), out=off)
        self.assertEqual(programs.double_of(u=off[:0]).shape, (0,))

    def test_subclasses(self):
        np.testing.assert_array_equal(programs.sum_float64(a=np.matrix("1 2; 3 4", float), b=np.ones((2, 2))), [[2, 3], [4, 5]])
        self.refused(TypeError, "ctgrad: u is bound to a masked array, whose mask would be lost: fill it first", programs.double_of, u=np.ma.masked_less(np.arange(3.0), 1))

    def test_buffers(self):
        self.assertEqual(programs.double_of(u=array.array("d", [1, 2])).tolist(), [2, 4])
        self.assertEqual(programs.double_of(u=memoryview(np.arange(4.0))[::-2]).tolist(), [6, 2])
        self.assertEqual(programs.double_of(u=(ctypes.c_double * 2)(1, 2)).tolist(), [2, 4])
        out = array.array("d", [0, 0])
        self.assertIs(programs.double_of(u=np.ones(2), out=out), out)
        self.assertEqual(out.tolist(), [2, 2])
        self.refused(TypeError, "ctgrad: u is float64, and is bound to bytes data", programs.double_of, u=b"12345678")
        self.refused(TypeError, "ctgrad: u is float64, and is bound to 'f' data", programs.double_of, u=memoryview(np.zeros(2, np.float32)))
        self.refused(ValueError, "ctgrad: output v is bound to an array that is read-only", programs.double_of, u=np.ones(2), out=memoryview(np.zeros(2)).toreadonly())

    def test_no_arrays(self):
        class Strange:
            pass

        class Raises:
            def __dlpack__(self, **_):
                raise RuntimeError("not today")

        class ArrayRaises:
            def __array__(self, *_, **__):
                raise RuntimeError("not today")

        for given, text in [(None, "None, which"), ([1.0], "a list, which"), ((1.0,), "a tuple, which"), ("abc", "a str, which"), ({}, "a dict, which"), (np, "a module, which"), (np.zeros, "which is neither"), (Strange(), "a Strange, which is neither a number nor an array"),
                            (Raises(), "a Raises, whose __dlpack__ gives no array: not today"), (ArrayRaises(), "a ArrayRaises, whose __array__ gives no array: not today")]:
            with self.subTest(text=text):
                self.refused(TypeError, text, programs.double_of, u=given)
                self.refused(TypeError, text, programs.double_of, u=np.ones(1), out={"v": given} if given is not None else {"v": Strange()}) if given is not None else None
        self.refused(ValueError, "ctgrad: u has 1 axis, and is bound to data of 0", programs.double_of, u=1.5)


class Sharing(Base):
    def test_both_ways(self):
        u, v = np.arange(3.0), np.zeros(3)
        window = v[:]
        programs.double_of(u=u, out=v)
        self.assertEqual(window.tolist(), [0, 2, 4])
        u[0] = 50
        programs.double_of(u=u, out=v)
        self.assertEqual(window.tolist(), [100, 2, 4])
        # The program itself says that it was given one memory twice.
        self.refused(ValueError, "ctgrad: output 0 overlaps u in memory", programs.double_of, u=u, out=u[::-1])

    def test_bytes_allocated(self):
        """192 MiB are summed up: neither NumPy nor Python allocates an array, and the process takes no memory. (Pages of zeros take none until they are written.)"""
        t = np.zeros((2**13, 2**10, 3))
        programs.total(t=t[:1])
        before = peak_memory(anew=True)
        tracemalloc.start()
        totals = [programs.total(t=t), programs.total(t=t.transpose(1, 0, 2)), programs.total(t=t[::-2, ::2])]
        allocated = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        self.assertEqual(totals, [0, 0, 0])
        self.assertLess(allocated, 10_000)
        self.assertLess(peak_memory() - before, 16 * 1024)
        copy = bytearray(64 * 2**20)  # what a copy would look like
        copy[:] = b"1" * len(copy)
        self.assertGreater(peak_memory() - before, 48 * 1024)

    def test_bytes_of_results(self):
        """A call allocates its results, once; with out= nothing."""
        u, v = np.ones(2**20), np.ones(2**20)
        tracemalloc.start()
        programs.double_of(u=u, out=v)
        self.assertLess(tracemalloc.get_traced_memory()[1], 10_000)
        r = programs.double_of(u=u)
        self.assertAlmostEqual(tracemalloc.get_traced_memory()[1], r.nbytes, delta=10_000)
        tracemalloc.stop()


class Tensor(ctypes.Structure):
    """DLManagedTensor, of DLPack's C header."""

    _fields_ = [("data", ctypes.c_void_p), ("device_type", ctypes.c_int32), ("device_id", ctypes.c_int32), ("ndim", ctypes.c_int32), ("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16),
                ("shape", ctypes.POINTER(ctypes.c_int64)), ("strides", ctypes.POINTER(ctypes.c_int64)), ("byte_offset", ctypes.c_uint64), ("context", ctypes.c_void_p), ("deleter", ctypes.c_void_p)]


class Producer:
    """An object with a DLPack tensor of whatever is asked for."""

    def __init__(self, data, shape, strides=None, device=1, code=2, bits=64, lanes=1, byte_offset=0):
        self.data, self.device = data, device
        self.shape = (ctypes.c_int64 * max(1, len(shape)))(*shape)
        self.strides = (ctypes.c_int64 * max(1, len(shape)))(*strides) if strides else None
        self.tensor = Tensor(data.ctypes.data if data is not None else None, device, 0, len(shape), code, bits, lanes, self.shape, self.strides, byte_offset, None, None)

    def __dlpack__(self, **_):
        new = ctypes.pythonapi.PyCapsule_New
        new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
        return new(ctypes.addressof(self.tensor), b"dltensor", None)

    def __dlpack_device__(self):
        return self.device, 0


class DLPack(Base):
    data = np.arange(12.0)

    def test_layouts(self):
        for shape, strides, expected in [((12,), None, self.data), ((6,), (2,), self.data[::2]), ((3,), (0,), [0, 0, 0]), ((0,), None, [])]:
            np.testing.assert_array_equal(programs.double_of(u=Producer(self.data, shape, strides)), 2 * np.array(expected))
        np.testing.assert_array_equal(programs.double_of(u=Producer(self.data, (2,), byte_offset=80)), [20, 22])
        self.assertEqual(programs.double_of(u=Producer(None, (0,))).shape, (0,))
        out = Producer(np.zeros(12), (12,))
        self.assertIs(programs.double_of(u=self.data, out=out), out)
        np.testing.assert_array_equal(out.data, 2 * self.data)

    def test_refused(self):
        for kind, text, given in [(ValueError, "in the memory of another device (DLPack's type 2): copy it to the CPU first", {"device": 2}), (ValueError, "DLPack's type 8", {"device": 8}), (ValueError, "DLPack's type 10", {"device": 10}),
                                  (TypeError, "ctgrad: {} is float64", {"bits": 32}), (TypeError, "ctgrad: {} is float64", {"code": 0}), (TypeError, "ctgrad: {} is float64", {"code": 4, "bits": 16}), (TypeError, "ctgrad: {} is float64", {"lanes": 2}),
                                  (ValueError, "not aligned", {"byte_offset": 4}), (ValueError, "ctgrad: {} has 1 axis, and is bound to data of 2", {"shape": (2, 2)}), (ValueError, "data of 0", {"shape": ()})]:
            producer = Producer(self.data, **{"shape": (2,), **given})
            with self.subTest(given=given):
                self.refused(kind, text.format("u"), programs.double_of, u=producer)
                self.refused(kind, text.format("output v"), programs.double_of, u=np.ones(2), out=producer)
        self.refused(ValueError, "null pointer", programs.double_of, u=Producer(None, (2,)))
        self.refused(ValueError, "negative", programs.double_of, u=Producer(self.data, (-2,)))
        self.refused(ValueError, "ctgrad", programs.sum_float64, a=Producer(self.data, (2**62, 2**62)), b=np.ones((2, 2)))


@unittest.skipUnless(has("pandas"), "pandas is not installed")
class Pandas(Base):
    def test_columns(self):
        import pandas as pd

        column = pd.Series([1.0, 2.0, 3.0])
        self.assertEqual(programs.double_of(u=column).tolist(), [2, 4, 6])
        column[0] = 10
        self.assertEqual(programs.double_of(u=column).tolist(), [20, 4, 6])
        self.assertEqual(programs.double_of(u=column[::-1]).tolist(), [6, 4, 20])
        self.assertEqual(programs.double_of(u=pd.Series([], dtype=float)).shape, (0,))

    def test_frames(self):
        import pandas as pd

        frame = pd.DataFrame({"a": [0, 1, 2], "b": [2, 3, 4]})
        ones = np.ones((3, 2), np.int64)
        for given in (frame, frame.values, frame.to_numpy()):
            np.testing.assert_array_equal(programs.sum_int64(a=given, b=ones), [[1, 3], [2, 4], [3, 5]])
        self.assertEqual(frame.values.strides, (8, 24))  # its columns lie one behind the other
        self.assertEqual(programs.double_of(u=frame.astype(float)["b"]).tolist(), [4, 6, 8])
        frame.iloc[0, 0] = 666
        self.assertEqual(programs.sum_int64(a=frame, b=ones)[0, 0], 667)

    def test_a_write_is_seen_in_the_frame(self):
        import pandas as pd

        frame = pd.DataFrame({"a": [0, 1, 2], "b": [2, 3, 4]})
        values = frame.values
        if not values.flags.writeable:  # pandas 3
            self.refused(ValueError, "read-only", programs.sum_int64, a=values, b=values, out=frame)
            values.flags.writeable = True
        programs.sum_int64(a=values, b=values, out=values)
        self.assertEqual(frame.to_numpy().tolist(), [[0, 4], [2, 6], [4, 8]])

    def test_what_would_be_copied(self):
        import pandas as pd

        text = "has no array of its own to share"
        apart = pd.DataFrame({"a": [0.0, 1.0]})
        apart["b"] = [2.0, 3.0]  # a block of its own
        if not np.shares_memory(apart.values, apart.values):  # pandas before 3 makes one block of them, and keeps it
            self.refused(TypeError, text, programs.sum_float64, a=apart, b=np.ones((2, 2)))
        mixed = pd.DataFrame({"a": [0.0, 1.0], "b": [2, 3]})
        self.refused(TypeError, text, programs.sum_float64, a=mixed, b=np.ones((2, 2)))
        self.assertEqual(mixed.dtypes.tolist(), [np.float64, np.int64])
        np.testing.assert_array_equal(programs.sum_float64(a=apart.copy(), b=np.ones((2, 2))), [[1, 3], [2, 4]])  # a copy has one block
        self.refused(TypeError, "ctgrad: u is float64, and is bound to", programs.double_of, u=pd.Series(["a", "b"]))
        self.refused(TypeError, "ctgrad: u is ", programs.double_of, u=pd.Series([1, None], dtype="Int64"))
        self.refused(TypeError, "ctgrad: u is ", programs.double_of, u=pd.Series(pd.Categorical([1.0, 2.0])))
        self.refused(ValueError, "ctgrad: u has 1 axis", programs.double_of, u=apart.copy())


@unittest.skipUnless(has("torch"), "PyTorch is not installed")
class Torch(Base):
    def test_tensors(self):
        import torch

        u, v = torch.arange(4, dtype=torch.float64), torch.zeros(8, dtype=torch.float64)
        self.assertEqual(programs.double_of(u=u).tolist(), [0, 2, 4, 6])
        self.assertEqual(programs.double_of(u=u[1::2]).tolist(), [2, 6])
        programs.double_of(u=u, out=v[::2])
        self.assertEqual(v.tolist(), [0, 0, 2, 0, 4, 0, 6, 0])
        a = torch.arange(6.0).reshape(2, 3)
        np.testing.assert_array_equal(programs.sum_float32(a=a.t(), b=a.t()), 2 * a.t().numpy())
        self.assertEqual(programs.double_of(u=torch.zeros(0, dtype=torch.float64)).shape, (0,))
        self.assertEqual(programs.numbers(flag=torch.tensor(True), i=1, j=torch.tensor(1), f=torch.tensor(0.5), d=0.0).f, 1.5)

    def test_bfloat16(self):
        """NumPy has none: tensors go in, and results into tensors."""
        import torch

        a, c = torch.tensor([[1.0, -2.0], [3.0, 300.0]], dtype=torch.bfloat16), torch.zeros(2, 2, dtype=torch.bfloat16)
        self.assertIs(programs.sum_bfloat16(a=a, b=a.t(), out=c), c)
        self.assertTrue(torch.equal(c, a + a.t()))
        self.refused(TypeError, "ctgrad: an output is bfloat16, which NumPy does not have", programs.sum_bfloat16, a=a, b=a)
        self.refused(TypeError, "ctgrad: a is bfloat16", programs.sum_bfloat16, a=np.ones((2, 2), np.float16), b=a, out=c)
        self.refused(TypeError, "ctgrad: a is float16", programs.sum_float16, a=a, b=a)

    def test_refused(self):
        import torch

        self.refused(TypeError, "ctgrad: u is float64, and is bound to torch.float32 data", programs.double_of, u=torch.zeros(2))
        for dtype in (torch.bfloat16, torch.float16, torch.complex64, torch.uint8, torch.bool):
            self.refused(TypeError, f"{dtype} data", programs.double_of, u=torch.zeros(2, dtype=dtype))
        self.refused(TypeError, "require gradient", programs.double_of, u=torch.zeros(2, dtype=torch.float64, requires_grad=True))
        self.refused(TypeError, "ctgrad: u is bound to a Tensor, whose __dlpack__ gives no array", programs.double_of, u=torch.zeros(2, dtype=torch.float64).to_sparse())
        with self.assertRaises((TypeError, ValueError)):
            programs.double_of(u=torch.zeros(2, dtype=torch.float64, device="meta"))
        if torch.cuda.is_available():
            self.refused(ValueError, "another device (DLPack's type 2)", programs.double_of, u=torch.zeros(2, dtype=torch.float64, device="cuda"))


@unittest.skipUnless(has("jax"), "JAX is not installed")
class Jax(Base):
    def test_arrays(self):
        import jax
        import jax.numpy as jnp

        jax.config.update("jax_platforms", "cpu")
        a = jnp.arange(6, dtype=jnp.float32).reshape(2, 3)
        np.testing.assert_array_equal(programs.sum_float32(a=a, b=a), 2 * np.asarray(a))
        self.refused(ValueError, "read-only", programs.sum_float32, a=a, b=a, out=a)
        self.refused(TypeError, "ctgrad: a is float32, and is bound to int32 data", programs.sum_float32, a=a.astype(jnp.int32), b=a)
        self.refused(TypeError, "ctgrad: a is float32, and is bound to bfloat16 data", programs.sum_float32, a=a.astype(jnp.bfloat16), b=a)


if __name__ == "__main__":
    unittest.main()
