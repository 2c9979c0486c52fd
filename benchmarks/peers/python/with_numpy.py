"""NumPy: it has no gradients, so they are written by hand, into arrays that are allocated once.

SPDX-License-Identifier: BSL-1.0
"""

import contender

np, special = contender.imports("numpy", "scipy.special")
HALF_ROOT, DENSITY = np.float32(0.5**0.5), np.float32(0.3989422804014327)


def logistic_regression(q):
    t, e, d = (np.empty(q.n, np.float32) for _ in range(3))

    def call():
        np.multiply(q.x1, q.w1, out=t)
        np.multiply(q.x2, q.w2, out=e)
        np.add(t, e, out=t)
        np.add(t, q.b, out=t)
        np.abs(t, out=e)
        np.negative(e, out=e)
        np.exp(e, out=e)
        np.divide(np.where(t >= 0, np.float32(1), e), 1 + e, out=d)
        np.subtract(d, q.y, out=d)
        np.log1p(e, out=e)
        np.add(e, np.maximum(t, 0), out=e)
        np.multiply(t, q.y, out=t)
        np.subtract(e, t, out=e)
        return e.mean(), np.dot(d, q.x1) / q.n, np.dot(d, q.x2) / q.n, d.mean()

    return (call,)


def black_scholes(q):
    def call():
        root = np.sqrt(q.years)
        spread = q.volatility * root
        d1 = (np.log(q.spot / q.strike) + (q.rate + np.float32(0.5) * q.volatility * q.volatility) * q.years) / spread
        delta = special.ndtr(d1)
        owed = q.strike * np.exp(-q.rate * q.years) * special.ndtr(d1 - spread)
        density = DENSITY * np.exp(np.float32(-0.5) * d1 * d1)
        moved = q.spot * density
        return q.spot * delta - owed, delta, density / (q.spot * spread), moved * root, np.float32(0.5) * moved * q.volatility / root + q.rate * owed, q.years * owed

    return (call,)


def cross_entropy(q):
    rows, d = np.arange(q.rows), np.empty_like(q.x)

    def call():
        m = q.x.max(axis=1, keepdims=True)
        np.subtract(q.x, m, out=d)
        chosen = d[rows, q.labels]
        np.exp(d, out=d)
        s = d.sum(axis=1, keepdims=True)
        loss = np.mean(np.log(s[:, 0]) - chosen)
        np.multiply(d, np.float32(1 / q.rows) / s, out=d)
        d[rows, q.labels] -= np.float32(1 / q.rows)
        return loss, d

    return (call,)


def norm_gelu(q):
    share = np.float32(2 / q.x.size)

    def call():
        z = q.x - q.x.mean(axis=1, keepdims=True)
        inverse = 1 / np.sqrt(np.mean(z * z, axis=1, keepdims=True) + np.float32(1e-5))
        z *= inverse
        t = z * q.scale + q.shift
        phi = special.ndtr(t)
        a = t * phi
        loss = np.mean(a * a)
        g = share * a * (phi + t * DENSITY * np.exp(np.float32(-0.5) * t * t))
        ds, dt = np.einsum("ij,ij->j", g, z), g.sum(axis=0)
        g *= q.scale
        d = inverse * (g - g.mean(axis=1, keepdims=True) - z * np.mean(g * z, axis=1, keepdims=True))
        return loss, d, ds, dt

    return (call,)


def column_softmax(q):
    y = np.empty_like(q.x)

    def call():
        np.subtract(q.x, q.x.max(axis=0), out=y)
        np.exp(y, out=y)
        np.divide(y, y.sum(axis=0), out=y)
        return (y,)

    return (call,)


def network(q):
    rows = np.arange(q.batch)

    def call():
        h1 = np.maximum(q.x @ q.w1 + q.b1, 0)
        h2 = np.maximum(h1 @ q.w2 + q.b2, 0)
        o = h2 @ q.w3 + q.b3
        o -= o.max(axis=1, keepdims=True)
        chosen = o[rows, q.labels]
        np.exp(o, out=o)
        s = o.sum(axis=1, keepdims=True)
        loss = np.mean(np.log(s[:, 0]) - chosen)
        o *= np.float32(1 / q.batch) / s
        o[rows, q.labels] -= np.float32(1 / q.batch)
        g2 = (o @ q.w3.T) * (h2 > 0)
        g1 = (g2 @ q.w2.T) * (h1 > 0)
        return loss, q.x.T @ g1, g1.sum(axis=0), h1.T @ g2, g2.sum(axis=0), h2.T @ o, o.sum(axis=0)

    return (call,)


def tiny(q):
    def call():
        t, f = np.tanh(q.d), q.a * q.b + q.c
        return (f * t).sum(), q.b * t, q.a * t, t, f * (1 - t * t)

    return (call,)


contender.main({
    "logistic_regression": logistic_regression, "black_scholes": black_scholes, "cross_entropy": cross_entropy, "norm_gelu": norm_gelu, "column_softmax": column_softmax,
    "network": network, "tiny": tiny, "sum": lambda q: (lambda: (q.x.sum(),),), "norm": lambda q: (lambda: (np.linalg.norm(q.x),),),
})
