// Printed arrays: PyTorch's layout, to the character.
// Expected texts: the notebook of the project, PyTorch's documentation, and (where marked) the output of torch/_tensor_str.py
// itself, run on NumPy arrays.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE print
#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <limits>
#include <sstream>
#include <string>
#include <string_view>

#include <ctgrad/print.hpp>

namespace ct = ctgrad;
using ct::to_string;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan_ = std::numeric_limits<float>::quiet_NaN();

/// 0, 1, 2, … times `scale`.
template <class T>
ct::array<T, 1> counted(std::int64_t count, double scale = 1) {
  auto result = ct::empty<T>(count);
  for (std::int64_t i = 0; i < count; ++i) result(i) = static_cast<T>(static_cast<double>(i) * scale);
  return result;
}

/// Raw strings begin on a line of their own here.
std::string lines(std::string_view raw) { return std::string(raw.substr(1)); }

}  // namespace

BOOST_AUTO_TEST_CASE(the_notebook) {
  ct::array<std::int64_t, 2> b{{1, 0, 1}, {2, 1, 1}};
  BOOST_TEST(to_string(b) == "tensor([[1, 0, 1],\n        [2, 1, 1]])");
  b(0, 0) = 666;
  BOOST_TEST(to_string(b) == "tensor([[666,   0,   1],\n        [  2,   1,   1]])");
  b(0, 0) = 1;
  std::ostringstream stream;
  stream << b[1] << " " << b;
  BOOST_TEST(stream.str() == "tensor([2, 1, 1]) tensor([[1, 0, 1],\n        [2, 1, 1]])");
  ct::array<std::int64_t, 2> const c{{0, 1, 0}, {1, 1, 1}};
  BOOST_TEST(to_string(c.t()) == "tensor([[0, 1],\n        [1, 1],\n        [0, 1]])");
  BOOST_TEST(to_string(b.unsqueeze(1)) == "tensor([[[1, 0, 1]],\n\n        [[2, 1, 1]]])");
  BOOST_TEST(to_string(c.t().unsqueeze(0)) == "tensor([[[0, 1],\n         [1, 1],\n         [0, 1]]])");
  BOOST_TEST(to_string(ct::array<std::int64_t, 0>(6)) == "tensor(6)");
  BOOST_TEST(to_string(ct::ones<float>(2, 3)) == "tensor([[1., 1., 1.],\n        [1., 1., 1.]])");
  BOOST_TEST(to_string(ct::eye<float>(3)) == "tensor([[1., 0., 0.],\n        [0., 1., 0.],\n        [0., 0., 1.]])");
  BOOST_TEST(to_string(ct::full<float>(1.5, 2)) == "tensor([1.5000, 1.5000])");
  BOOST_TEST(to_string(ct::array<float, 1>{-1}) == "tensor([-1.])");
}

BOOST_AUTO_TEST_CASE(pytorchs_documentation) {
  BOOST_TEST(to_string(ct::linspace<float>(3, 10, 5)) == "tensor([ 3.0000,  4.7500,  6.5000,  8.2500, 10.0000])");  // linspace
  BOOST_TEST(to_string(ct::linspace<float>(-10, 10, 5)) == "tensor([-10.,  -5.,   0.,   5.,  10.])");
  BOOST_TEST(to_string(ct::arange<float>(1, 2.5, 0.5)) == "tensor([1.0000, 1.5000, 2.0000])");  // torch.arange
  BOOST_TEST(to_string(ct::full<float>(3.141592f, 2, 3)) ==  // torch.full
             "tensor([[3.1416, 3.1416, 3.1416],\n        [3.1416, 3.1416, 3.1416]])");
  BOOST_TEST(to_string(ct::array<float, 2>{{0.1f, 1.2f}, {2.2f, 3.1f}, {4.9f, 5.2f}}) ==  // torch.tensor
             "tensor([[0.1000, 1.2000],\n        [2.2000, 3.1000],\n        [4.9000, 5.2000]])");
  BOOST_TEST(to_string(ct::array<float, 0>(3.14159f)) == "tensor(3.1416)");
  BOOST_TEST(to_string(ct::array<float, 1>{}) == "tensor([])");
  BOOST_TEST(to_string(ct::array<float, 1>{1.12345f}) == "tensor([1.1235])");  // torch.set_printoptions, with precision=4
}

// From torch/_tensor_str.py.
BOOST_AUTO_TEST_CASE(numbers) {
  BOOST_TEST(to_string(ct::array<float, 1>{1, nan_, infinity, -infinity, 0, -0.0f}) == "tensor([1., nan, inf, -inf, 0., -0.])");
  BOOST_TEST(to_string(ct::array<float, 1>{-nan_}) == "tensor([nan])");
  BOOST_TEST(to_string(ct::array<float, 1>{1.5f, -nan_, infinity, -infinity, 0}) == "tensor([1.5000,    nan,    inf,   -inf, 0.0000])");
  BOOST_TEST(to_string(ct::array<float, 1>{1e-5f, 1, 2}) == "tensor([1.0000e-05, 1.0000e+00, 2.0000e+00])");
  BOOST_TEST(to_string(ct::array<double, 2>{{1e-5, 0, nan_}, {infinity, -1e9, 3}}) == lines(R"(
tensor([[ 1.0000e-05,  0.0000e+00,         nan],
        [        inf, -1.0000e+09,  3.0000e+00]], dtype=torch.float64))"));
  BOOST_TEST(to_string(ct::array<float, 1>{1, 1000}) == "tensor([   1., 1000.])");
  BOOST_TEST(to_string(ct::array<float, 1>{1, 2000}) == "tensor([1.0000e+00, 2.0000e+03])");
  BOOST_TEST(to_string(ct::array<double, 1>{1e100, 1e-300}) == "tensor([1.0000e+100, 1.0000e-300], dtype=torch.float64)");
  BOOST_TEST(to_string(ct::array<float, 1>{1e8f}) == "tensor([100000000.])");
  BOOST_TEST(to_string(ct::array<float, 1>{100000008.0f}) == "tensor([1.0000e+08])");
  BOOST_TEST(to_string(ct::array<double, 1>{1e-4, 1.5e-4}) == "tensor([0.0001, 0.0001], dtype=torch.float64)");
  BOOST_TEST(to_string(ct::array<double, 1>{0.00005, 0.00025}) == "tensor([5.0000e-05, 2.5000e-04], dtype=torch.float64)");
  BOOST_TEST(to_string(ct::array<double, 1>{0.03125, 0.09375, -2.5}) == "tensor([ 0.0312,  0.0938, -2.5000], dtype=torch.float64)");
  BOOST_TEST(to_string(ct::array<float, 1>{0.1f, 16777216.5f}) == "tensor([1.0000e-01, 1.6777e+07])");
  BOOST_TEST(to_string(ct::array<double, 1>{1.7976931348623157e308, 5e-324}) == "tensor([1.7977e+308, 4.9407e-324], dtype=torch.float64)");
  BOOST_TEST(to_string(ct::zeros<double>(2)) == "tensor([0., 0.], dtype=torch.float64)");
  BOOST_TEST(to_string(ct::array<std::int64_t, 1>{std::numeric_limits<std::int64_t>::min(), 0}) ==
             "tensor([-9223372036854775808,                    0])");
}

// From torch/_tensor_str.py.
BOOST_AUTO_TEST_CASE(scalars_and_suffixes) {
  BOOST_TEST(to_string(ct::array<bool, 2>{{true, false}, {true, true}}) == lines(R"(
tensor([[ True, False],
        [ True,  True]]))"));
  BOOST_TEST(to_string(ct::ones<bool>(2)) == "tensor([True, True])");
  BOOST_TEST(to_string(ct::array<std::int32_t, 2>{{1, -20}, {300, 4}}) == lines(R"(
tensor([[  1, -20],
        [300,   4]], dtype=torch.int32))"));
  BOOST_TEST(to_string(ct::array<float, 0>(1.5f)) == "tensor(1.5000)");
  BOOST_TEST(to_string(ct::array<double, 0>(3)) == "tensor(3., dtype=torch.float64)");
  BOOST_TEST(to_string(ct::array<bool, 0>(true)) == "tensor(True)");
  BOOST_TEST(to_string(ct::empty<float>(0, 3)) == "tensor([], size=(0, 3))");
  BOOST_TEST(to_string(ct::empty<std::int64_t>(0)) == "tensor([], dtype=torch.int64)");
  BOOST_TEST(to_string(ct::empty<double>(2, 0, 3)) == "tensor([], size=(2, 0, 3), dtype=torch.float64)");
  BOOST_TEST(to_string(ct::empty<bool>(0)) == "tensor([], dtype=torch.bool)");
}

// From torch/_tensor_str.py.
BOOST_AUTO_TEST_CASE(lines_are_wrapped) {
  BOOST_TEST(to_string(ct::arange<std::int64_t>(40)) == lines(R"(
tensor([ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16, 17,
        18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35,
        36, 37, 38, 39]))"));
  BOOST_TEST(to_string(counted<float>(30, 0.25)) == lines(R"(
tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000, 1.2500, 1.5000, 1.7500, 2.0000,
        2.2500, 2.5000, 2.7500, 3.0000, 3.2500, 3.5000, 3.7500, 4.0000, 4.2500,
        4.5000, 4.7500, 5.0000, 5.2500, 5.5000, 5.7500, 6.0000, 6.2500, 6.5000,
        6.7500, 7.0000, 7.2500]))"));
  BOOST_TEST(to_string(ct::zeros<float>(30)) == lines(R"(
tensor([0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0.,
        0., 0., 0., 0., 0., 0.]))"));
  BOOST_TEST(to_string(ct::zeros<double>(23)) == lines(R"(
tensor([0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0.],
       dtype=torch.float64))"));
  BOOST_TEST(to_string(counted<float>(40, 0.37).reshape(2, 20)) == lines(R"(
tensor([[ 0.0000,  0.3700,  0.7400,  1.1100,  1.4800,  1.8500,  2.2200,  2.5900,
          2.9600,  3.3300,  3.7000,  4.0700,  4.4400,  4.8100,  5.1800,  5.5500,
          5.9200,  6.2900,  6.6600,  7.0300],
        [ 7.4000,  7.7700,  8.1400,  8.5100,  8.8800,  9.2500,  9.6200,  9.9900,
         10.3600, 10.7300, 11.1000, 11.4700, 11.8400, 12.2100, 12.5800, 12.9500,
         13.3200, 13.6900, 14.0600, 14.4300]]))"));
  BOOST_TEST(to_string(ct::arange<std::int32_t>(100, 117)) == lines(R"(
tensor([100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113,
        114, 115, 116], dtype=torch.int32))"));
  BOOST_TEST(to_string(ct::arange<std::int32_t>(10, 25)) == lines(R"(
tensor([10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24],
       dtype=torch.int32))"));
}

// From torch/_tensor_str.py.
BOOST_AUTO_TEST_CASE(higher_ranks) {
  BOOST_TEST(to_string(ct::arange<std::int64_t>(12).reshape(2, 3, 2)) == lines(R"(
tensor([[[ 0,  1],
         [ 2,  3],
         [ 4,  5]],

        [[ 6,  7],
         [ 8,  9],
         [10, 11]]]))"));
  BOOST_TEST(to_string(counted<double>(8, 0.375).reshape(2, 2, 1, 2)) == lines(R"(
tensor([[[[0.0000, 0.3750]],

         [[0.7500, 1.1250]]],


        [[[1.5000, 1.8750]],

         [[2.2500, 2.6250]]]], dtype=torch.float64))"));
}

// From torch/_tensor_str.py.
BOOST_AUTO_TEST_CASE(long_tensors_are_summarised) {
  BOOST_TEST(to_string(ct::arange<std::int64_t>(1000).slice(0, 0, 1000).reshape(10, 100).slice(1, 0, 1)) == lines(R"(
tensor([[  0],
        [100],
        [200],
        [300],
        [400],
        [500],
        [600],
        [700],
        [800],
        [900]]))"));
  BOOST_TEST(to_string(ct::arange<std::int64_t>(1001)) == "tensor([   0,    1,    2,  ...,  998,  999, 1000])");
  BOOST_TEST(to_string(counted<float>(3000, 0.125).reshape(300, 10)) == lines(R"(
tensor([[0.0000e+00, 1.2500e-01, 2.5000e-01,  ..., 8.7500e-01, 1.0000e+00,
         1.1250e+00],
        [1.2500e+00, 1.3750e+00, 1.5000e+00,  ..., 2.1250e+00, 2.2500e+00,
         2.3750e+00],
        [2.5000e+00, 2.6250e+00, 2.7500e+00,  ..., 3.3750e+00, 3.5000e+00,
         3.6250e+00],
        ...,
        [3.7125e+02, 3.7138e+02, 3.7150e+02,  ..., 3.7212e+02, 3.7225e+02,
         3.7238e+02],
        [3.7250e+02, 3.7262e+02, 3.7275e+02,  ..., 3.7338e+02, 3.7350e+02,
         3.7362e+02],
        [3.7375e+02, 3.7388e+02, 3.7400e+02,  ..., 3.7462e+02, 3.7475e+02,
         3.7488e+02]]))"));
  BOOST_TEST(to_string(ct::arange<std::int64_t>(4000).reshape(2, 2000)) == lines(R"(
tensor([[   0,    1,    2,  ..., 1997, 1998, 1999],
        [2000, 2001, 2002,  ..., 3997, 3998, 3999]]))"));
  BOOST_TEST(to_string(ct::arange<std::int64_t>(2000).reshape(500, 2, 2)) == lines(R"(
tensor([[[   0,    1],
         [   2,    3]],

        [[   4,    5],
         [   6,    7]],

        [[   8,    9],
         [  10,   11]],

        ...,

        [[1988, 1989],
         [1990, 1991]],

        [[1992, 1993],
         [1994, 1995]],

        [[1996, 1997],
         [1998, 1999]]]))"));
}

BOOST_AUTO_TEST_CASE(elements_that_are_left_out_do_not_count_for_the_format) {
  auto values = ct::arange<float>(2000);
  values(1000) = 1e9f;
  values(1001) = 0.5f;
  // From torch/_tensor_str.py: scientific because of 1 and 1999, not because of what is left out.
  BOOST_TEST(to_string(values) == lines(R"(
tensor([0.0000e+00, 1.0000e+00, 2.0000e+00,  ..., 1.9970e+03, 1.9980e+03,
        1.9990e+03]))"));
  values.slice(0, 0, 3).fill(1997);
  BOOST_TEST(to_string(values) == "tensor([1997., 1997., 1997.,  ..., 1997., 1998., 1999.])");
}
