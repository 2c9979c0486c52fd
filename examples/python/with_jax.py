#!/usr/bin/env python3
"""A program of ctgrad as a function that JAX differentiates and compiles: its gradients are the program's, by custom_vjp.

SPDX-License-Identifier: BSL-1.0
"""

import sys

import numpy as np

import logistic

try:
    import jax
    import jax.numpy as jnp
except ImportError:
    print("skipped: JAX is not installed")
    sys.exit(77)

jax.config.update("jax_platforms", "cpu")


def differentiable(program, value, **gradients):
    """A function of arrays, by name, for a program that gives a scalar `value` and its gradients: `w="dw"` says that the result dw is the gradient by w.

    JAX's arrays go in without a copy, of the dtypes and shapes that the program's docstring says. By other arguments the gradient is zero.
    """

    def call(arrays):
        shapes = {result: jax.ShapeDtypeStruct(arrays[name].shape, arrays[name].dtype) for name, result in gradients.items()}
        shapes[value] = jax.ShapeDtypeStruct((), next(iter(shapes.values())).dtype)

        def run(arrays):
            r = program(**arrays)
            return {result: np.asarray(getattr(r, result), shape.dtype) for result, shape in shapes.items()}

        return jax.pure_callback(run, shapes, arrays)

    @jax.custom_vjp
    def function(arrays):
        return call(arrays)[value]

    def forward(arrays):
        r = call(arrays)
        return r[value], ({name: r[result] for name, result in gradients.items()}, arrays)

    def backward(kept, g):
        found, arrays = kept
        return ({name: g * found[name] if name in found else jnp.zeros_like(array) for name, array in arrays.items()},)

    function.defvjp(forward, backward)
    return lambda **arrays: function(arrays)


def train(loss, X, y, steps=50):
    """The losses of gradient descent, and the parameters at the end."""

    @jax.jit
    def step(w, b):
        l, (dw, db) = jax.value_and_grad(lambda w, b: loss(X=X, y=y, w=w, b=b), argnums=(0, 1))(w, b)
        return l, w - 0.5 * dw, b - 0.5 * db

    w, b, losses = jnp.zeros(X.shape[1]), jnp.zeros(()), []
    for _ in range(steps):
        l, w, b = step(w, b)
        losses.append(l)
    return jnp.array(losses), w, b


def with_jax_alone(X, y, w, b):
    z = X @ w + b
    return jnp.mean(jax.nn.softplus(z) - y * z)


def main():
    keys = jax.random.split(jax.random.key(0), 3)
    X = jax.random.normal(keys[0], (1000, 20))
    y = (X @ jax.random.normal(keys[1], (20,)) + 0.3 * jax.random.normal(keys[2], (1000,)) > 0.2).astype(jnp.float32)
    ours = train(differentiable(logistic.step, "loss", w="dw", b="db"), X, y)
    theirs = train(with_jax_alone, X, y)
    print(f"loss {ours[0][0]:.4f} -> {ours[0][-1]:.4f} after 50 steps; with JAX's own gradients {theirs[0][-1]:.4f}")
    for name, a, b in zip(["losses", "w", "b"], ours, theirs):
        difference = float(jnp.max(jnp.abs(a - b) / (1 + jnp.abs(b))))
        print(f"{name}: largest difference from JAX's {difference:.1e}")
        if not difference < 1e-5:
            sys.exit(f"{name} differs from JAX's")


main()
