"""PyTorch, eager or compiled: gradients by autograd. `torch-compile` as the contender's name compiles the function that is differentiated.

SPDX-License-Identifier: BSL-1.0
"""

import sys

import contender

(torch,) = contender.imports("torch")
functional = torch.nn.functional
torch.set_num_threads(contender.threads())
torch.set_num_interop_threads(1)
compiled = torch.compile if sys.argv[1] == "torch-compile" else lambda f: f


def tensors(*arrays):
    return [torch.from_numpy(a) for a in arrays]


def leaves(*arrays):
    return [torch.tensor(a, requires_grad=True) for a in arrays]


def numbers(results):
    return [r.detach().numpy() for r in results]


def value_and_gradients(f, *parameters):
    """The call that returns f(*parameters) and its gradients."""
    f = compiled(f)

    def call():
        value = f(*parameters)
        return value, *torch.autograd.grad(value, parameters)

    return call, numbers


def logistic_regression(q):
    x1, x2, y = tensors(q.x1, q.x2, q.y)
    return value_and_gradients(lambda w1, w2, b: functional.binary_cross_entropy_with_logits(w1 * x1 + w2 * x2 + b, y), *leaves(q.w1, q.w2, q.b))


def black_scholes(q):
    spot, strike, years, volatility, rate = leaves(q.spot, q.strike, q.years, q.volatility, q.rate)

    def price(spot, strike, years, volatility, rate):
        spread = volatility * years.sqrt()
        d1 = ((spot / strike).log() + (rate + 0.5 * volatility * volatility) * years) / spread
        normal = lambda x: 0.5 + 0.5 * torch.erf(x * 0.5**0.5)
        return spot * normal(d1) - strike * torch.exp(-rate * years) * normal(d1 - spread)

    if compiled is torch.compile:
        # torch.compile has no second derivatives by autograd; torch.func's transforms are compiled as a whole.
        from torch.func import grad, vjp

        one = torch.ones_like(spot)

        def all_greeks(spot, strike, years, volatility, rate):
            value, pullback = vjp(price, spot, strike, years, volatility, rate)
            delta, _, theta, vega, rho = pullback(one)
            gamma = grad(lambda s: grad(lambda t: price(t, strike, years, volatility, rate).sum())(s).sum())(spot)
            return value, delta, gamma, vega, theta, rho

        arguments = [v.detach() for v in (spot, strike, years, volatility, rate)]
        f = compiled(all_greeks)
        return lambda: f(*arguments), numbers

    def call():
        value = price(spot, strike, years, volatility, rate)
        delta, vega, theta, rho = torch.autograd.grad(value.sum(), (spot, volatility, years, rate), create_graph=True)
        (gamma,) = torch.autograd.grad(delta.sum(), spot)
        return value, delta, gamma, vega, theta, rho

    return call, numbers


def cross_entropy(q):
    (labels,) = tensors(q.labels)
    return value_and_gradients(lambda x: functional.cross_entropy(x, labels), *leaves(q.x))


def norm_gelu(q):
    return value_and_gradients(lambda x, scale, shift: functional.gelu(functional.layer_norm(x, (q.columns,), scale, shift, 1e-5)).square().mean(), *leaves(q.x, q.scale, q.shift))


def column_softmax(q):
    (x,) = tensors(q.x)
    f = compiled(lambda x: torch.softmax(x, 0))
    return lambda: (f(x),), numbers


def network(q):
    x, labels = tensors(q.x, q.labels)

    def loss(w1, b1, w2, b2, w3, b3):
        h1 = torch.relu(torch.addmm(b1, x, w1))
        h2 = torch.relu(torch.addmm(b2, h1, w2))
        return functional.cross_entropy(torch.addmm(b3, h2, w3), labels)

    return value_and_gradients(loss, *leaves(q.w1, q.b1, q.w2, q.b2, q.w3, q.b3))


def lenet(q):
    x, labels = tensors(q.x, q.labels)

    def loss(k1, c1, k2, c2, w3, b3, w4, b4, w5, b5):
        h = functional.max_pool2d(torch.relu(functional.conv2d(x, k1, c1, padding=2)), 2)
        h = functional.max_pool2d(torch.relu(functional.conv2d(h, k2, c2)), 2).flatten(1)
        h = torch.relu(functional.linear(torch.relu(functional.linear(h, w3, b3)), w4, b4))
        return functional.cross_entropy(functional.linear(h, w5, b5), labels)

    return value_and_gradients(loss, *leaves(q.k1, q.c1, q.k2, q.c2, q.w3, q.b3, q.w4, q.b4, q.w5, q.b5))


def tiny(q):
    return value_and_gradients(lambda a, b, c, d: ((a * b + c) * torch.tanh(d)).sum(), *leaves(q.a, q.b, q.c, q.d))


def reduction(f):
    def case(q):
        (x,) = tensors(q.x)
        g = compiled(f)
        return lambda: (g(x),), numbers

    return case


def attention(q):
    # A batch of one: the fused kernel of the CPU takes four axes.
    loss = lambda q, k, v: functional.scaled_dot_product_attention(q, k, v).square().mean() * heads
    heads = q.heads
    return value_and_gradients(loss, *leaves(q.q[None], q.k[None], q.v[None]))


def lennard_jones(q):
    apart = torch.eye(q.n, dtype=torch.bool).logical_not()

    def energy(x, y, z):
        r2 = (x[:, None] - x).square() + (y[:, None] - y).square() + (z[:, None] - z).square()
        cube = torch.where(apart, torch.where(apart, r2, 1.0).reciprocal().pow(3), 0.0)
        return 2 * (cube * cube - cube).sum()

    return value_and_gradients(energy, *leaves(q.x, q.y, q.z))


def gaussian_mixture(q):
    (x,) = tensors(q.x)
    n = q.points

    def loss(alpha, mean, diagonal, below):
        matrix = torch.tril(below, -1) + torch.diag_embed(diagonal.exp())
        z = torch.bmm(x - mean[:, None, :], matrix.transpose(1, 2))
        terms = (alpha + diagonal.sum(1))[:, None] - 0.5 * z.square().sum(2)
        return torch.logsumexp(terms, 0).mean() - torch.logsumexp(alpha, 0) + matrix.square().sum() / (2 * n)

    return value_and_gradients(loss, *leaves(q.alpha, q.mean, q.diagonal, q.below))


def bundle_adjustment(q):
    camera_of, point_of, feature = tensors(q.camera_of, q.point_of, q.feature)
    cameras, points, weight = tensors(q.cameras, q.points, q.weight)

    def errors(camera, point, weight):
        turn, x = camera[:, :3], point - camera[:, 3:6]
        square = turn.square().sum(1, keepdim=True)
        turned = square > 0
        angle = torch.where(turned, square, 1.0).sqrt()
        axis, sine, cosine = turn / angle, angle.sin(), angle.cos()
        cross = lambda a, b: torch.linalg.cross(a, b, dim=1)
        rotated = torch.where(turned, x * cosine + cross(axis, x) * sine + axis * ((axis * x).sum(1, keepdim=True) * (1 - cosine)), x + cross(turn, x))
        plane = rotated[:, :2] / rotated[:, 2:]
        radius = plane.square().sum(1, keepdim=True)
        bend = 1 + radius * (camera[:, 9:10] + camera[:, 10:11] * radius)
        return weight[:, None] * (plane * bend * camera[:, 6:7] + camera[:, 7:9] - feature)

    def step():
        # Each error depends on its own rows only: the gradient of a sum has all their derivatives.
        rows = cameras[camera_of], points[point_of], weight
        if compiled is torch.compile:
            value, pullback = torch.func.vjp(errors, *rows)
            one = torch.ones_like(value)
            sides = [pullback(one * torch.tensor(side)) for side in ([1.0, 0.0], [0.0, 1.0])]
            weights, weight_pullback = torch.func.vjp(lambda w: 1 - w * w, weight)
            return value, weights, *(torch.cat([*g[:2], g[2][:, None]], 1) for g in sides), weight_pullback(torch.ones_like(weights))[0]
        rows = [r.detach().requires_grad_() for r in rows]
        value, weights = errors(*rows), 1 - rows[2] * rows[2]
        sides = [torch.autograd.grad(value[:, k].sum(), rows, retain_graph=True) for k in (0, 1)]
        return value, weights, *(torch.cat([*g[:2], g[2][:, None]], 1) for g in sides), *torch.autograd.grad(weights.sum(), rows[2:])

    return compiled(step) if compiled is torch.compile else step, columns


def columns(results):
    """Each column of a matrix apart: one's size says nothing of another's."""
    return [c for r in numbers(results) for c in (r.T if r.ndim == 2 else [r])]


def lstm(q):
    (state, sequence) = tensors(q.state, q.sequence)
    count = (q.characters - 1) * q.size

    def loss(main, extra):
        hidden, cell, total = [s[0] for s in state], [s[1] for s in state], 0
        for t in range(q.characters - 1):
            x = sequence[t] * extra[0]
            for k in range(q.layers):
                (forget, enter, leave, change), bias = main[k, 0], main[k, 1]
                keep, put = torch.sigmoid(x * forget + bias[0]), torch.sigmoid(hidden[k] * enter + bias[1])
                cell[k] = cell[k] * keep + put * torch.tanh(hidden[k] * change + bias[3])
                hidden[k] = torch.sigmoid(x * leave + bias[2]) * torch.tanh(cell[k])
                x = hidden[k]
            y = x * extra[1] + extra[2]
            total = total + (sequence[t + 1] * (y - torch.log(torch.exp(y).sum() + 2))).sum()
        return -total / count

    return value_and_gradients(loss, *leaves(q.main, q.extra))


contender.main({
    "logistic_regression": logistic_regression, "black_scholes": black_scholes, "cross_entropy": cross_entropy, "norm_gelu": norm_gelu, "column_softmax": column_softmax,
    "network": network, "lenet": lenet, "attention": attention, "lennard_jones": lennard_jones,
    "gaussian_mixture": gaussian_mixture, "bundle_adjustment": bundle_adjustment, "lstm": lstm, "tiny": tiny, "sum": reduction(torch.sum), "norm": reduction(torch.linalg.vector_norm),
})
