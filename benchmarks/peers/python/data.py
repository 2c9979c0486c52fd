"""The numbers that every contender of a case computes with; cpp/data.hpp has the same function, to the bit.

`bits`, `uniform` and `bell` are plain Python, for one element; the arrays are NumPy's.

SPDX-License-Identifier: BSL-1.0
"""

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
FIRST, SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def mix(z):
    """The finaliser of splitmix64."""
    z = (z ^ z >> 30) * FIRST & MASK
    z = (z ^ z >> 27) * SECOND & MASK
    return z ^ z >> 31


def bits(stream, i):
    """Element i of stream `stream`; stream 0 is splitmix64 started at 0."""
    return mix((mix(stream) + (i + 1) * GOLDEN) & MASK)


def uniform(stream, i):
    """In [0, 1), a multiple of 2^-24."""
    return (bits(stream, i) >> 40) * 2.0**-24


def bell(stream, i):
    """Nearly normal: four uniform numbers of 16 bits, added; mean 0, deviation 1.01."""
    b = bits(stream, i)
    return (sum(b >> 16 * k & 0xFFFF for k in range(4)) - 131070) * 7 * 2.0**-18


def bits_array(stream, n):
    import numpy

    z = numpy.arange(1, n + 1, dtype=numpy.uint64)
    z *= numpy.uint64(GOLDEN)
    z += numpy.uint64(mix(stream))
    for shift, factor in ((30, FIRST), (27, SECOND)):
        z ^= z >> numpy.uint64(shift)
        z *= numpy.uint64(factor)
    z ^= z >> numpy.uint64(31)
    return z


def uniforms(stream, n, low=0.0, high=1.0):
    import numpy

    unit = (bits_array(stream, n) >> numpy.uint64(40)).astype(numpy.float32) * numpy.float32(2.0**-24)
    return numpy.float32(low) + (numpy.float32(high) - numpy.float32(low)) * unit


def bells(stream, n, mean=0.0, deviation=1.0):
    import numpy

    b = bits_array(stream, n)
    total = numpy.full(n, -131070, numpy.int32)
    for k in range(4):
        total += (b >> numpy.uint64(16 * k) & numpy.uint64(0xFFFF)).astype(numpy.int32)
    unit = (total * 7).astype(numpy.float32) * numpy.float32(2.0**-18)
    return numpy.float32(mean) + numpy.float32(deviation) * unit


def labels(n, classes):
    import numpy

    return numpy.arange(n, dtype=numpy.int64) * 7919 % classes
