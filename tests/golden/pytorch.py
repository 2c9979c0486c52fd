#!/usr/bin/env python3
"""Asks PyTorch for the values, gradients and second gradients of every function, and writes them to files that tests/laws/pytorch.cpp reads:
pytorch.txt, of inputs that are chosen in cases.py; opinfo.txt, of those that PyTorch's own tests have for the functions here (torch.testing's OpInfo), as far as they need no other options;
and narrow.txt, of the chosen ones in float16 and bfloat16.

A line for each: `case NAME DTYPE`, then `in`, `out`, `grad K` and `grad2 K` with extents and elements. grad K is the derivative of the sum of out * cos(1, 2, 3, …) by input K,
grad2 K that of the sum of grad 0 * sin(1, 2, 3, …) by input K. Elements are written with as many digits as tell them apart.
In narrow.txt `exact` and `exact_grad K` are what PyTorch computes of the same inputs in float64.

usage: pytorch.py > pytorch.txt, pytorch.py opinfo > opinfo.txt, pytorch.py narrow > narrow.txt    (PyTorch 2.x, on the CPU; opinfo also needs numpy and expecttest)
SPDX-License-Identifier: BSL-1.0
"""

import re
import sys
from pathlib import Path

import torch

from cases import CASES, SEED, generator

DIGITS = {torch.float32: 9, torch.float16: 5, torch.bfloat16: 4}  # that tell numbers apart


def written(number, digits):
    return str(int(number)) if isinstance(number, (bool, int)) else f"{number:.{digits}g}"


def line(what, tensor):
    digits = 7 if what.startswith("exact") else DIGITS.get(tensor.dtype, 17)
    name = str(tensor.dtype).replace("torch.", "")
    elements = " ".join(written(x, digits) for x in tensor.detach().flatten().tolist())
    print(what, name, tensor.dim(), *tensor.shape, elements)


def waves(like, wave, dtype):
    return wave(torch.arange(1, like.numel() + 1, dtype=torch.float64)).reshape(like.shape).to(dtype).to(like.dtype)


def gradients(out, wave, inputs, dtype=None, **options):
    found = torch.autograd.grad((out * waves(out, wave, dtype or out.dtype)).sum(), inputs, allow_unused=True, **options)
    return [torch.zeros_like(x) if g is None or g._is_zerotensor() else g for x, g in zip(inputs, found)]


def of(function, inputs, dtype=None, **options):
    """What the function is, and its gradients by input; none by NaN. The weights of the sum whose gradients they are have been rounded to `dtype`."""
    by = {k: x.requires_grad_() for k, x in enumerate(inputs) if x.is_floating_point()}
    out = function(*inputs)
    if not out.is_floating_point() or not out.requires_grad or any(x.isnan().any() for x in inputs):
        return out, {}
    return out, dict(zip(by, gradients(out, torch.cos, list(by.values()), dtype, **options)))


def write(name, function, inputs):
    print("case", name.replace(" ", ":"))
    for x in inputs:
        line("in", x)
    out, grads = of(function, inputs, create_graph=True)
    line("out", out)
    for k, g in grads.items():
        line(f"grad {k}", g)
    if not grads:
        return
    first = next(iter(grads))
    kinks = bool((inputs[first] == 0).any()) and not name.startswith("cumprod")  # of the first gradients, which edges has
    if inputs[first].dtype == torch.float64 and grads[first].requires_grad and not kinks:
        try:
            seconds = gradients(grads[first], torch.sin, [inputs[k] for k in grads])
        except RuntimeError as problem:  # PyTorch has not all of them
            print(name, problem, file=sys.stderr)
            return
        for k, g in zip(grads, seconds):
            line(f"grad2 {k}", g)


def write_narrow(name, function, inputs, dtype):
    """Of inputs of 16 bits what PyTorch computes in 16 bits, and in float64."""
    if name.startswith("max_pool"):  # numbers that no rounding makes equal: of such PyTorch gives the first all of the gradient, and ctgrad each its share
        inputs = [x.flatten().argsort().argsort().reshape(x.shape).double() for x in inputs]
    narrow = [x.to(dtype) if x.is_floating_point() else x for x in inputs]
    try:
        out, grads = of(function, [x.clone() for x in narrow])
    except RuntimeError as problem:  # PyTorch has not all of them
        print(name, problem, file=sys.stderr)
        return
    exact, exact_grads = of(function, [x.double() if x.is_floating_point() else x for x in narrow], out.dtype)
    print("case", name.replace(" ", ":"))
    for x in narrow:
        line("in", x)
    line("out", out)
    line("exact", exact)
    for k, g in grads.items():
        line(f"grad {k}", g)
        line(f"exact_grad {k}", exact_grads[k])


# OpInfo's names of functions that have another one here, and, without one, of those whose arguments mean something else here.
OPINFO_NAMES = {"sub": "subtract", "mul": "multiply", "div": "divide", "true_divide": "divide", "amax": "max", "amin": "min", "logsigmoid": "log_sigmoid", "mse_loss": "mse",
                "neg": "negative", "eq": "equal", "ne": "not_equal", "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal",
                "scaled_dot_product_attention": "attention", "linalg.vector_norm": "norm"}
OPINFO_NAMES |= dict.fromkeys("clamp where pad norm max min any all count_nonzero batch_norm masked_fill flatten roll embedding select einsum equal sort cumsum".split(), "")


def expressible(name, tensors, axes):
    """Whether the shapes are some that a formula here takes: torch's lookups take places of fewer elements, and axis 0 of what has none."""
    if (axes or name == "argsort") and any(x.dim() == 0 for x in tensors):
        return False
    if name in ("cross_entropy", "nll_loss"):
        return tensors[0].dim() == 2 and not tensors[1].is_floating_point()
    if name == "take":  # from the end, which negative places count from in torch
        return bool((tensors[1] >= 0).all())
    if name.startswith(("gather", "scatter_add")):
        axis = axes[0] % tensors[0].dim()
        like = [x.shape[:axis] + x.shape[axis + 1:] for x in tensors]
        return all(shape == like[0] for shape in like) and all(x.shape == tensors[1].shape for x in tensors[1:])
    return True


def opinfo_cases(arity):
    """What PyTorch's tests call each function with: tensors alone, or tensors and an axis that a formula here has as NAME_AXIS. `arity`: of formulas by name."""
    from torch.testing._internal.common_methods_invocations import op_db

    for op in sorted(op_db, key=lambda op: (op.name, op.variant_test_name)):
        base = op.name.removeprefix("nn.functional.")
        base = OPINFO_NAMES.get(base, base)
        if not base or op.variant_test_name or not op.supports_dtype(torch.float64, "cpu"):
            continue
        torch.manual_seed(SEED)
        kept = 0
        for sample in op.sample_inputs("cpu", torch.float64, requires_grad=False):
            arguments = [sample.input, *sample.args]
            tensors = [x for x in arguments if isinstance(x, torch.Tensor)]
            axes = [x for x in [*arguments, *sample.kwargs.values()] if not isinstance(x, torch.Tensor)]
            name = "_".join([base, *map(str, axes)])
            if kept >= 8 or len(tensors) != arity.get(name) or len(axes) > 1 or not all(type(x) is int for x in axes) or not set(sample.kwargs) <= {"dim"}:
                continue
            if any(x.dim() > 4 or x.numel() > 60 or x.dtype not in (torch.float64, torch.int64, torch.bool) for x in tensors) or not expressible(name, tensors, axes):
                continue

            def function(*inputs, sample=sample, arguments=arguments, op=op):
                given = iter(inputs)
                first, *rest = [next(given) if isinstance(x, torch.Tensor) else x for x in arguments]
                return op.op(first, *rest, **sample.kwargs)

            kept += 1
            yield name, function, [x.detach().clone() for x in tensors]


def main():
    torch.set_num_threads(1)
    generator.manual_seed(SEED)
    what = sys.argv[1:]
    print(f"# PyTorch {torch.__version__.split('+')[0]}, written by", *["pytorch.py", *what])
    if what == ["opinfo"]:
        formulas = re.findall(r'\{"([^"]+)", F\(([^{}]*)\)\}', (Path(__file__).parent / "../laws/pytorch.cpp").read_text())
        arity = {name: 1 + max(map(int, re.findall(r"x\[(\d)\]", text))) for name, text in formulas}
        with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
            for name, function, inputs in opinfo_cases(arity):
                write(name, function, inputs)
        return 0
    for name, function, makers in CASES:
        for make in makers:
            made = make()
            if what == ["narrow"]:
                for dtype in (torch.float16, torch.bfloat16) if any(x.is_floating_point() for x in made) else ():
                    write_narrow(name, function, made, dtype)
                continue
            doubles = name.endswith("transformer_block") or not any(x.is_floating_point() for x in made)  # float32 loses four digits in what is that deep
            for dtype in (torch.float64,) if doubles else (torch.float64, torch.float32):
                with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):  # which has second gradients
                    write(name, function, [x.to(dtype).clone() if x.is_floating_point() else x for x in made])
    return 0


sys.exit(main())
