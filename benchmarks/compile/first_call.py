#!/usr/bin/env python3
"""Seconds from a function to its first value and gradients, by torch.compile or jax.jit: what ctgrad's users wait for the compiler. Imports are not counted.

usage: first_call.py torch|jax logistic_regression|chain [STEPS]

Status 77 where the library is not installed.

SPDX-License-Identifier: BSL-1.0
"""

import importlib
import sys
import time

SIZE = 1000


def logistic_regression(library):
    log, exp = library.log, library.exp

    def loss(w1, w2, b, x1, x2, y):
        p = 1 / (1 + exp(-(w1 * x1 + w2 * x2 + b)))
        return -(y * log(p) + (1 - y) * log(1 - p)).mean()

    return loss, 3


def chain(library, steps):
    def loss(x, w):
        h = x
        for _ in range(steps):
            h = h + 0.5 * library.tanh(h * w + x)
        return h.sum()

    return loss, 2


def function(case, library, steps):
    """The loss, by how many of its arguments gradients are taken, and the shapes of its arguments."""
    if case == "chain":
        return *chain(library, steps), [SIZE] * 2
    return *logistic_regression(library), [None] * 3 + [SIZE] * 3


def with_torch(case, steps):
    import torch

    f, by, shapes = function(case, torch, steps)
    arguments = [torch.full((size,) if size else (), 0.25, requires_grad=i < by) for i, size in enumerate(shapes)]
    compiled = torch.compile(f)

    def call():
        value = compiled(*arguments)
        return [value.detach(), *torch.autograd.grad(value, arguments[:by])]

    return call


def with_jax(case, steps):
    import jax

    f, by, shapes = function(case, jax.numpy, steps)
    arguments = [jax.numpy.full((size,) if size else (), 0.25) for size in shapes]
    compiled = jax.jit(jax.value_and_grad(f, argnums=tuple(range(by))))
    return lambda: jax.block_until_ready(compiled(*arguments))


def main():
    library, case, steps = sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 0
    try:
        importlib.import_module(library)
    except ImportError as error:
        print(error)
        sys.exit(77)
    call = {"torch": with_torch, "jax": with_jax}[library](case, steps)
    start = time.perf_counter()
    call()
    print(f"{time.perf_counter() - start:.6g}")


main()
