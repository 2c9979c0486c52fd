"""The cases, and who computes them.

Three are ADBench's objectives (Srajer, Kukelova, Fitzgibbon 2018), on numbers of our own: the Gaussian mixture, bundle adjustment in the size of its ba1, and the LSTM, whose texts of 1,024 characters
are 8 here: ctgrad unrolls them, and clang fuses no more in the steps that it allows by default (g++: 10 and more).

SPDX-License-Identifier: BSL-1.0
"""

import dataclasses
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
OURS = "ctgrad"
COMPILED = [OURS, "hand", "eigen", "xtensor", "adolc", "sacado"]
PYTHON = ["numpy", "torch", "torch-compile", "jax", "casadi"]
STREAM = ["stream_copy", "stream_triad"]  # a scale, not another way to compute the case: what they compute is not compared
SPEEDS = {"stream_copy": 2, "stream_triad": 3}  # arrays that they move


@dataclasses.dataclass
class Case:
    title: str
    name: str
    sizes: tuple = ()
    contenders: tuple = ()
    tolerance: float = 1e-3  # of the results, at their scale
    arrays: int = 0  # arrays of sizes[0] floats that have to be read, where the case is held against the memory's speed

    def command(self, contender, build, python):
        """The command of one contender."""
        sizes = [str(s) for s in self.sizes]
        if contender in PYTHON:
            return [python, str(HERE / "python" / f"with_{contender.split('-')[0]}.py"), contender, self.name, *sizes]
        program = contender if contender in STREAM else f"{contender}_{self.name}"
        return [str(pathlib.Path(build) / "benchmarks" / "peers" / program), *sizes]

    def bytes(self, contender):
        """What one call reads and writes, where that is what counts; else 0."""
        return 4 * self.sizes[0] * SPEEDS.get(contender, self.arrays) if self.arrays else 0


GRADIENTS = (OURS, "hand", "eigen", "xtensor", "adolc", "sacado", *PYTHON)
ARRAYS = (OURS, "hand", "eigen", "xtensor", "numpy", "torch", "torch-compile", "jax")
LAYERS = tuple(c for c in ARRAYS if c != "xtensor")  # xtensor's products are another library
TINY = tuple(c for c in GRADIENTS if c != "xtensor")

CASES = [
    Case("logistic regression, loss and 3 gradients, n = 1,000", "logistic_regression", (1_000,), GRADIENTS),
    Case("logistic regression, n = 100,000", "logistic_regression", (100_000,), GRADIENTS),
    Case("logistic regression, n = 10,000,000", "logistic_regression", (10_000_000,), GRADIENTS),
    Case("Black-Scholes, price and 5 greeks, n = 1,000,000", "black_scholes", (1_000_000,), GRADIENTS),
    Case("softmax cross-entropy and gradient, 8192 x 1024", "cross_entropy", (8192, 1024), ARRAYS),
    Case("layer norm, GELU, mean square, 3 gradients, 8192 x 1024", "norm_gelu", (8192, 1024), LAYERS),
    Case("softmax of columns, 1024 x 1024", "column_softmax", (1024, 1024), ARRAYS),
    Case("softmax of columns, 8192 x 1024", "column_softmax", (8192, 1024), ARRAYS),
    Case("network 784-128-128-10, all gradients, batch 64", "network", (64, 128), LAYERS),
    Case("network 784-512-512-10, batch 1024", "network", (1024, 512), LAYERS),
    Case("network 784-1024-1024-10, batch 8192", "network", (8192, 1024), LAYERS),
    Case("LeNet, loss and 10 gradients, batch 64", "lenet", (64,), (OURS, "torch", "torch-compile", "jax")),
    Case("attention, loss and 3 gradients, 8 heads of 512 x 64", "attention", (8, 512, 64), LAYERS),
    Case("Lennard-Jones, energy and forces, 2048 particles", "lennard_jones", (2048,), LAYERS),
    Case("Gaussian mixture, loss and 4 gradients, 1000 points, 25 parts, 32 axes", "gaussian_mixture", (1000, 25, 32), tuple(c for c in LAYERS if c != "eigen")),
    Case("bundle adjustment, errors and their Jacobian, 49 cameras, 7,776 points, 31,843 observations", "bundle_adjustment", (49, 7776, 31843),
         (OURS, "hand", "adolc", "sacado", "torch", "torch-compile", "jax", "casadi")),
    Case("LSTM, loss and 2 gradients, 2 layers of 14, 8 characters unrolled", "lstm", (8,), (OURS, "hand", "torch", "torch-compile", "jax")),
    Case("4 inputs of 8 floats, value and gradients", "tiny", (), TINY),
    Case("sum, n = 33,554,432", "sum", (1 << 25,), (*ARRAYS, *STREAM), arrays=1),
    Case("norm, n = 33,554,432", "norm", (1 << 25,), (*ARRAYS, *STREAM), tolerance=3e-3, arrays=1),  # PyTorch adds in float: 1.5e-3 off
]
