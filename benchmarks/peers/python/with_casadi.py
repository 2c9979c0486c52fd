"""CasADi: symbols and gradients of one element, mapped over all of them, compiled by the C compiler. In double: CasADi has no float.

SPDX-License-Identifier: BSL-1.0
"""

import os
import tempfile

import contender

np, casadi = contender.imports("numpy", "casadi")
work = tempfile.TemporaryDirectory()
os.chdir(work.name)  # where the generated C lands
options = {"jit": True, "compiler": "shell", "jit_options": {"compiler": os.environ.get("CC", "cc"), "flags": ["-O3", "-march=native"]}}


def mapped(f, n):
    return f.map(n, "openmp" if contender.threads() > 1 else "serial")


def rows(*arrays):
    return [np.ascontiguousarray(a, dtype=np.float64).reshape(1, -1) for a in arrays]


def buffered(f, arguments):
    """A call of f through its buffers: no copies, no allocations."""
    buffer, evaluate = f.buffer()
    arguments = [np.asfortranarray(a, dtype=np.float64) for a in arguments]
    results = [np.zeros(f.size_out(i), order="F") for i in range(f.n_out())]
    for i, a in enumerate(arguments):
        buffer.set_arg(i, memoryview(a.ravel(order="F")))
    for i, r in enumerate(results):
        buffer.set_res(i, memoryview(r.ravel(order="F")))

    def call():
        evaluate()
        return results

    call.kept = (buffer, arguments)
    return call


def logistic_regression(q):
    w, x1, x2, y = casadi.SX.sym("w", 3), casadi.SX.sym("x1"), casadi.SX.sym("x2"), casadi.SX.sym("y")
    t = w[0] * x1 + w[1] * x2 + w[2]
    loss = casadi.log1p(casadi.exp(t)) - y * t
    one = casadi.Function("one", [w, x1, x2, y], [casadi.vertcat(loss, casadi.gradient(loss, w))], options)
    # The weights do not change from sample to sample, and the results are added up.
    total = one.map("total", "openmp" if contender.threads() > 1 else "serial", q.n, [0], [0])
    call = buffered(total, [np.array([[q.w1], [q.w2], [q.b]], dtype=np.float64), *rows(q.x1, q.x2, q.y)])
    return call, lambda results: [float(v) / q.n for v in np.ravel(results[0])]


def black_scholes(q):
    v = casadi.SX.sym("v", 5)
    spot, strike, years, volatility, rate = (v[i] for i in range(5))
    spread = volatility * casadi.sqrt(years)
    d1 = (casadi.log(spot / strike) + (rate + 0.5 * volatility * volatility) * years) / spread
    normal = lambda x: 0.5 + 0.5 * casadi.erf(x * 0.5**0.5)
    price = spot * normal(d1) - strike * casadi.exp(-rate * years) * normal(d1 - spread)
    g = casadi.gradient(price, v)
    gamma = casadi.gradient(g[0], spot)
    one = casadi.Function("one", [v], [price, g[0], gamma, g[3], g[2], g[4]], options)
    call = buffered(mapped(one, q.n), [np.stack([q.spot, q.strike, q.years, q.volatility, q.rate])])
    return call, lambda results: [r[0] for r in results]


def bundle_adjustment(q):
    p, seen = casadi.SX.sym("p", 15), casadi.SX.sym("seen", 2)
    turn, x, weight = p[:3], p[11:14] - p[3:6], p[14]
    square = casadi.sumsqr(turn)
    turned = square > 0
    angle = casadi.sqrt(casadi.if_else(turned, square, 1))
    axis, sine, cosine = turn / angle, casadi.sin(angle), casadi.cos(angle)
    rotated = casadi.if_else(turned, x * cosine + casadi.cross(axis, x) * sine + axis * (casadi.dot(axis, x) * (1 - cosine)), x + casadi.cross(turn, x))
    plane = rotated[:2] / rotated[2]
    radius = casadi.sumsqr(plane)
    error = weight * (plane * (1 + radius * (p[9] + p[10] * radius)) * p[6] + p[7:9] - seen)
    one = casadi.Function("one", [p, seen], [error, 1 - weight * weight, casadi.densify(casadi.jacobian(error, p).T), -2 * weight], options)
    count = len(q.weight)
    cameras, points, rows = q.cameras.astype(np.float64), q.points.astype(np.float64), np.zeros((count, 15))
    rows[:, 14] = q.weight
    evaluate = buffered(mapped(one, count), [rows.T, q.feature.T])  # a column for each observation
    given = evaluate.kept[1][0].T

    def call():
        given[:, :11] = cameras[q.camera_of]
        given[:, 11:14] = points[q.point_of]
        return evaluate()

    def values(results):
        error, weights, jacobian, slopes = results
        return [*error, weights[0], *(jacobian[:, side::2][k] for side in (0, 1) for k in range(15)), slopes[0]]

    return call, values


def tiny(q):
    a, b, c, d = (casadi.SX.sym(name, 8) for name in "abcd")
    loss = casadi.sum1((a * b + c) * casadi.tanh(d))
    f = casadi.Function("tiny", [a, b, c, d], [loss, *(casadi.gradient(loss, v) for v in (a, b, c, d))], options)
    call = buffered(f, [v.reshape(8, 1) for v in (q.a, q.b, q.c, q.d)])
    return call, lambda results: [float(results[0][0, 0]), *(r[:, 0] for r in results[1:])]


contender.main({"logistic_regression": logistic_regression, "black_scholes": black_scholes, "bundle_adjustment": bundle_adjustment, "tiny": tiny})
