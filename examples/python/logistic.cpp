// Logistic regression as a module of Python: the loss and its gradients in one loop.
//
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/ctgrad.hpp>
#include <ctgrad/python.hpp>

namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto D = ct::dim("D"_s);
constexpr auto X = ct::tensor<float>("X"_s, N, D);
constexpr auto y = ct::tensor<float>("y"_s, N);
constexpr auto w = ct::tensor<float>("w"_s, D);
constexpr auto b = ct::scalar<float>("b"_s);

constexpr auto z = ct::matmul(X, w) + b;
constexpr auto loss = ct::binary_cross_entropy_with_logits(z, y);
constexpr auto step = ct::compile(loss, ct::grad(loss, w, b));
constexpr auto probability = ct::compile(ct::sigmoid(z));

CTGRAD_PYTHON_MODULE(logistic, m) {
  ct::python::define(m, "step", step, "loss", "dw", "db");
  ct::python::define(m, "probability", probability, "p");
}
