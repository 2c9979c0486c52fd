// The extension module that each outside project builds.
//
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/ctgrad.hpp>
#include <ctgrad/python.hpp>

namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto A = ct::matrix<float>("A"_s);
constexpr auto B = ct::matrix<float>("B"_s);
constexpr auto total = ct::compile(ct::sum(ct::matmul(A, B)));

CTGRAD_PYTHON_MODULE(outside, m) { ct::python::define(m, "total", total, "total"); }
