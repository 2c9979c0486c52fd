#!/usr/bin/env python3
"""A notebook on the basics of PyTorch, cell by cell, with NumPy's arrays, pandas' frames and compiled programs.

What each cell shows is compared with the notebook's page, to the character. Then the same programs run on large arrays, and copies are counted: there are none.
SPDX-License-Identifier: BSL-1.0
"""

import contextlib
import pathlib
import re
import resource
import sys
import tracemalloc

import numpy as np

import cells
from cells import text

try:
    import pandas as pd
except ImportError:
    print("skipped: pandas is not installed")
    sys.exit(77)

PAGE = pathlib.Path(__file__).parents[2] / "tests" / "golden" / "notebook.txt"


def notebook():
    """The cells of the page: numbers, and what each shows (up to the next heading or remark)."""
    for number, cell in re.findall(r"^In \[(\d+)\]:\n(.*?)(?=^In \[|\Z)", PAGE.read_text(encoding="utf-8"), re.M | re.S):
        shown = cell.partition("\n\n")[2]
        yield int(number), re.split(r"^(?:#|The method|We start)", shown, flags=re.M)[0].strip("\n ")


wrong = []
page = notebook()


def show(number, shown):
    expected_number, expected = next(page)
    good = (number, shown) == (expected_number, expected)
    print(f"In [{number}]:\n{shown}\n" if good else f"In [{number}] differs from the notebook's In [{expected_number}]\n  here\n{shown}\n  notebook\n{expected}\n")
    if not good:
        wrong.append(number)


def size(a):
    return f"torch.Size({list(a.shape)})"


def with_sign(printed):
    """As PyTorch 0.4 shows it, which the last cells are from: with a column for the sign."""
    return printed if "-" in printed else printed.replace("[", "[ ")


# ---- NumPy's and pandas' memory is what programs work on
a = np.array([[1, 0, 1], [2, 1, 1]])
b = a.view()
show(2, f"({a!r}, {text(b)})".replace("\n", "\n "))
df = pd.DataFrame({"a": [0, 1, 2], "b": [2, 3, 4]})
df_values = df.values
df_values.flags.writeable = True  # since pandas 3 it is the user who says so
show(3, text(df_values))
a[0, 0] = 666
show(4, text(b))
cells.same(b=np.array([[666]]), out=df_values[:1, :1])  # a program writes into the frame
show(5, df.to_csv(index_label="Unnamed: 0").strip())
c = np.array([[0, 1, 0], [1, 1, 1]])
show(6, text(c))
show(7, text(np.ones((2, 3), np.float32)))
show(8, text(np.eye(3, dtype=np.float32)))

# ---- operations
cells.same(b=np.array([[1]]), out=b[:1, :1])
show(9, f"{text(b)}\n{text(c)}")
show(10, text(cells.sum(b=b, c=c)))
show(11, f"tensor({cells.total(b=b)})")
show(12, text(cells.row_sums(b=b)))
show(13, text(cells.twice(b=b)))
show(14, text(cells.times(b=b, c=c)))
show(15, f"{text(b[1])}\n{text(c[1])}")
show(16, f"tensor({cells.dot(u=b[1], v=c[1])})")
show(17, text(c.T))
show(18, text(cells.product(b=b, c=c.T)))
show(31, size(c.T[None]))
show(37, text(b[:, None]))
show(35, text(c.T[None]))
show(43, size(cells.batch_product(b=b, c=c.T[None])))

# ---- gradients, which are added to what is there
x1, x2 = np.array([0.1, 0.2], np.float32), np.array([0.1, 0.1], np.float32)
grads = {"dx1": np.zeros(2, np.float32), "dx2": np.zeros(2, np.float32)}
for number in (29, 30):
    cells.backward(x1=x1, x2=x2, out=grads)
    show(number, f"{text(grads['dx1'])} {text(grads['dx2'])}")

x = np.array([2], np.float32)
r = cells.chain(x=x)
show(8, "\n".join(f"{name} =  {with_sign(text(value))}" for name, value in [("x", x), ("y", r.y), ("z", r.z)]))
show(9, with_sign(text(r.dx)))
if rest := [number for number, _ in page]:
    wrong.append(rest)


def peak_memory(anew=False):
    """The most memory that the process has had, in KiB; anew, since now (Linux)."""
    if anew:
        with contextlib.suppress(OSError):
            pathlib.Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


# ---- the same with 24 MiB in each array: what is allocated, by NumPy and by the process?
def copies():
    n = 2**20
    frame = pd.DataFrame({name: np.arange(n) for name in "abc"})
    big, other = np.ones((n, 3), np.int64), np.asfortranarray(np.ones((n, 3), np.int64))
    place, column = np.ones((n, 3), np.int64), np.ones(n, np.int64)
    given = [(cells.total, {"b": frame}), (cells.total, {"b": frame.values}), (cells.total, {"b": big}), (cells.total, {"b": other[::-1]}), (cells.row_sums, {"b": frame, "out": column}), (cells.sum, {"b": big, "c": frame, "out": place}),
             (cells.times, {"b": place, "c": other, "out": place}), (cells.twice, {"b": big[:, ::-1], "out": place}), (cells.dot, {"u": frame["a"], "v": other[:, 1]})]
    if "torch" in sys.modules:
        given += [(cells.total, {"b": torch.ones((n, 3), dtype=torch.int64)}), (cells.twice, {"b": big, "out": torch.ones((n, 3), dtype=torch.int64)})]
    for program, arguments in given:  # once for the code and Python's own
        program(**{name: thing[:100] if name in ("b", "c", "out", "u", "v") else thing for name, thing in arguments.items()})
    before = peak_memory(anew=True)
    tracemalloc.start()
    for program, arguments in given:
        program(**arguments)
    allocated, grown = tracemalloc.get_traced_memory()[1], peak_memory() - before
    tracemalloc.stop()
    print(f"{len(given)} calls with {sum(map(len, [arguments for _, arguments in given]))} arrays of 8 or 24 MiB: {allocated} bytes allocated in Python, the process grew by {grown} KiB.")
    return (allocated + 1024 * grown) // column.nbytes


def with_torch():
    """The cells with PyTorch's own tensors, on one memory with NumPy and with programs; results and printing are torch's."""
    a = np.array([[1, 0, 1], [2, 1, 1]])
    b, c = torch.from_numpy(a), torch.tensor([[0, 1, 0], [1, 1, 1]])
    cells.same(b=np.array([[666]]), out=a[:1, :1])  # a program writes, torch sees it
    seen = [b[0, 0].item() == 666]
    b[0, 0] = 1  # torch writes, a program sees it
    place = torch.zeros((2, 3), dtype=torch.int64)
    pairs = [(cells.sum(b=b, c=c), b + c), (cells.total(b=b), b.sum().item()), (cells.row_sums(b=b), b.sum(dim=1)), (cells.twice(b=b, out=place), 2 * b), (cells.times(b=b, c=c), b * c), (cells.dot(u=b[1], v=c[1]), torch.dot(b[1], c[1]).item()),
             (cells.product(b=b, c=c.t()), torch.matmul(b, c.t())), (cells.batch_product(b=b, c=c.t().unsqueeze(0)), torch.matmul(b, c.t().unsqueeze(0)))]
    x1, x2 = torch.tensor([0.1, 0.2], requires_grad=True), torch.tensor([0.1, 0.1], requires_grad=True)
    grads = {"dx1": torch.zeros(2), "dx2": torch.zeros(2)}
    for _ in range(2):
        (3 * x1 + x2 + 1).mean().backward()
        cells.backward(x1=x1.detach(), x2=x2.detach(), out=grads)
        pairs += [(grads["dx1"].clone(), x1.grad.clone()), (grads["dx2"].clone(), x2.grad.clone())]
    x = torch.tensor([2.0], requires_grad=True)
    y = x**2 - 3
    z = y**3 - 2 * y
    z.backward()
    pairs += list(zip(cells.chain(x=x.detach()), [y.detach(), z.detach(), x.grad]))
    seen += [np.array_equal(ours, theirs) for ours, theirs in pairs] + [text(theirs) == str(theirs) for _, theirs in pairs if isinstance(theirs, torch.Tensor)]
    print(f"With PyTorch {torch.__version__}: {sum(seen)} of {len(seen)} values and printed tensors are torch's.")
    return [] if all(seen) else ["with torch"]


try:
    import torch
except ImportError:
    print("PyTorch is not installed: its tensors are left out.")
else:
    wrong += with_torch()
count = copies()
print(f"{count} copies.")
print(f"Cells {wrong} differ from the notebook's." if wrong else "All of it is the notebook's, to the character.")
sys.exit(bool(wrong or count))
