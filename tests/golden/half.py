#!/usr/bin/env python3
"""Asks PyTorch what float16 and bfloat16 are of floats, and what functions of such arrays are; tests/include/ctgrad/half.cpp reads it.

`round BITS FLOAT16 BFLOAT16`: a float's bits, and those of what it is rounded to. `DTYPE FUNCTION`, then `in` and `out` lines: bits of the elements, 3 x 4 and 4 x 3 or 12 each.

usage: half.py > half.txt    (PyTorch 2.x, on the CPU)
SPDX-License-Identifier: BSL-1.0
"""

import torch

generator = torch.Generator().manual_seed(20261125)
random = torch.randint(-(2**31), 2**31, (150,), generator=generator).to(torch.int32)
scales = torch.randint(-30, 20, (150,), generator=generator)
ties = (torch.randn(60, generator=generator).half().float().view(torch.int32) & ~0x1FFF) | 0x1000  # half between two of float16
bties = (torch.randn(60, generator=generator).view(torch.int32) & ~0xFFFF) | 0x8000
edges = torch.tensor([0.0, -0.0, 65504.0, 65519.99, 65520.0, -65536.0, 6.1e-5, 5.97e-8, 2.98e-8, 2.99e-8, 1e-40, -3e38, 3.4e38, float("inf"), -float("inf")])
floats = torch.cat((random.view(torch.float32), torch.randn(150, generator=generator) * 2.0**scales, ties.view(torch.float32), bties.view(torch.float32), edges))
bits = lambda x: [b & 0xFFFF for b in x.contiguous().view(torch.int16).flatten().tolist()]
for x, h, b in zip(floats.view(torch.int32).tolist(), bits(floats.half()), bits(floats.bfloat16())):
    if not torch.tensor(x, dtype=torch.int32).view(torch.float32).isnan():
        print("round", x & 0xFFFFFFFF, h, b)

FUNCTIONS = {
    "add": lambda a, b: a + b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "scaled": lambda a, b: a * 0.1,
    "exp": lambda a, b: torch.exp(a),
    "sum": lambda a, b: a.sum(1),
    "softmax": lambda a, b: torch.softmax(a, -1),
    "matmul": lambda a, b: a @ b.reshape(4, 3),
}
for dtype in (torch.float16, torch.bfloat16):
    for name, function in FUNCTIONS.items():
        a = torch.randn(3, 4, generator=generator).to(dtype)
        b = torch.randn(3, 4, generator=generator).to(dtype)
        print(str(dtype).removeprefix("torch."), name)
        print("in", *bits(a))
        print("in", *bits(b))
        print("out", *bits(function(a, b)))
