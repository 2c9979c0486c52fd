#!/usr/bin/env python3
"""Trains a transformer of two layers, a variational autoencoder and LeNet-5 in PyTorch, and writes first parameters, data and the losses of every step to examples/data/*.safetensors,
against which examples/transformer.cpp, examples/autoencoder.cpp and examples/lenet.cpp train the same. Parameters have the names of ctgrad's layers.

usage: curves.py FOLDER    (PyTorch 2.x on the CPU, numpy, safetensors; FOLDER has digits_images.npy and digits_labels.npy)
SPDX-License-Identifier: BSL-1.0
"""

import sys
from pathlib import Path

import numpy
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

STEPS = 50
generator = torch.Generator()


def normal(*shape):
    return torch.randn(*shape, generator=generator)


def linear(name, inputs, outputs):
    bound = inputs**-0.5
    return {f"{name}.weight": (torch.rand(outputs, inputs, generator=generator) * 2 - 1) * bound, f"{name}.bias": (torch.rand(outputs, generator=generator) * 2 - 1) * bound}


def norm(name, width):
    return {f"{name}.weight": torch.ones(width), f"{name}.bias": torch.zeros(width)}


def train(parameters, data, loss, learning_rate):
    """The losses before each of STEPS steps of Adam, in float32."""
    values = {name: p.clone().requires_grad_() for name, p in parameters.items()}
    adam = torch.optim.Adam(values.values(), lr=learning_rate)
    losses = []
    for step in range(STEPS):
        adam.zero_grad()
        l = loss(values, step)
        l.backward()
        adam.step()
        losses.append(l.item())
    print(losses[0], losses[-1])
    return parameters | data | {"losses": torch.tensor(losses)}


def transformer():
    width, hidden, words, length, count = 16, 32, 12, 10, 8
    parameters = {"words.weight": normal(words, width), "places": normal(length, width)}
    blocks = ("block0", "block1")
    for block in blocks:
        parameters |= norm(f"{block}.norm1", width)
        for part in ("q", "k", "v", "out"):
            parameters |= linear(f"{block}.attention.{part}", width, width)
        parameters |= norm(f"{block}.norm2", width) | linear(f"{block}.mlp.0", width, hidden) | linear(f"{block}.mlp.1", hidden, width)
    parameters |= linear("head", width, words)
    start = torch.randint(0, words, (count, 1), generator=generator)
    stride = torch.randint(1, 4, (count, 1), generator=generator)
    sequences = (start + stride * torch.arange(length + 1)) % words  # each counts by a stride of its own
    tokens, following = sequences[:, :-1].contiguous(), sequences[:, 1:].contiguous()
    layer = torch.nn.TransformerEncoderLayer(width, 4, hidden, dropout=0, activation="gelu", norm_first=True, batch_first=True)
    mask = torch.nn.Transformer.generate_square_subsequent_mask(length)

    def encode(p, name, x):
        packed = lambda what: torch.cat([p[f"{name}.attention.{part}.{what}"] for part in "qkv"])
        weights = {"self_attn.in_proj_weight": packed("weight"), "self_attn.in_proj_bias": packed("bias")}
        for theirs, ours in [("self_attn.out_proj", "attention.out"), ("linear1", "mlp.0"), ("linear2", "mlp.1"), ("norm1", "norm1"), ("norm2", "norm2")]:
            weights |= {f"{theirs}.{what}": p[f"{name}.{ours}.{what}"] for what in ("weight", "bias")}
        return torch.func.functional_call(layer, weights, (x,), {"src_mask": mask, "is_causal": True})

    def loss(p, step):
        x = F.embedding(tokens, p["words.weight"]) + p["places"]
        for block in blocks:
            x = encode(p, block, x)
        return F.cross_entropy(F.linear(x, p["head.weight"], p["head.bias"]).flatten(0, 1), following.flatten())

    return train(parameters, {"tokens": tokens, "following": following}, loss, 3e-3)


def autoencoder(folder):
    latent, hidden, count = 4, 32, 96
    images = torch.from_numpy(numpy.load(folder / "digits_images.npy")[:count].reshape(count, -1).astype(numpy.float32) / 16)
    parameters = linear("encoder.0", 64, hidden) | linear("mean", hidden, latent) | linear("log_variance", hidden, latent) | linear("decoder.0", latent, hidden) | linear("decoder.1", hidden, 64)
    noise = normal(STEPS, count, latent)

    def loss(p, step):
        layer = lambda name, x: F.linear(x, p[f"{name}.weight"], p[f"{name}.bias"])
        h = torch.tanh(layer("encoder.0", images))
        mean, log_variance = layer("mean", h), layer("log_variance", h)
        z = mean + torch.exp(0.5 * log_variance) * noise[step]
        logits = layer("decoder.1", torch.tanh(layer("decoder.0", z)))
        reconstruction = F.binary_cross_entropy_with_logits(logits, images, reduction="sum") / count
        return reconstruction + 0.5 * (mean**2 + torch.exp(log_variance) - 1 - log_variance).sum() / count

    return train(parameters, {"noise": noise}, loss, 1e-2)


def lenet(folder):
    count = 128
    images = torch.from_numpy(numpy.load(folder / "digits_images.npy")[:count].reshape(count, 1, 8, 8) / 16)
    labels = torch.from_numpy(numpy.load(folder / "digits_labels.npy")[:count])
    parameters = {}
    for name, inputs, outputs in [("c1", 1, 6), ("c3", 6, 16)]:
        flat = linear(name, inputs * 25, outputs)
        parameters |= {f"{name}.weight": flat[f"{name}.weight"].reshape(outputs, inputs, 5, 5), f"{name}.bias": flat[f"{name}.bias"]}
    parameters |= linear("f.0", 64, 120) | linear("f.1", 120, 84) | linear("f.2", 84, 10)

    def loss(p, step):
        x = images
        for name in ("c1", "c3"):
            x = F.avg_pool2d(torch.tanh(F.conv2d(x, p[f"{name}.weight"], p[f"{name}.bias"], padding=2)), 2)
        x = x.flatten(1)
        for name in ("f.0", "f.1"):
            x = torch.tanh(F.linear(x, p[f"{name}.weight"], p[f"{name}.bias"]))
        return F.cross_entropy(F.linear(x, p["f.2.weight"], p["f.2.bias"]), labels)

    return train(parameters, {}, loss, 1e-3)


torch.set_num_threads(1)
data = Path(sys.argv[1])
for name, model in [("transformer", transformer), ("autoencoder", lambda: autoencoder(data)), ("lenet", lambda: lenet(data))]:
    generator.manual_seed(20261125)  # each file is what it is, whatever the others draw
    save_file(model(), data / f"{name}.safetensors")
