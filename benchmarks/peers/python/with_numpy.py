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


def attention(q):
    scale, share = np.float32(q.columns**-0.5), np.float32(2 / (q.rows * q.columns))
    turned = lambda x: x.transpose(0, 2, 1)

    def call():
        p = (q.q * scale) @ turned(q.k)
        p -= p.max(axis=2, keepdims=True)
        np.exp(p, out=p)
        p /= p.sum(axis=2, keepdims=True)
        out = p @ q.v
        loss = np.sum(out * out) / (q.rows * q.columns)
        dout = out * share
        dv = turned(p) @ dout
        d = dout @ turned(q.v)
        d -= np.sum(out * dout, axis=2, keepdims=True)
        d *= p
        d *= scale
        return loss, d @ q.k, turned(d) @ q.q, dv

    return (call,)


def lennard_jones(q):
    def call():
        dx, dy, dz = (a[:, None] - a for a in (q.x, q.y, q.z))
        inverse = dx * dx + dy * dy + dz * dz
        np.fill_diagonal(inverse, 1)
        np.reciprocal(inverse, out=inverse)
        np.fill_diagonal(inverse, 0)
        cube = inverse * inverse * inverse
        energy = 2 * np.sum(cube * cube - cube)
        slope = np.float32(24) * inverse * cube * (1 - 2 * cube)
        return energy, *(np.einsum("ij,ij->i", slope, d) for d in (dx, dy, dz))

    return (call,)


def gaussian_mixture(q):
    n = np.float32(q.points)
    mask, diagonal = np.tril(np.ones((q.columns, q.columns), np.float32), -1), np.arange(q.columns)

    def call():
        matrix = q.below * mask
        matrix[:, diagonal, diagonal] = np.exp(q.diagonal)
        centred = q.x - q.mean[:, None, :]  # part, point, column
        z = centred @ matrix.transpose(0, 2, 1)
        terms = q.alpha[:, None] + q.diagonal.sum(axis=1)[:, None] - np.float32(0.5) * np.einsum("kni,kni->kn", z, z)
        m = terms.max(axis=0)
        w = np.exp(terms - m)
        s = w.sum(axis=0)
        e = np.exp(q.alpha - q.alpha.max())
        loss = np.mean(np.log(s) + m) - np.log(e.sum()) - q.alpha.max() + np.sum(matrix * matrix) / (2 * n)
        w /= s * n
        z *= -w[:, :, None]
        d = z.transpose(0, 2, 1) @ centred + matrix / n
        total = w.sum(axis=1)
        dmean = -(z.sum(axis=1)[:, None, :] @ matrix)[:, 0]
        return loss, total - e / e.sum(), dmean, total[:, None] + d[:, diagonal, diagonal] * matrix[:, diagonal, diagonal], d * mask

    return (call,)


contender.main({
    "logistic_regression": logistic_regression, "black_scholes": black_scholes, "cross_entropy": cross_entropy, "norm_gelu": norm_gelu, "column_softmax": column_softmax,
    "network": network, "attention": attention, "lennard_jones": lennard_jones,
    "gaussian_mixture": gaussian_mixture, "tiny": tiny, "sum": lambda q: (lambda: (q.x.sum(),),), "norm": lambda q: (lambda: (np.linalg.norm(q.x),),),
})
