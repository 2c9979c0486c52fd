"""The inputs of each case, by name; cpp/problems.hpp has the same.

SPDX-License-Identifier: BSL-1.0
"""

from types import SimpleNamespace

import numpy
from data import bells, labels, uniforms


def logistic_regression(n):
    x1, x2 = bells(1, n), bells(2, n)
    y = (x1 - x2 + bells(3, n) > 0).astype(numpy.float32)
    return SimpleNamespace(n=n, x1=x1, x2=x2, y=y, w1=numpy.float32(0.7), w2=numpy.float32(-1.3), b=numpy.float32(0.2))


def black_scholes(n):
    return SimpleNamespace(n=n, spot=uniforms(11, n, 50, 150), strike=uniforms(12, n, 50, 150), years=uniforms(13, n, 0.25, 2), volatility=uniforms(14, n, 0.1, 0.5),
                           rate=uniforms(15, n, 0, 0.05))


def cross_entropy(rows, columns):
    return SimpleNamespace(rows=rows, columns=columns, x=bells(21, rows * columns).reshape(rows, columns), labels=labels(rows, columns))


def norm_gelu(rows, columns):
    return SimpleNamespace(rows=rows, columns=columns, x=bells(31, rows * columns).reshape(rows, columns), scale=bells(32, columns, 1, 0.1), shift=bells(33, columns, 0, 0.1))


def column_softmax(rows, columns):
    return SimpleNamespace(rows=rows, columns=columns, x=bells(41, rows * columns).reshape(rows, columns))


def network(batch, hidden):
    inputs, classes = 784, 10
    weights = lambda stream, i, o: bells(stream, i * o, 0, i**-0.5).reshape(i, o)
    return SimpleNamespace(batch=batch, hidden=hidden, x=uniforms(51, batch * inputs).reshape(batch, inputs), labels=labels(batch, classes), w1=weights(52, inputs, hidden),
                           b1=bells(53, hidden, 0, 0.1), w2=weights(54, hidden, hidden), b2=bells(55, hidden, 0, 0.1), w3=weights(56, hidden, classes), b3=bells(57, classes, 0, 0.1))


def lenet(batch):
    side, classes = 28, 10
    weights = lambda stream, *shape: bells(stream, int(numpy.prod(shape)), 0, int(numpy.prod(shape[1:])) ** -0.5).reshape(shape)
    return SimpleNamespace(batch=batch, x=uniforms(121, batch * side * side).reshape(batch, 1, side, side), labels=labels(batch, classes), k1=weights(122, 6, 1, 5, 5),
                           c1=bells(123, 6, 0, 0.1), k2=weights(124, 16, 6, 5, 5), c2=bells(125, 16, 0, 0.1), w3=weights(126, 120, 400), b3=bells(127, 120, 0, 0.1),
                           w4=weights(128, 84, 120), b4=bells(129, 84, 0, 0.1), w5=weights(130, 10, 84), b5=bells(131, 10, 0, 0.1))


def attention(heads, rows, columns):
    matrices = lambda stream: bells(stream, heads * rows * columns).reshape(heads, rows, columns)
    return SimpleNamespace(heads=heads, rows=rows, columns=columns, q=matrices(81), k=matrices(82), v=matrices(83))


def lennard_jones(n):
    lattice = lambda stream, stride: uniforms(stream, n, 0, 0.25) + numpy.float32(1.125) * (numpy.arange(n) // stride % 16).astype(numpy.float32)
    return SimpleNamespace(n=n, x=lattice(91, 1), y=lattice(92, 16), z=lattice(93, 256))


def gaussian_mixture(points, parts, columns):
    return SimpleNamespace(points=points, parts=parts, columns=columns, x=bells(101, points * columns).reshape(points, columns), alpha=bells(102, parts),
                           mean=bells(103, parts * columns).reshape(parts, columns), diagonal=bells(104, parts * columns, 0, 0.1).reshape(parts, columns),
                           below=bells(105, parts * columns * columns, 0, 0.1).reshape(parts, columns, columns))


def bundle_adjustment(n, m, p):
    mean, deviation = (0, 0, 0, 0, 0, -5, 500, 0, 0, 0, 0), (0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 50, 10, 10, 0.05, 0.01)
    cameras = numpy.stack([bells(131 + k, n, mean[k], deviation[k]) for k in range(11)], axis=1)
    cameras[0, :3] = 0
    turns = lambda count: (numpy.arange(p) % count).astype(numpy.int32)
    return SimpleNamespace(cameras=cameras, points=uniforms(142, 3 * m, -1, 1).reshape(m, 3), weight=uniforms(143, p, 0.5, 1.5), feature=bells(144, 2 * p, 0, 100).reshape(p, 2), camera_of=turns(n),
                           point_of=turns(m))


def lstm(characters):
    layers, size = 2, 14
    parts = lambda stream, *shape: uniforms(stream, int(numpy.prod(shape))).reshape(shape)
    return SimpleNamespace(layers=layers, size=size, characters=characters, main=parts(151, layers, 2, 4, size), extra=parts(152, 3, size), state=parts(153, layers, 2, size),
                           sequence=numpy.floor(parts(154, characters, size) * 2))


def tiny():
    return SimpleNamespace(a=bells(61, 8), b=bells(62, 8), c=bells(63, 8), d=bells(64, 8))


def reduction(n):
    return SimpleNamespace(n=n, x=uniforms(71, n))


sum = norm = reduction
