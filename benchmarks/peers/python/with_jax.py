"""JAX: gradients by jax.grad, the whole call compiled by jax.jit.

SPDX-License-Identifier: BSL-1.0
"""

import contender

jax, jnp = contender.imports("jax", "jax.numpy")
from jax.scipy.special import erf  # noqa: E402


def jitted(f, *arguments):
    """The call that returns f's results, waited for."""
    f, arguments = jax.jit(f), [jax.device_put(a) for a in arguments]
    return (lambda: jax.block_until_ready(f(*arguments)), jax.tree_util.tree_leaves)


def value_and_gradients(f, parameters, *constants):
    count = len(parameters)
    return jitted(jax.value_and_grad(f, argnums=tuple(range(count))), *parameters, *constants)


def logistic_regression(q):
    def loss(w1, w2, b, x1, x2, y):
        t = w1 * x1 + w2 * x2 + b
        return jnp.mean(jax.nn.softplus(t) - y * t)

    return value_and_gradients(loss, (q.w1, q.w2, q.b), q.x1, q.x2, q.y)


def black_scholes(q):
    def price(spot, strike, years, volatility, rate):
        spread = volatility * jnp.sqrt(years)
        d1 = (jnp.log(spot / strike) + (rate + 0.5 * volatility * volatility) * years) / spread
        normal = lambda x: 0.5 + 0.5 * erf(x * 0.5**0.5)
        return spot * normal(d1) - strike * jnp.exp(-rate * years) * normal(d1 - spread)

    total = lambda *arguments: jnp.sum(price(*arguments))

    def all_greeks(*arguments):
        delta, theta, vega, rho = jax.grad(total, argnums=(0, 2, 3, 4))(*arguments)
        gamma = jax.grad(lambda *a: jnp.sum(jax.grad(total)(*a)))(*arguments)
        return price(*arguments), delta, gamma, vega, theta, rho

    return jitted(all_greeks, q.spot, q.strike, q.years, q.volatility, q.rate)


def mean_cross_entropy(logits, labels):
    chosen = jnp.take_along_axis(logits, labels[:, None], axis=1)[:, 0]
    return jnp.mean(jax.nn.logsumexp(logits, axis=1) - chosen)


def cross_entropy(q):
    return value_and_gradients(mean_cross_entropy, (q.x,), q.labels.astype("int32"))


def norm_gelu(q):
    def loss(x, scale, shift):
        centred = x - jnp.mean(x, axis=1, keepdims=True)
        normal = centred * jax.lax.rsqrt(jnp.mean(centred * centred, axis=1, keepdims=True) + 1e-5)
        return jnp.mean(jax.nn.gelu(normal * scale + shift, approximate=False) ** 2)

    return value_and_gradients(loss, (q.x, q.scale, q.shift))


def column_softmax(q):
    return jitted(lambda x: jax.nn.softmax(x, axis=0), q.x)


def network(q):
    def loss(w1, b1, w2, b2, w3, b3, x, labels):
        h1 = jax.nn.relu(x @ w1 + b1)
        h2 = jax.nn.relu(h1 @ w2 + b2)
        return mean_cross_entropy(h2 @ w3 + b3, labels)

    return value_and_gradients(loss, (q.w1, q.b1, q.w2, q.b2, q.w3, q.b3), q.x, q.labels.astype("int32"))


def lenet(q):
    def convolved(x, kernel, bias, padding):
        return jax.lax.conv_general_dilated(x, kernel, (1, 1), [(padding, padding)] * 2, dimension_numbers=("NCHW", "OIHW", "NCHW")) + bias[:, None, None]

    def pooled(x):
        return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")

    def loss(k1, c1, k2, c2, w3, b3, w4, b4, w5, b5, x, labels):
        h = pooled(jax.nn.relu(convolved(x, k1, c1, 2)))
        h = pooled(jax.nn.relu(convolved(h, k2, c2, 0))).reshape(len(x), -1)
        h = jax.nn.relu(jax.nn.relu(h @ w3.T + b3) @ w4.T + b4)
        return mean_cross_entropy(h @ w5.T + b5, labels)

    return value_and_gradients(loss, (q.k1, q.c1, q.k2, q.c2, q.w3, q.b3, q.w4, q.b4, q.w5, q.b5), q.x, q.labels.astype("int32"))


def tiny(q):
    return value_and_gradients(lambda a, b, c, d: jnp.sum((a * b + c) * jnp.tanh(d)), (q.a, q.b, q.c, q.d))


def attention(q):
    heads, scale = q.heads, q.columns**-0.5

    def loss(q, k, v):
        weights = jax.nn.softmax(jnp.einsum("hnd,hmd->hnm", q, k) * scale, axis=2)
        return heads * jnp.mean(jnp.einsum("hnm,hmd->hnd", weights, v) ** 2)

    return value_and_gradients(loss, (q.q, q.k, q.v))


def lennard_jones(q):
    def energy(x, y, z):
        apart = ~jnp.eye(len(x), dtype=bool)
        r2 = (x[:, None] - x) ** 2 + (y[:, None] - y) ** 2 + (z[:, None] - z) ** 2
        inverse = 1 / jnp.where(apart, r2, 1)
        cube = inverse * inverse * inverse
        return 2 * jnp.sum(jnp.where(apart, cube * cube - cube, 0))

    return value_and_gradients(energy, (q.x, q.y, q.z))


def gaussian_mixture(q):
    n = q.points

    def loss(alpha, mean, diagonal, below, x):
        matrix = jnp.tril(below, -1) + jax.vmap(jnp.diag)(jnp.exp(diagonal))
        z = jnp.einsum("knj,kij->kni", x - mean[:, None, :], matrix)
        terms = (alpha + diagonal.sum(1))[:, None] - 0.5 * jnp.sum(z * z, axis=2)
        return jnp.mean(jax.nn.logsumexp(terms, axis=0)) - jax.nn.logsumexp(alpha) + jnp.sum(matrix * matrix) / (2 * n)

    return value_and_gradients(loss, (q.alpha, q.mean, q.diagonal, q.below), q.x)


def bundle_adjustment(q):
    def errors(camera, point, weight, feature):
        turn, x = camera[:, :3], point - camera[:, 3:6]
        square = jnp.sum(turn * turn, axis=1, keepdims=True)
        turned = square > 0
        angle = jnp.sqrt(jnp.where(turned, square, 1))
        axis, sine, cosine = turn / angle, jnp.sin(angle), jnp.cos(angle)
        rotated = jnp.where(turned, x * cosine + jnp.cross(axis, x) * sine + axis * (jnp.sum(axis * x, axis=1, keepdims=True) * (1 - cosine)), x + jnp.cross(turn, x))
        plane = rotated[:, :2] / rotated[:, 2:]
        radius = jnp.sum(plane * plane, axis=1, keepdims=True)
        bend = 1 + radius * (camera[:, 9:10] + camera[:, 10:11] * radius)
        return weight[:, None] * (plane * bend * camera[:, 6:7] + camera[:, 7:9] - feature)

    def step(cameras, points, weight, feature, camera_of, point_of):
        value, pullback = jax.vjp(lambda *rows: errors(*rows, feature), cameras[camera_of], points[point_of], weight)
        weights, weight_pullback = jax.vjp(lambda w: 1 - w * w, weight)
        # Each error depends on its own rows only: the gradient of a sum has all their derivatives.
        sides = [pullback(jnp.zeros_like(value).at[:, k].set(1)) for k in (0, 1)]
        jacobian = jnp.concatenate([part for g in sides for part in (*g[:2], g[2][:, None])], axis=1)
        return value, weights, jacobian, *weight_pullback(jnp.ones_like(weights))

    call, _ = jitted(step, q.cameras, q.points, q.weight, q.feature, q.camera_of, q.point_of)
    return call, lambda results: [c for r in results for c in (r.T if r.ndim == 2 else [r])]


def lstm(q):
    count = (q.characters - 1) * q.size

    def loss(main, extra, state, sequence):
        hidden, cell, total = [s[0] for s in state], [s[1] for s in state], 0
        for t in range(q.characters - 1):
            x = sequence[t] * extra[0]
            for k in range(q.layers):
                (forget, enter, leave, change), bias = main[k, 0], main[k, 1]
                keep, put = jax.nn.sigmoid(x * forget + bias[0]), jax.nn.sigmoid(hidden[k] * enter + bias[1])
                cell[k] = cell[k] * keep + put * jnp.tanh(hidden[k] * change + bias[3])
                hidden[k] = jax.nn.sigmoid(x * leave + bias[2]) * jnp.tanh(cell[k])
                x = hidden[k]
            y = x * extra[1] + extra[2]
            total = total + jnp.sum(sequence[t + 1] * (y - jnp.log(jnp.sum(jnp.exp(y)) + 2)))
        return -total / count

    return value_and_gradients(loss, (q.main, q.extra), q.state, q.sequence)


contender.main({
    "logistic_regression": logistic_regression, "black_scholes": black_scholes, "cross_entropy": cross_entropy, "norm_gelu": norm_gelu, "column_softmax": column_softmax,
    "network": network, "lenet": lenet, "attention": attention, "lennard_jones": lennard_jones,
    "gaussian_mixture": gaussian_mixture, "bundle_adjustment": bundle_adjustment, "lstm": lstm, "tiny": tiny, "sum": lambda q: jitted(jnp.sum, q.x), "norm": lambda q: jitted(jnp.linalg.norm, q.x),
})
