// Programs of every dtype, rank and kind, for the tests of the bridge.
//
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/ctgrad.hpp>
#include <ctgrad/python.hpp>

#include <boost/hana/at.hpp>

namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto M = ct::dim("M"_s);

/// `a + b` of every dtype: what goes in, what comes out.
template <class T>
constexpr auto sum_of = ct::compile(ct::tensor<T>("a"_s, N, M) + ct::tensor<T>("b"_s, N, M));
constexpr auto p = ct::tensor<bool>("p"_s, N);
constexpr auto q = ct::tensor<bool>("q"_s, N);
constexpr auto both = ct::compile(p && q, ct::count_nonzero(p && q));

/// Numbers of every dtype.
constexpr auto flag = ct::scalar<bool>("flag"_s);
constexpr auto i = ct::scalar<std::int32_t>("i"_s);
constexpr auto j = ct::scalar<std::int64_t>("j"_s);
constexpr auto f = ct::scalar<float>("f"_s);
constexpr auto d = ct::scalar<double>("d"_s);
constexpr auto numbers = ct::compile(!flag, i + 1_c, j + 1_c, f + 1_c, d + 1_c);

/// Ranks 1, 3 and 8, sums over axes, an extent that is less than another.
constexpr auto u = ct::vector<double>("u"_s);
constexpr auto double_of = ct::compile(2_c * u);
constexpr auto x = ct::tensor<double>("x"_s, N);
constexpr auto steps = ct::compile(ct::slice(x, 0_c, 1_c) - ct::slice(x, 0_c, 0_c, -1_c));
constexpr auto t = ct::tensor<double>("t"_s, N, M, 3_c);
constexpr auto sums = ct::compile(ct::sum(t, 0_c), ct::sum(t, -1_c), ct::sum(t));
constexpr auto total = ct::compile(ct::sum(t));
constexpr auto e = ct::tensor<double>("e"_s, N, 1_c, 2_c, 1_c, M, 1_c, 1_c, 2_c);
constexpr auto eight = ct::compile(-e);

/// With temporaries, and enough work for threads.
constexpr auto A = ct::tensor<double>("A"_s, N, N);
constexpr auto B = ct::tensor<double>("B"_s, N, N);
constexpr auto product = ct::tanh(ct::matmul(A, ct::tanh(ct::matmul(A, B))));
constexpr auto chain = ct::compile(product, ct::sum(product));

/// Adds into the arrays of the gradients.
constexpr auto v = ct::tensor<float>("v"_s, 2_c);
constexpr auto backward = ct::backward(ct::mean(v * v), v);

/// Without symbols.
constexpr auto constant = ct::compile(ct::cast<double>(2_c) + 0.5_c);

CTGRAD_PYTHON_MODULE(programs, m) {
  ct::python::define(m, "sum_int32", sum_of<std::int32_t>, "c");
  ct::python::define(m, "sum_int64", sum_of<std::int64_t>, "c");
  ct::python::define(m, "sum_float16", sum_of<ct::float16>, "c");
  ct::python::define(m, "sum_bfloat16", sum_of<ct::bfloat16>, "c");
  ct::python::define(m, "sum_float32", sum_of<float>, "c");
  ct::python::define(m, "sum_float64", sum_of<double>, "c");
  ct::python::define(m, "both", both, "and_", "count");
  ct::python::define(m, "numbers", numbers, "flag", "i", "j", "f", "d");
  ct::python::define(m, "double_of", double_of, "v");
  ct::python::define(m, "steps", steps, "steps");
  ct::python::define(m, "sums", sums, "over_n", "over_3", "all");
  ct::python::define(m, "total", total, "total");
  ct::python::define(m, "eight", eight, "negative");
  ct::python::define(m, "constant", constant, "value");
  ct::python::define(m, "chain", chain, "product", "total");
  ct::python::define(m, "backward", backward, "value", "dv");
}
