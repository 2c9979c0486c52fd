// What the notebook computes, as programs, and ctgrad's printing of the arrays they work on.
//
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/ctgrad.hpp>
#include <ctgrad/python.hpp>

#include <cstdint>
#include <string>

namespace ct = ctgrad;
namespace nb = nanobind;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto M = ct::dim("M"_s);
constexpr auto K = ct::dim("K"_s);
constexpr auto b = ct::tensor<std::int64_t>("b"_s, N, M);
constexpr auto c = ct::tensor<std::int64_t>("c"_s, N, M);
constexpr auto u = ct::tensor<std::int64_t>("u"_s, M);
constexpr auto v = ct::tensor<std::int64_t>("v"_s, M);
constexpr auto right = ct::tensor<std::int64_t>("c"_s, M, K);
constexpr auto batch = ct::tensor<std::int64_t>("c"_s, 1_c, M, K);

constexpr auto same = ct::compile(1_c * b);
constexpr auto sum = ct::compile(b + c);
constexpr auto total = ct::compile(ct::sum(b));
constexpr auto row_sums = ct::compile(ct::sum(b, 1_c));
constexpr auto twice = ct::compile(2_c * b);
constexpr auto times = ct::compile(b * c);
constexpr auto dot = ct::compile(ct::dot(u, v));
constexpr auto product = ct::compile(ct::matmul(b, right));
constexpr auto batch_product = ct::compile(ct::matmul(b, batch));

constexpr auto x1 = ct::tensor<float>("x1"_s, 2_c);
constexpr auto x2 = ct::tensor<float>("x2"_s, 2_c);
constexpr auto backward = ct::backward(ct::mean(3_c * x1 + x2 + 1_c), x1, x2);

constexpr auto x = ct::tensor<float>("x"_s, 1_c);
constexpr auto y = ct::pow(x, 2_c) - 3_c;
constexpr auto z = ct::pow(y, 3_c) - 2_c * y;
constexpr auto chain = ct::compile(y, z, ct::grad(ct::sum(z), x));

namespace {

template <class T, std::size_t Rank>
std::string text_of(nb::ndarray<nb::ro> const& a) {
  std::array<std::int64_t, Rank> shape, strides;
  for (std::size_t i = 0; i < Rank; ++i) shape[i] = static_cast<std::int64_t>(a.shape(i)), strides[i] = a.stride(i);
  return ct::to_string(ct::view<T const, Rank>(static_cast<T const*>(a.data()), shape, strides));
}
template <class T>
std::string text_of(nb::ndarray<nb::ro> const& a) {
  switch (a.ndim()) {
    case 0: return text_of<T, 0>(a);
    case 1: return text_of<T, 1>(a);
    case 2: return text_of<T, 2>(a);
    case 3: return text_of<T, 3>(a);
    default: throw ct::shape_error("text: more than three axes");
  }
}

}  // namespace

CTGRAD_PYTHON_MODULE(cells, m) {
  ct::python::define(m, "same", same, "b");
  ct::python::define(m, "sum", sum, "sum");
  ct::python::define(m, "total", total, "total");
  ct::python::define(m, "row_sums", row_sums, "sums");
  ct::python::define(m, "twice", twice, "twice");
  ct::python::define(m, "times", times, "product");
  ct::python::define(m, "dot", dot, "dot");
  ct::python::define(m, "product", product, "product");
  ct::python::define(m, "batch_product", batch_product, "product");
  ct::python::define(m, "backward", backward, "output", "dx1", "dx2");
  ct::python::define(m, "chain", chain, "y", "z", "dx");

  // Functions of nanobind's own stand beside programs.
  m.def("text", [](nb::ndarray<nb::ro, nb::device::cpu> const& given) {
    nb::ndarray<nb::ro> const a(given);
    if (a.dtype() == nb::dtype<std::int64_t>()) return nb::str(text_of<std::int64_t>(a).c_str());
    if (a.dtype() == nb::dtype<float>()) return nb::str(text_of<float>(a).c_str());
    throw ct::dtype_error("text: only int64 and float32");
  });
}
