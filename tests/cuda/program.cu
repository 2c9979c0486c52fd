// A program's type and its constexpr data in a kernel's template arguments and body.
// What the CUDA backend will stand on; compiled only, since CI has no GPU.
//
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>

namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto x = ct::tensor<float>("x"_s, N);
constexpr auto w = ct::scalar<float>("w"_s);
constexpr auto loss = ct::mean(ct::log(1_c + ct::exp(w * x)));

// nvcc refuses closure types in kernels' template arguments, so the body is a named function object.
struct body {
  template <class Value>
  constexpr auto operator()(Value h) const {
    for (int i = 0; i < 4; ++i) h = h + 0.5 * ct::tanh(h);
    return h;
  }
};
constexpr auto chain = ct::sum(ct::fn(body{})(x));

using logistic = ct::detail::compiled<1 << 30, decltype(loss), decltype(ct::grad(loss, w))>;
using traced = ct::detail::compiled<1 << 30, decltype(chain), decltype(ct::grad(chain, x))>;

static_assert(logistic::size.loops == 1);

/// Writes facts that the compiler worked out, and one row's computation, from device code.
template <class Program, int Instruction>
__global__ void kernel(float const* in, float* out, int n) {
  constexpr ct::detail::instruction at = ct::detail::instruction_at<Program, Instruction>;
  constexpr int code = static_cast<int>(at.what);
  int const i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < n) out[i] = in[i] * static_cast<float>(Program::size.instructions) + static_cast<float>(code);
}

void launch(float const* in, float* out, int n) {
  kernel<logistic, 0><<<1, 32>>>(in, out, n);
  kernel<traced, traced::size.instructions - 1><<<1, 32>>>(in, out, n);
}
