"""The functions that pytorch.py asks PyTorch for, and the inputs that it gives them: `case(name, function, *makers)`, each of which makes a list of inputs.

SPDX-License-Identifier: BSL-1.0
"""

import math

import torch
import torch.nn.functional as F

SEED = 20261125
INF = math.inf
generator = torch.Generator()


def normal(*shape):
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def positive(*shape):
    return torch.rand(*shape, generator=generator, dtype=torch.float64) * 3 + 0.1


def unit(*shape):
    return torch.rand(*shape, generator=generator, dtype=torch.float64) * 1.9 - 0.95


def probabilities(*shape):
    return torch.rand(*shape, generator=generator, dtype=torch.float64) * 0.98 + 0.01


def labels(count, classes):
    return torch.randint(0, classes, (count,), generator=generator)


def edges():
    """Where formulas change branch, and where exponentials end."""
    return torch.tensor([0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 3.0, -3.0, 6.0, -6.0, 20.0, -20.0, 90.0, -90.0, 1e-6, -1e-6, INF, -INF], dtype=torch.float64)


CASES = []  # name, function, list of input makers: each makes a list of inputs


def case(name, function, *inputs):
    CASES.append((name, function, inputs))


def unary(name, function, make=normal, edged=False):
    case(name, function, lambda: [make(7)], lambda: [make(3, 4)], *([lambda: [edges()], lambda: [torch.tensor([math.nan, 1.0], dtype=torch.float64)]] if edged else []))


# The op table.
for name in "exp expm1 sin cos tan asin acos atan sinh cosh tanh sigmoid erf relu abs sign floor ceil round".split():
    unary(name, getattr(torch, name), unit if name in ("asin", "acos") else normal, edged=name not in ("asin", "acos", "tan", "sin", "cos"))
for name in "log log1p sqrt rsqrt reciprocal".split():
    unary(name, getattr(torch, name), positive, edged=name in ("log", "log1p"))
unary("softplus", F.softplus, edged=True)
unary("gelu", F.gelu)
case("gelu", F.gelu, lambda: [edges()[:-2]])
unary("silu", F.silu, edged=True)
case("add", torch.add, lambda: [normal(3, 4), normal(4)])
case("subtract", torch.sub, lambda: [normal(3, 1), normal(1, 4)])
case("multiply", torch.mul, lambda: [normal(2, 3, 4), normal(3, 1)])
case("divide", torch.div, lambda: [normal(3, 4), positive(4)])
case("pow", torch.pow, lambda: [positive(3, 4), normal(4)])
case("atan2", torch.atan2, lambda: [normal(3, 4), normal(3, 4)])
case("hypot", torch.hypot, lambda: [normal(3, 4), normal(4)])
case("minimum", torch.minimum, lambda: [normal(3, 4), normal(4)], lambda: [torch.ones(2, dtype=torch.float64), torch.ones(2, dtype=torch.float64)])
case("maximum", torch.maximum, lambda: [normal(3, 4), normal(4)], lambda: [torch.ones(2, dtype=torch.float64), torch.ones(2, dtype=torch.float64)])
case("clamp", lambda x: torch.clamp(x, -0.55, 0.75), lambda: [normal(3, 4)], lambda: [edges()])
case("where", lambda a, b: torch.where(a > b, a, b * b), lambda: [normal(3, 4), normal(4)])

# Activations.
unary("leaky_relu", F.leaky_relu, edged=True)
unary("leaky_relu_0.2", lambda x: F.leaky_relu(x, 0.2))
unary("elu", F.elu, edged=True)
unary("elu_0.7", lambda x: F.elu(x, 0.7))
unary("celu_2", lambda x: F.celu(x, 2.0), edged=True)
unary("selu", F.selu, edged=True)
unary("mish", F.mish, edged=True)
unary("hardtanh", F.hardtanh, edged=True)
unary("hardtanh_-0.3_0.6", lambda x: F.hardtanh(x, -0.3, 0.6))
unary("hardsigmoid", F.hardsigmoid, edged=True)
unary("hardswish", F.hardswish)
case("hardswish", F.hardswish, lambda: [torch.tensor([-4.0, -2.5, -0.5, 0.0, 2.5, 4.0], dtype=torch.float64)])
unary("softsign", F.softsign, edged=True)
unary("tanhshrink", F.tanhshrink, edged=True)
unary("softshrink", F.softshrink, edged=True)
unary("hardshrink", F.hardshrink, edged=True)
unary("log_sigmoid", F.logsigmoid, edged=True)
case("glu", F.glu, lambda: [normal(3, 6)])
case("glu_0", lambda x: F.glu(x, 0), lambda: [normal(4, 3)])
case("softmax", lambda x: F.softmax(x, -1), lambda: [normal(3, 5)], lambda: [normal(2, 3, 4)])
case("softmax_0", lambda x: F.softmax(x, 0), lambda: [normal(3, 5)])
case("log_softmax", lambda x: F.log_softmax(x, -1), lambda: [normal(3, 5)])

# Reductions.
for name, function in [("sum", torch.sum), ("mean", torch.mean), ("max", torch.amax), ("min", torch.amin), ("logsumexp", torch.logsumexp), ("var", torch.var), ("std", torch.std), ("norm", torch.linalg.vector_norm)]:
    case(name, lambda x, f=function: f(x, dim=tuple(range(x.dim()))), lambda: [normal(6)], lambda: [normal(3, 4)])
    case(name + "_1", lambda x, f=function: f(x, dim=1), lambda: [normal(3, 4)], lambda: [normal(2, 3, 4)])
    case(name + "_keepdim", lambda x, f=function: f(x, dim=0, keepdim=True), lambda: [normal(3, 4)])
case("prod_1", lambda x: torch.prod(x, 1), lambda: [normal(3, 4)])
for name, order in [("of_order_1", 1), ("of_order_3", 3), ("of_order_2.5", 2.5), ("of_order_inf", INF)]:
    case("norm_" + name, lambda x, o=order: torch.linalg.vector_norm(x, o, dim=-1), lambda: [normal(3, 4)])
case("norm_1", lambda x: torch.linalg.vector_norm(x, dim=1), lambda: [torch.zeros(2, 3, dtype=torch.float64)])
case("std_1", lambda x: torch.std(x, dim=1), lambda: [torch.ones(2, 3, dtype=torch.float64)])
case("any_1", lambda x: torch.any(x > 1, 1), lambda: [normal(4, 3)])
case("all_1", lambda x: torch.all(x > -1, 1), lambda: [normal(4, 3)])
case("count_nonzero_1", lambda x: torch.count_nonzero(torch.relu(x), 1), lambda: [normal(4, 3)])

# Products.
case("matmul", torch.matmul, *(lambda a=a, b=b: [normal(*a), normal(*b)] for a, b in [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)), ((5, 2, 3), (5, 3, 4)),
                                                                               ((5, 2, 3), (1, 3, 4)), ((2, 1, 2, 3), (5, 3, 2)), ((2, 3, 4), (4,)), ((3,), (2, 3, 4))]))
case("outer", torch.outer, lambda: [normal(3), normal(4)])
for text, a, b in [("bij,bjk->bik", (2, 3, 4), (2, 4, 5)), ("bij,bkj->ikb", (2, 3, 4), (2, 5, 4)), ("ij,ij->", (3, 4), (3, 4)), ("ijk,jl->ikl", (2, 3, 4), (3, 5)), ("ij,jk", (2, 3), (3, 4)), ("bhqd,bhkd->bhqk", (2, 2, 3, 4), (2, 2, 5, 4))]:
    case("einsum " + text, lambda x, y, t=text: torch.einsum(t, x, y), lambda a=a, b=b: [normal(*a), normal(*b)])
case("einsum ii->i", lambda x: torch.einsum("ii->i", x), lambda: [normal(3, 3)])
case("einsum ii", lambda x: torch.einsum("ii", x), lambda: [normal(3, 3)])
case("linear", F.linear, lambda: [normal(3, 4), normal(5, 4), normal(5)], lambda: [normal(2, 3, 4), normal(5, 4), normal(5)])

# Shapes.
case("slice", lambda x: x[:, 1:-1], lambda: [normal(3, 5)])
case("slice_step", lambda x: x[1:6:2], lambda: [normal(7, 2)])
case("select", lambda x: x[:, -2], lambda: [normal(3, 5)])
case("flip", lambda x: torch.flip(x, (0, 1)), lambda: [normal(3, 4)])
case("roll", lambda x: torch.roll(x, 2, 1), lambda: [normal(3, 5)])
case("roll_-1", lambda x: torch.roll(x, -1, 0), lambda: [normal(3, 5)])
case("concat", lambda a, b: torch.cat((a, b, a * 2), 1), lambda: [normal(3, 2), normal(3, 4)])
case("stack", lambda a, b: torch.stack((a, b), 1), lambda: [normal(3, 4), normal(3, 4)])
case("reshape", lambda x: x.reshape(4, -1), lambda: [normal(2, 6)])
case("flatten", lambda x: torch.flatten(x, 1), lambda: [normal(2, 3, 4)])
case("permute", lambda x: x.permute(2, 0, 1), lambda: [normal(2, 3, 4)])
case("unsqueeze", lambda x: x.unsqueeze(1), lambda: [normal(2, 3)])
case("pad", lambda x: F.pad(x, (2, 1), value=0.5), lambda: [normal(2, 3)])
case("tile", lambda x: torch.cat((x, x, x), 0), lambda: [normal(2, 3)])
case("repeat_interleave", lambda x: torch.repeat_interleave(x, 3, 1), lambda: [normal(2, 3)])
case("tril", torch.tril, lambda: [normal(3, 4)], lambda: [normal(2, 4, 3)])
case("triu_1", lambda x: torch.triu(x, 1), lambda: [normal(4, 4)])

# Places that are data, each of which may be there twice; none; and what a dtype is.
places = lambda *shape, below: torch.randint(0, below, shape, generator=generator)
case("gather_0", lambda x, i: torch.gather(x, 0, i), lambda: [normal(3, 4), places(5, 4, below=3)], lambda: [normal(3, 2), places(0, 2, below=3)], lambda: [normal(4), places(3, below=4)])
case("gather_1", lambda x, i: torch.gather(x, 1, i), lambda: [normal(3, 4), places(3, 2, below=4)], lambda: [normal(2, 3, 4), places(2, 5, 4, below=3)])
case("gather_1", lambda x, i: torch.gather(x, 1, i), lambda: [edges().reshape(3, 6), places(3, 4, below=6)])
case("index_select_0", lambda x, i: torch.index_select(x, 0, i), lambda: [normal(3, 4), places(5, below=3)], lambda: [normal(3, 2), places(0, below=3)], lambda: [normal(4), places(6, below=4)])
case("index_select_1", lambda x, i: torch.index_select(x, 1, i), lambda: [normal(3, 4), places(5, below=4)], lambda: [normal(2, 3, 4), places(2, below=3)])
case("embedding", F.embedding, lambda: [places(4, below=5), normal(5, 3)], lambda: [places(2, 3, below=4), normal(4, 2)], lambda: [places(0, below=4), normal(4, 2)])
case("scatter_add_0", lambda x, i, a: torch.scatter_add(x, 0, i, a), lambda: [normal(3, 4), places(5, 4, below=3), normal(5, 4)], lambda: [normal(3), places(0, below=3), normal(0)])
case("scatter_add_1", lambda x, i, a: torch.scatter_add(x, 1, i, a), lambda: [normal(3, 4), places(3, 6, below=4), normal(3, 6)], lambda: [normal(2, 3, 2), places(2, 4, 2, below=3), normal(2, 4, 2)])
case("segment_sum_4", lambda x, i: torch.zeros(4, *x.shape[1:], dtype=x.dtype).index_add(0, i, x), lambda: [normal(6), places(6, below=4)], lambda: [normal(7, 3), places(7, below=4)])
case("one_hot_4", lambda i: F.one_hot(i, 4), lambda: [places(5, below=4)], lambda: [places(2, 3, below=4)], lambda: [places(0, below=4)])
case("masked_fill", lambda x, m: torch.masked_fill(x, m, -1.5), lambda: [normal(3, 4), normal(3, 4) > 0], lambda: [normal(3, 4), normal(4) > 0], lambda: [edges(), edges() > 0])
ties = lambda: torch.tensor([[1.0, 3.0, 3.0, -2.0], [-2.0, -2.0, 5.0, 5.0], [0.0, -0.0, 0.0, -0.0]], dtype=torch.float64)
nans = lambda: torch.tensor([[1.0, math.nan, 3.0, math.nan], [INF, INF, -INF, -INF], [-INF, -INF, -INF, math.nan]], dtype=torch.float64)
for name, function in [("argmax", torch.argmax), ("argmin", torch.argmin)]:
    case(name + "_0", lambda x, f=function: f(x, 0), lambda: [normal(4, 3)], lambda: [ties()], lambda: [nans()], lambda: [places(5, 3, below=3)])
    case(name + "_-1", lambda x, f=function: f(x, -1), lambda: [normal(2, 3, 4)], lambda: [ties()], lambda: [nans()], lambda: [places(4, 5, below=3).to(torch.int32)])

# Integers and truth values, and what they become beside others.
whole = lambda *shape, dtype=torch.int64: torch.randint(-9, 10, shape, generator=generator).to(dtype)
some_dtypes = [torch.int32, torch.int64]
for name, function in [("add", torch.add), ("subtract", torch.sub), ("multiply", torch.mul), ("divide", torch.div), ("minimum", torch.minimum), ("maximum", torch.maximum)]:
    for a in some_dtypes:
        case(name, function, *(lambda a=a, b=b: [whole(3, 4, dtype=a), whole(4, dtype=b)] for b in some_dtypes))
        case(name, function, lambda a=a: [normal(3), whole(2, 3, dtype=a)])
for name, function in [("sum", torch.sum), ("max", torch.amax), ("min", torch.amin)]:
    for a in some_dtypes:
        case(name, lambda x, f=function: f(x, dim=tuple(range(x.dim()))), lambda a=a: [whole(3, 4, dtype=a)])
        case(name + "_1", lambda x, f=function: f(x, dim=1), lambda a=a: [whole(3, 4, dtype=a)])
case("sum_1", lambda x: torch.sum(x, 1), lambda: [normal(3, 4) > 0], lambda: [normal(3, 0)], lambda: [normal(0, 3)])
case("prod_1", lambda x: torch.prod(x, 1), lambda: [whole(3, 4)], lambda: [normal(3, 0)], lambda: [torch.tensor([[2.0, 0.0, 3.0], [0.0, 0.0, 1.0], [1.0, 2.0, 3.0]], dtype=torch.float64)])
case("mean_1", lambda x: torch.mean(x, 1), lambda: [normal(3, 0)], lambda: [nans()])
case("max_1", lambda x: torch.amax(x, 1), lambda: [ties()], lambda: [nans()])
case("min_1", lambda x: torch.amin(x, 1), lambda: [ties()], lambda: [nans()])
case("abs", torch.abs, lambda: [whole(5)], lambda: [whole(5, dtype=torch.int32)])
case("sign", torch.sign, lambda: [whole(5)])
case("where", lambda a, b: torch.where(a > b, a, b * b), lambda: [whole(3, 4), whole(4)], lambda: [normal(3, 4), whole(4)])
for name, function in [("exp", torch.exp), ("sqrt", torch.sqrt), ("sin", torch.sin), ("sigmoid", torch.sigmoid)]:
    case(name, function, lambda: [whole(5).abs()], lambda: [normal(4) > 0])
for name, function in [("softmax", lambda x: F.softmax(x, -1)), ("log_softmax", lambda x: F.log_softmax(x, -1)), ("logsumexp_1", lambda x: torch.logsumexp(x, 1))]:
    case(name, function, lambda: [torch.tensor([[1.0, math.nan, 3.0], [-INF, -INF, math.nan]], dtype=torch.float64)],
         lambda: [torch.tensor([[-INF, 1.0, 2.0], [1000.0, -1000.0, 999.0]], dtype=torch.float64)], lambda: [normal(0, 3)])
case("matmul", torch.matmul, lambda: [whole(3, 4), whole(4, 2)], lambda: [normal(3, 0), normal(0, 2)], lambda: [normal(0, 3), normal(3, 2)])

# Layers: weights and biases in the order in which nn::multi_head_attention and nn::transformer_block declare them.
def attention_layer(x, qw, qb, kw, kb, vw, vb, ow, ob, causal=False):
    layer = torch.nn.MultiheadAttention(x.shape[-1], 2, batch_first=True, dtype=x.dtype)
    weights = {"in_proj_weight": torch.cat((qw, kw, vw)), "in_proj_bias": torch.cat((qb, kb, vb)), "out_proj.weight": ow, "out_proj.bias": ob}
    mask = torch.nn.Transformer.generate_square_subsequent_mask(x.shape[-2], dtype=x.dtype) if causal else None
    return torch.func.functional_call(layer, weights, (x, x, x), {"need_weights": False, "attn_mask": mask})[0]


def transformer_block(x, n1w, n1b, qw, qb, kw, kb, vw, vb, ow, ob, n2w, n2b, w1, b1, w2, b2, causal=False):
    layer = torch.nn.TransformerEncoderLayer(x.shape[-1], 2, w1.shape[0], dropout=0, activation="gelu", norm_first=True, batch_first=True, dtype=x.dtype)
    weights = {"self_attn.in_proj_weight": torch.cat((qw, kw, vw)), "self_attn.in_proj_bias": torch.cat((qb, kb, vb)), "self_attn.out_proj.weight": ow, "self_attn.out_proj.bias": ob,
               "linear1.weight": w1, "linear1.bias": b1, "linear2.weight": w2, "linear2.bias": b2, "norm1.weight": n1w, "norm1.bias": n1b, "norm2.weight": n2w, "norm2.bias": n2b}
    mask = torch.nn.Transformer.generate_square_subsequent_mask(x.shape[-2], dtype=x.dtype) if causal else None
    return torch.func.functional_call(layer, weights, (x,), {"src_mask": mask, "is_causal": causal})


linear_layer = lambda out, width: [normal(out, width), normal(out)]
attention_weights = lambda: [*linear_layer(4, 4), *linear_layer(4, 4), *linear_layer(4, 4), *linear_layer(4, 4)]
case("multi_head_attention", attention_layer, lambda: [normal(2, 3, 4), *attention_weights()], lambda: [normal(3, 4), *attention_weights()])
case("causal_multi_head_attention", lambda *x: attention_layer(*x, causal=True), lambda: [normal(1, 3, 4), *attention_weights()])
case("transformer_block", transformer_block, lambda: [normal(2, 3, 4), positive(4), normal(4), *attention_weights(), positive(4), normal(4), *linear_layer(5, 4), *linear_layer(4, 5)])

# Normalisations and attention.
case("layer_norm", lambda x, w, b: F.layer_norm(x, w.shape, w, b), lambda: [normal(3, 6), positive(6), normal(6)], lambda: [normal(2, 3, 4), positive(3, 4), normal(3, 4)])
case("rms_norm", lambda x, w: F.rms_norm(x, w.shape, w, 1e-5), lambda: [normal(3, 6), positive(6)])
case("batch_norm", lambda x, w, b: F.batch_norm(x, None, None, w, b, True), lambda: [normal(5, 3), positive(3), normal(3)], lambda: [normal(3, 2, 4), positive(2), normal(2)])
case("group_norm", lambda x, w, b: F.group_norm(x, 2, w, b), lambda: [normal(2, 4, 3), positive(4), normal(4)])
case("attention", F.scaled_dot_product_attention, lambda: [normal(3, 4), normal(5, 4), normal(5, 2)], lambda: [normal(2, 3, 4), normal(2, 3, 4), normal(2, 3, 4)])
case("causal_attention", lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True), lambda: [normal(4, 3), normal(4, 3), normal(4, 2)])

# Convolutions and pools.
case("conv1d", F.conv1d, lambda: [normal(2, 3, 7), normal(4, 3, 3)])
case("conv1d_bias", F.conv1d, lambda: [normal(2, 3, 7), normal(4, 3, 3), normal(4)])
case("conv1d_options", lambda x, w: F.conv1d(x, w, stride=2, padding=2, dilation=2), lambda: [normal(2, 3, 8), normal(4, 3, 3)])
case("conv1d_groups", lambda x, w: F.conv1d(x, w, padding=1, groups=2), lambda: [normal(2, 4, 5), normal(6, 2, 3)])
case("conv2d", F.conv2d, lambda: [normal(2, 3, 5, 6), normal(4, 3, 3, 2), normal(4)])
case("conv2d_options", lambda x, w: F.conv2d(x, w, stride=(2, 1), padding=1, dilation=(1, 2)), lambda: [normal(2, 3, 6, 5), normal(2, 3, 3, 3)])
case("conv2d_groups", lambda x, w, b: F.conv2d(x, w, b, stride=2, padding=(1, 2), groups=2), lambda: [normal(1, 4, 5, 5), normal(4, 2, 3, 3), normal(4)])
case("conv2d_depthwise", lambda x, w: F.conv2d(x, w, padding=1, groups=3), lambda: [normal(2, 3, 4, 4), normal(3, 1, 3, 3)])
case("conv2d_1x1", F.conv2d, lambda: [normal(2, 3, 4, 4), normal(5, 3, 1, 1)])
case("max_pool1d", lambda x: F.max_pool1d(x, 3, 2, 1), lambda: [normal(2, 3, 8)])
case("max_pool2d", lambda x: F.max_pool2d(x, 2), lambda: [normal(2, 3, 5, 4)])
case("max_pool2d_options", lambda x: F.max_pool2d(x, 3, 2, 1), lambda: [normal(2, 3, 7, 6)])
case("avg_pool1d", lambda x: F.avg_pool1d(x, 3, 2, 1), lambda: [normal(2, 3, 8)])
case("avg_pool2d", lambda x: F.avg_pool2d(x, 2), lambda: [normal(2, 3, 5, 4)])

# Losses.
case("mse", F.mse_loss, lambda: [normal(3, 4), normal(3, 4)])
case("l1_loss", F.l1_loss, lambda: [normal(3, 4), normal(3, 4)])
case("smooth_l1_loss", F.smooth_l1_loss, lambda: [normal(3, 4), normal(3, 4)])
case("smooth_l1_loss_0.5", lambda a, b: F.smooth_l1_loss(a, b, beta=0.5), lambda: [normal(3, 4), normal(3, 4)])
case("huber_loss", F.huber_loss, lambda: [normal(3, 4) * 2, normal(3, 4)])
case("huber_loss_0.6", lambda a, b: F.huber_loss(a, b, delta=0.6), lambda: [normal(3, 4), normal(3, 4)])
case("binary_cross_entropy", F.binary_cross_entropy, lambda: [probabilities(3, 4), probabilities(3, 4)])
case("binary_cross_entropy_with_logits", F.binary_cross_entropy_with_logits, lambda: [normal(3, 4) * 4, probabilities(3, 4)])
case("cross_entropy", F.cross_entropy, lambda: [normal(4, 5), labels(4, 5)])
case("nll_loss", F.nll_loss, lambda: [normal(4, 5), labels(4, 5)])
case("kl_div", F.kl_div, lambda: [normal(3, 4), probabilities(3, 4)])
for name, function in [("mse", F.mse_loss), ("l1_loss", F.l1_loss), ("smooth_l1_loss", F.smooth_l1_loss), ("huber_loss", F.huber_loss)]:
    case(name, function, lambda: [edges()[:-2], edges()[:-2].flip(0)], lambda: [torch.tensor([INF, 1.0], dtype=torch.float64), normal(2)], lambda: [normal(0), normal(0)])
case("binary_cross_entropy_at_ends", lambda p: F.binary_cross_entropy(p.detach(), (p > 0.5).to(p.dtype)), lambda: [torch.tensor([0.0, 1.0, 0.25, 0.75], dtype=torch.float64)])
case("binary_cross_entropy_with_logits", F.binary_cross_entropy_with_logits, lambda: [edges()[:-2], (edges()[:-2] > 0).to(torch.float64)])
case("cross_entropy", F.cross_entropy, lambda: [edges()[:16].reshape(4, 4), labels(4, 4)], lambda: [torch.tensor([[-INF, 0.0, 1.0], [2.0, -INF, -INF]], dtype=torch.float64), torch.tensor([1, 0])])
case("kl_div_of_0", lambda x: F.kl_div(x, torch.where(x > 0, 0.0, 0.5).to(x.dtype)), lambda: [normal(2, 3)])
case("cosine_similarity", F.cosine_similarity, lambda: [torch.zeros(2, 3, dtype=torch.float64), normal(2, 3)])
case("cosine_similarity", F.cosine_similarity, lambda: [normal(3, 4), normal(3, 4)])
case("cosine_similarity_-1", lambda a, b: F.cosine_similarity(a, b, dim=-1), lambda: [normal(3, 4), normal(4)])

# Order and running totals.
def repeated():
    return torch.tensor([[2.0, -1.0, 2.0, 0.5, -1.0], [1.0, 1.0, 1.0, 1.0, 1.0]], dtype=torch.float64)


def broken():
    return torch.tensor([[math.nan, 1.0, -INF, -0.0, INF, 0.0, math.nan, -2.0]], dtype=torch.float64)


def zeros_at(*places):
    x = positive(3, 5)
    for row, column in places:
        x[row, column] = 0
    return x


case("argsort", lambda x: torch.argsort(x, stable=True), lambda: [normal(7)], lambda: [repeated()], lambda: [broken()])
case("argsort_descending_0", lambda x: torch.argsort(x, dim=0, descending=True, stable=True), lambda: [normal(5, 3)], lambda: [repeated().T.contiguous()], lambda: [broken().T.contiguous()])
case("sort", lambda x: torch.sort(x, stable=True)[0] ** 2, lambda: [normal(7)], lambda: [normal(3, 4)], lambda: [repeated()], lambda: [broken()])
case("sort_descending_0", lambda x: torch.sort(x, dim=0, descending=True, stable=True)[0] ** 2, lambda: [normal(5, 3)], lambda: [normal(2, 3, 2)])
case("topk_2", lambda x: torch.topk(x, 2)[0] ** 2, lambda: [normal(3, 5)], lambda: [normal(2)])
case("topk_2_places", lambda x: torch.topk(x, 2)[1], lambda: [normal(3, 5)])
case("topk_3_smallest_0", lambda x: torch.topk(x, 3, 0, largest=False)[0] ** 2, lambda: [normal(5, 3)])
case("cumsum_1", lambda x: torch.cumsum(x, 1) ** 2, lambda: [normal(3, 5)], lambda: [normal(2, 1)])
case("cumsum_0", lambda x: torch.cumsum(x, 0) ** 2, lambda: [normal(4)], lambda: [normal(2, 3, 2)])
case("cumprod_1", lambda x: torch.cumprod(x, 1), lambda: [normal(3, 5)], lambda: [zeros_at((0, 2))], lambda: [zeros_at((0, 1), (0, 3), (1, 0), (2, 4))], lambda: [zeros_at((0, 1), (0, 2), (0, 4), (1, 0), (1, 1))])
case("cumprod_0", lambda x: torch.cumprod(x, 0), lambda: [normal(4, 2)])


# Linear algebra.
def matrices(*shape):
    return normal(*shape) + 4 * torch.eye(shape[-1], dtype=torch.float64)


case("cholesky", lambda x: torch.linalg.cholesky(x @ x.mT), lambda: [normal(3, 5)], lambda: [normal(2, 4, 6)], lambda: [normal(1, 2)])
for name, options, turned in [("lower", {"upper": False}, False), ("upper_transposed", {"upper": True}, True), ("unit", {"upper": False, "unitriangular": True}, False)]:
    case("triangular_solve_" + name, lambda a, b, o=options, t=turned: torch.linalg.solve_triangular(a.mT if t else a, b, upper=o["upper"] != t, unitriangular=o.get("unitriangular", False)),
         lambda: [matrices(4, 4), normal(4, 2)], lambda: [matrices(2, 3, 3), normal(2, 3, 1)])
case("solve", torch.linalg.solve, lambda: [matrices(4, 4), normal(4, 3)], lambda: [matrices(3, 3)[[2, 0, 1]], normal(3)], lambda: [matrices(2, 3, 3), normal(2, 3)], lambda: [matrices(2, 3, 3), normal(2, 3, 2)])
case("inv", torch.linalg.inv, lambda: [matrices(4, 4)], lambda: [matrices(3, 3)[[2, 0, 1]]], lambda: [matrices(2, 3, 3)])
case("det", torch.linalg.det, lambda: [normal(4, 4)], lambda: [normal(2, 3, 3)], lambda: [normal(1, 1)])
case("logdet", torch.logdet, lambda: [matrices(4, 4)], lambda: [matrices(2, 3, 3)])
case("slogdet_sign", lambda x: torch.linalg.slogdet(x)[0], lambda: [normal(5, 3, 3)])
case("slogdet", lambda x: torch.linalg.slogdet(x)[1], lambda: [normal(5, 3, 3)])


# Later ones, behind all others so that those keep their numbers.
case("diagonal", lambda x: torch.linalg.diagonal(x), lambda: [normal(3, 3)], lambda: [normal(2, 3, 4)], lambda: [normal(4, 2)])
case("diagonal_1", lambda x: torch.linalg.diagonal(x, offset=1), lambda: [normal(3, 4)], lambda: [normal(2, 3, 3)], lambda: [normal(4, 1)])
case("diagonal_-2", lambda x: torch.linalg.diagonal(x, offset=-2), lambda: [normal(4, 3)], lambda: [normal(2, 4)])
case("diagonal_1_2_0", lambda x: torch.diagonal(x, 1, 2, 0), lambda: [normal(3, 2, 4)])
case("trace", torch.trace, lambda: [normal(4, 4)], lambda: [normal(3, 5)], lambda: [whole(3, 3)], lambda: [normal(0, 0)])
case("split", lambda x: torch.split(x, [1, 3, 2], 1)[1] * torch.split(x, [1, 3, 2], 1)[0], lambda: [normal(2, 6)])
case("take", torch.take, lambda: [normal(3, 4), places(2, 5, below=12)], lambda: [normal(2, 2, 2), places(3, below=8)], lambda: [normal(4), places(0, below=4)])
case("unfold_0_3_1", lambda x: x.unfold(0, 3, 1) ** 2, lambda: [normal(7)], lambda: [normal(4, 3)])
case("unfold_1_2_2", lambda x: x.unfold(1, 2, 2) ** 2, lambda: [normal(3, 5)], lambda: [normal(2, 4, 3)], lambda: [whole(2, 6)])
case("im2col", lambda x: F.unfold(x, 2) ** 2, lambda: [normal(2, 3, 4, 3)])
case("im2col_options", lambda x: F.unfold(x, 2, dilation=2, padding=(1, 0), stride=(1, 2)) ** 2, lambda: [normal(1, 2, 4, 5)])
for correction in (0, 2):
    for name, function in [("var", torch.var), ("std", torch.std)]:
        case(f"{name}_correction_{correction}", lambda x, f=function, c=correction: f(x, dim=1, correction=c), lambda: [normal(3, 4)], lambda: [normal(2, 3, 4)])
for name, a, b in [("solve", (4, 4), (2, 4, 3)), ("solve", (2, 1, 3, 3), (5, 3, 2)), ("solve", (2, 3, 3), (3, 2)), ("solve", (2, 3, 3), (3,)), ("solve", (3, 3, 3), (3, 3))]:
    case(name, torch.linalg.solve, lambda a=a, b=b: [matrices(*a), normal(*b)])
case("triangular_solve_lower", lambda a, b: torch.linalg.solve_triangular(a, b, upper=False), lambda: [matrices(3, 3), normal(2, 3, 2)], lambda: [matrices(2, 1, 3, 3), normal(4, 3, 1)])

unary("negative", torch.neg, edged=True)
unary("detach", lambda x: x * x.detach())
case("isnan", torch.isnan, lambda: [normal(3)], lambda: [edges()], lambda: [nans()])
turned = lambda: edges().flip(0)
for name, function in [("equal", torch.eq), ("not_equal", torch.ne), ("less", torch.lt), ("less_equal", torch.le), ("greater", torch.gt), ("greater_equal", torch.ge)]:
    case(name, function, lambda: [normal(3, 4), normal(4)], lambda: [edges(), turned()], lambda: [edges(), edges().abs()], lambda: [nans(), ties()], lambda: [whole(3, 4), whole(4, dtype=torch.int32)], lambda: [whole(9), normal(9)])
for name, function in [("logical_and", torch.logical_and), ("logical_or", torch.logical_or), ("logical_xor", torch.logical_xor)]:
    case(name, function, lambda: [normal(9) > 0, normal(9) > 0], lambda: [edges(), torch.relu(turned())], lambda: [nans(), ties()], lambda: [places(3, 4, below=2), places(4, below=2)])
case("logical_not", torch.logical_not, lambda: [normal(9) > 0], lambda: [edges()], lambda: [nans()], lambda: [places(9, below=2)])
case("cast_int64", lambda x: x.to(torch.int64), lambda: [normal(9) * 4], lambda: [normal(4) > 0], lambda: [whole(4, dtype=torch.int32)])
case("cast_bool", lambda x: x.to(torch.bool), lambda: [edges()], lambda: [nans()], lambda: [places(9, below=2)])
case("cast_float32", lambda x: x.to(torch.float32), lambda: [normal(5)], lambda: [whole(5)], lambda: [normal(4) > 0])
for exponent in (2, 3, -1, 0.5):
    unary(f"pow_{exponent}", lambda x, n=exponent: torch.pow(x, n), positive if exponent == 0.5 else normal)
unary("pow_of_2", lambda x: torch.pow(2.0, x), edged=True)
case("clamp_of_tensors", lambda x, low, high: torch.clamp(x, low, high), lambda: [normal(3, 4), -positive(4) / 4, positive(3, 1) / 4])
case("dot", torch.dot, lambda: [normal(5), normal(5)], lambda: [normal(0), normal(0)], lambda: [whole(4), whole(4)])
case("transpose", lambda x: x.mT, lambda: [normal(3, 4)], lambda: [normal(2, 3, 4)])
case("squeeze", torch.squeeze, lambda: [normal(3, 1, 4)], lambda: [normal(1, 1)])
case("squeeze_1", lambda x: torch.squeeze(x, 1), lambda: [normal(1, 1, 4)])
case("broadcast_to", lambda x: torch.broadcast_to(x, (2, 3, 4)), lambda: [normal(3, 1)], lambda: [normal(4)], lambda: [normal(2, 1, 4)])
case("chunk", lambda x: torch.chunk(x, 3, -1)[1] * torch.chunk(x, 3, -1)[2], lambda: [normal(2, 6)])
case("prod", torch.prod, lambda: [normal(6)], lambda: [normal(3, 4)], lambda: [whole(2, 3)])
for name, function in [("sum", torch.sum), ("mean", torch.mean), ("max", torch.amax), ("min", torch.amin), ("var", torch.var), ("logsumexp", torch.logsumexp)]:
    case(name + "_of_0_and_-1", lambda x, f=function: f(x, dim=(0, -1)), lambda: [normal(3, 2, 4)])
case("causal_transformer_block", lambda *x: transformer_block(*x, causal=True), lambda: [normal(2, 3, 4), positive(4), normal(4), *attention_weights(), positive(4), normal(4), *linear_layer(5, 4), *linear_layer(4, 5)])
case("attention", F.scaled_dot_product_attention, lambda: [normal(2, 2, 3, 4), normal(2, 2, 3, 4), normal(2, 2, 3, 4)])
case("causal_attention", lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True), lambda: [normal(2, 2, 3, 4), normal(2, 2, 3, 4), normal(2, 2, 3, 4)])

# Edges of functions of two numbers, each against each, and of what has poles.
ends = lambda *numbers: torch.tensor(numbers or (0.0, -0.0, 1.0, -1.0, 2.0, -3.0, 0.5, -2.5, INF, -INF), dtype=torch.float64)
each = lambda: [ends().repeat_interleave(10), ends().repeat(10)]
for name, function in [("divide", torch.div), ("pow", torch.pow), ("atan2", torch.atan2), ("hypot", torch.hypot), ("minimum", torch.minimum), ("maximum", torch.maximum), ("multiply", torch.mul)]:
    case(name, function, each, lambda: [nans(), ties()])
for name in "sqrt rsqrt reciprocal sin cos tan asin acos".split():
    case(name, getattr(torch, name), lambda: [edges()])
for exponent in (2, 3, -1):
    case(f"pow_{exponent}", lambda x, n=exponent: torch.pow(x, n), lambda: [edges()])
