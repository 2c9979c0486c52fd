#!/usr/bin/env python3
"""What a call from Python costs: logistic regression, value and both gradients, by ctgrad, NumPy, PyTorch and JAX, as a table. Medians of 15 rounds of timeit, in turns.

usage: PYTHONPATH=build/examples/python python3 benchmarks/python_calls.py [ROWSxCOLUMNS]...
SPDX-License-Identifier: BSL-1.0
"""

import importlib.util
import statistics
import sys
import timeit

import numpy as np

import logistic


def contenders(X, y, w, b):
    place = {"dw": np.empty_like(w)}
    yield "ctgrad", lambda: logistic.step(X=X, y=y, w=w, b=b)
    yield "ctgrad, out=", lambda: logistic.step(X=X, y=y, w=w, b=b, out=place)

    def with_numpy():
        z = X @ w + b
        p = 1 / (1 + np.exp(-z))
        return (np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))).mean(), X.T @ (p - y) / len(y), (p - y).mean()

    yield "NumPy", with_numpy
    if importlib.util.find_spec("torch"):
        import torch

        tX, ty, tw, tb = torch.from_numpy(X), torch.from_numpy(y), torch.from_numpy(w).clone().requires_grad_(), torch.tensor(b, requires_grad=True)

        def with_torch():
            loss = torch.nn.functional.binary_cross_entropy_with_logits(tX @ tw + tb, ty)
            return loss.detach(), *torch.autograd.grad(loss, (tw, tb))

        yield "PyTorch", with_torch
    if importlib.util.find_spec("jax"):
        import jax

        jax.config.update("jax_platforms", "cpu")
        arrays = [jax.numpy.asarray(a) for a in (X, y, w, b)]

        def value(X, y, w, b):
            z = X @ w + b
            return (jax.nn.softplus(z) - y * z).mean()

        step = jax.jit(jax.value_and_grad(value, argnums=(2, 3)))

        def with_jax():
            loss, (dw, db) = step(*arrays)
            return loss.block_until_ready(), dw, db

        yield "JAX", with_jax


def main():
    rng = np.random.default_rng(0)
    for shape in sys.argv[1:] or ["4x20", "1000x784"]:
        rows, columns = map(int, shape.split("x"))
        X = rng.standard_normal((rows, columns), dtype=np.float32)
        functions = dict(contenders(X, (X[:, 0] > 0).astype(np.float32), rng.standard_normal(columns, dtype=np.float32) / columns, 0.5))
        expected = functions["NumPy"]()
        seconds = {name: [] for name in functions}
        numbers = {}
        for name, function in functions.items():
            for got, wanted in zip(function(), expected):
                np.testing.assert_allclose(np.asarray(got), wanted, rtol=1e-3, atol=1e-5)
            numbers[name] = max(1, timeit.Timer(function).autorange()[0] // 10)
        for _ in range(15):
            for name, function in functions.items():
                seconds[name].append(timeit.timeit(function, number=numbers[name]) / numbers[name])
        print(f"{rows} x {columns}: " + ", ".join(f"{name} {1e6 * statistics.median(times):.3g} µs" for name, times in seconds.items()))


main()
