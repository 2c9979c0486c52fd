#!/usr/bin/env python3
"""A program of ctgrad in PyTorch's autograd: value and gradients are computed in one loop, and torch trains with them.

SPDX-License-Identifier: BSL-1.0
"""

import sys

import logistic

try:
    import torch
except ImportError:
    print("skipped: PyTorch is not installed")
    sys.exit(77)


def differentiable(program, value, **gradients):
    """A function of tensors, by name, for a program that gives a scalar `value` and its gradients: `w="dw"` says that the result dw is the gradient by w.

    Tensors go in without a copy; they are on the CPU, of the dtypes and shapes that the program's docstring says.
    """

    class Function(torch.autograd.Function):
        @staticmethod
        def forward(ctx, names, *tensors):
            given = dict(zip(names, tensors))
            if unknown := [name for name, needed in zip(names, ctx.needs_input_grad[1:]) if needed and name not in gradients]:
                raise ValueError(f"{program.__name__} has no gradient by {', '.join(unknown)}")
            out = {result: torch.empty_like(given[name]) for name, result in gradients.items()}
            r = program(**{name: tensor.detach() for name, tensor in given.items()}, out=out)
            ctx.gradients = [out[gradients[name]] if name in gradients else None for name in names]
            return next(iter(out.values())).new_tensor(getattr(r, value))

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx, g):
            return None, *(None if d is None else g * d for d in ctx.gradients)

    return lambda **tensors: Function.apply(tuple(tensors), *tensors.values())


def train(loss, X, y, steps=50):
    """The losses of training by Adam, and the parameters and gradients at the end."""
    w, b = torch.zeros(X.shape[1], requires_grad=True), torch.zeros((), requires_grad=True)
    adam = torch.optim.Adam([w, b], lr=0.1)
    losses = []
    for _ in range(steps):
        adam.zero_grad()
        l = loss(X=X, y=y, w=w, b=b)
        l.backward()
        adam.step()
        losses.append(l.item())
    return torch.tensor(losses), w.detach(), b.detach(), w.grad, b.grad


def main():
    torch.manual_seed(0)
    X = torch.randn(1000, 20)
    y = (X @ torch.randn(20) + 0.3 * torch.randn(1000) > 0.2).float()
    ours = train(differentiable(logistic.step, "loss", w="dw", b="db"), X, y)
    theirs = train(lambda X, y, w, b: torch.nn.functional.binary_cross_entropy_with_logits(X @ w + b, y), X, y)
    print(f"loss {ours[0][0]:.4f} -> {ours[0][-1]:.4f} after 50 steps of Adam; with torch's own gradients {theirs[0][-1]:.4f}")
    for name, a, b in zip(["losses", "w", "b", "dw", "db"], ours, theirs):
        difference = ((a - b).abs() / (1 + b.abs())).max().item()
        print(f"{name}: largest difference from torch's {difference:.1e}")
        if not difference < 1e-5:
            sys.exit(f"{name} differs from torch's")


main()
