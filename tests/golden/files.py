#!/usr/bin/env python3
"""Writes tests/data/*.safetensors and *.npz with the libraries whose formats they are; or, given files that ctgrad wrote, reads them with these.

usage: files.py write FOLDER    (numpy, safetensors)
       files.py check FOLDER    reads written.safetensors, written.npz and deflated.npz, which the test leaves in CTGRAD_KEEP_FILES
SPDX-License-Identifier: BSL-1.0
"""

import sys
from pathlib import Path

import numpy
from safetensors.numpy import load_file, save_file

TENSORS = {
    "fc.weight": (numpy.arange(6, dtype=numpy.float32) - 2.5).reshape(2, 3),
    "fc.bias": numpy.array([0.5, -0.25], dtype=numpy.float32),
    "double": numpy.array(numpy.pi),
    "counts": numpy.array([[1, -2], [2**40, 3]], dtype=numpy.int64),
    "small": numpy.array([1, -2, 2**31 - 1], dtype=numpy.int32),
    "mask": numpy.array([True, False, True]),
    "empty": numpy.zeros((0, 3), dtype=numpy.float32),
}


def write(folder):
    save_file(TENSORS | {"half": numpy.ones(3, dtype=numpy.float16)}, folder / "numpy.safetensors", metadata={"format": "np"})
    fortran = {"fortran": numpy.asfortranarray(numpy.arange(24, dtype=numpy.float64).reshape(2, 3, 4))}
    numpy.savez(folder / "numpy.npz", **TENSORS, **fortran)
    numpy.savez_compressed(folder / "numpy_deflated.npz", **TENSORS, **fortran)


def check(folder):
    for name, read in [("written.safetensors", load_file), ("written.npz", numpy.load), ("deflated.npz", numpy.load)]:
        found = dict(read(folder / name))
        assert found.keys() == TENSORS.keys(), (name, found.keys())
        for key, expected in TENSORS.items():
            assert found[key].dtype == expected.dtype and found[key].shape == expected.shape and (found[key] == expected).all(), (name, key)
        print(name, "is as expected")


{"write": write, "check": check}[sys.argv[1]](Path(sys.argv[2]))
