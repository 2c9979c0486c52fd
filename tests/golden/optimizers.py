#!/usr/bin/env python3
"""Asks torch.optim for trajectories, and torch.optim.lr_scheduler for rates, which tests/include/ctgrad/optimizers.cpp reads.

`run NAME DTYPE STEPS`, then a line of six parameters after each step. The gradients are those of gradient() below; lbfgs minimises Rosenbrock's function of two parameters instead,
and its lines hold the loss before the step, the evaluations so far, and the two parameters. `clip NORM` and `value` are gradients before and after; `schedule NAME` the rates of 25 epochs.

usage: optimizers.py > optimizers.txt    (PyTorch 2.x, on the CPU)
SPDX-License-Identifier: BSL-1.0
"""

import torch
from torch.optim import lr_scheduler as schedules

START = [0.5, -1.0, 2.0, 0.0, 3.0, 0.25]
STEPS = 12


def text(numbers):
    return " ".join(f"{float(x):.17g}" for x in numbers)


def gradient(p, step):
    """Of sum((p - target)^2 curvature) / 2, with something that changes from step to step."""
    i = torch.arange(6, dtype=p.dtype)
    return (p - (i - 2)) * (i + 1) / 3 + step * (i - 3) / 16


def run(name, make):
    for dtype in (torch.float64, torch.float32):
        p = torch.nn.Parameter(torch.tensor(START, dtype=dtype))
        optimiser = make([p])
        print("run", name, str(dtype).removeprefix("torch."), STEPS)
        for step in range(STEPS):
            p.grad = gradient(p.detach(), step)
            optimiser.step()
            print(text(p.detach()))


def run_lbfgs(name, steps, **options):
    for dtype in (torch.float64, torch.float32):
        p = torch.nn.Parameter(torch.tensor([-1.5, 2.0], dtype=dtype))
        optimiser = torch.optim.LBFGS([p], **options)
        evaluations = 0

        def closure():
            nonlocal evaluations
            evaluations += 1
            optimiser.zero_grad()
            loss = (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2
            loss.backward()
            return loss

        print("lbfgs", name, str(dtype).removeprefix("torch."), steps)
        for _ in range(steps):
            loss = optimiser.step(closure)
            print(text([loss, evaluations, *p.detach()]))


def run_schedule(name, make):
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)
    schedule = make(optimiser)
    rates = []
    for _ in range(25):
        # CosineAnnealingLR goes from rate to rate, and rounding grows by its division near the lowest; its closed form is its own statement of the formula.
        rates.append(schedule._get_closed_form_lr()[0] if name == "cosine" else optimiser.param_groups[0]["lr"])
        optimiser.step()
        schedule.step()
    print("schedule", name)
    print(text(rates))


def main():
    o = torch.optim
    print(f"# PyTorch {torch.__version__.split('+')[0]}, written by optimizers.py")
    run("sgd", lambda p: o.SGD(p, lr=0.1, weight_decay=0.02))
    run("sgd_momentum", lambda p: o.SGD(p, lr=0.1, momentum=0.9, dampening=0.4, weight_decay=0.02))
    run("sgd_nesterov", lambda p: o.SGD(p, lr=0.1, momentum=0.9, nesterov=True))
    run("adam", lambda p: o.Adam(p, lr=0.05, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1))
    run("adamw", lambda p: o.AdamW(p, lr=0.05, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1))
    run("rmsprop", lambda p: o.RMSprop(p))
    run("rmsprop_decay", lambda p: o.RMSprop(p, lr=0.05, alpha=0.9, eps=1e-6, weight_decay=0.1))
    run("rmsprop_momentum", lambda p: o.RMSprop(p, lr=0.05, alpha=0.9, momentum=0.5))
    run("rmsprop_centered", lambda p: o.RMSprop(p, lr=0.05, alpha=0.9, centered=True))
    run("rmsprop_all", lambda p: o.RMSprop(p, lr=0.05, alpha=0.9, eps=1e-6, weight_decay=0.1, momentum=0.5, centered=True))
    run("adagrad", lambda p: o.Adagrad(p))
    run("adagrad_all", lambda p: o.Adagrad(p, lr=0.3, lr_decay=0.05, weight_decay=0.1, initial_accumulator_value=0.5, eps=1e-6))
    run_lbfgs("none", 5, lr=0.1, max_iter=4, history_size=3)
    run_lbfgs("strong_wolfe", 6, max_iter=5, history_size=4, line_search_fn="strong_wolfe")
    run_lbfgs("strong_wolfe_one_step", 1, max_iter=60, line_search_fn="strong_wolfe")
    run_lbfgs("strong_wolfe_few", 8, max_iter=4, max_eval=3, line_search_fn="strong_wolfe")

    before = gradient(torch.tensor(START, dtype=torch.float64), 1)
    for limit in (100.0, 1.5):
        p = torch.nn.Parameter(torch.zeros(6, dtype=torch.float64))
        p.grad = before.clone()
        norm = torch.nn.utils.clip_grad_norm_([p], limit)
        print("clip", text([limit, norm]))
        print(text(before))
        print(text(p.grad))
    p.grad = before.clone()
    torch.nn.utils.clip_grad_value_([p], 0.75)
    print("value 0.75")
    print(text(before))
    print(text(p.grad))

    run_schedule("step", lambda o: schedules.StepLR(o, 7, 0.3))
    run_schedule("multi_step", lambda o: schedules.MultiStepLR(o, [4, 11, 20], 0.3))
    run_schedule("exponential", lambda o: schedules.ExponentialLR(o, 0.9))
    run_schedule("linear", lambda o: schedules.LinearLR(o, 0.25, 1.0, 6))
    run_schedule("cosine", lambda o: schedules.CosineAnnealingLR(o, 10, 0.05))
    run_schedule("warm_up", lambda o: schedules.SequentialLR(o, [schedules.LinearLR(o, 0.1, 1.0, 5), schedules.CosineAnnealingLR(o, 20)], [5]))


main()
