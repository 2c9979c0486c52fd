// The autograd part of a PyTorch basics notebook, each result beside the notebook's.
// What torch works out with a tape at run time, the C++ compiler has worked out before the program starts.
//
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/ctgrad.hpp>

#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>

namespace ct = ctgrad;
using namespace ct::literals;

namespace {

bool all_equal = true;

/// One line: the code, what it gives here, what the notebook shows.
template <class T>
void compare(std::string const& code, T const& here, std::string const& notebook) {
  std::ostringstream text;
  text << here;
  bool const equal = text.str() == notebook;
  all_equal = all_equal && equal;
  std::cout << code << '\n' << "  here      " << text.str() << '\n' << "  notebook  " << notebook << (equal ? "" : "   <-- differs") << "\n\n";
}

}  // namespace

// How autograd works: y = 3 x1 + x2 + 1, output = mean(y).
constexpr auto x1 = ct::tensor<float>("x1"_s, 2_c);
constexpr auto x2 = ct::tensor<float>("x2"_s, 2_c);
constexpr auto y = 3_c * x1 + x2 + 1_c;
constexpr auto output = ct::mean(y);
constexpr auto backward = ct::backward(output, x1, x2);

// The derivatives by hand: f(x) = x^2 - 3, g(y) = y^3 - 2y, z = g(f(x)).
constexpr auto x = ct::tensor<float>("x"_s, 1_c);
constexpr auto f = ct::pow(x, 2_c) - 3_c;
constexpr auto z = ct::pow(f, 3_c) - 2_c * f;
constexpr auto total = ct::sum(z);

// The same, decided by the compiler.
constexpr auto s = ct::scalar<double>("s"_s);
constexpr auto fs = ct::pow(s, 2_c) - 3_c;
constexpr auto zs = ct::pow(fs, 3_c) - 2_c * fs;
static_assert(ct::evaluate(ct::grad(zs, s), s = 2.0) == 4.0);
static_assert(ct::to_string(ct::grad(fs, s)) == "2 * s");
static_assert(ct::gradient_check(zs, s = 2.0));

int main() {
  auto params = ct::parameters(x1 = ct::array<float, 1>{0.1f, 0.2f}, x2 = ct::array<float, 1>{0.1f, 0.1f});
  backward(params);
  compare("output.backward(); x1.grad", params[x1].grad, "tensor([1.5000, 1.5000])");
  compare("x2.grad", params[x2].grad, "tensor([0.5000, 0.5000])");
  backward(params);
  compare("output.backward(), once more; x1.grad", params[x1].grad, "tensor([3., 3.])");
  compare("x2.grad", params[x2].grad, "tensor([1., 1.])");
  params.zero_grad();

  auto [f_value, z_value, gradient] = ct::compile(f, z, ct::grad(total, x))(x = ct::array<float, 1>{2});
  compare("y = x**2 - 3, x = 2", f_value, "tensor([1.])");
  compare("z = y**3 - 2*y", z_value, "tensor([-1.])");
  compare("z.backward(); x.grad", gradient, "tensor([4.])");

  std::cout << "dy/dx = " << ct::to_string(ct::grad(fs, s)) << '\n' << "dz/dx = " << ct::to_string(ct::grad(zs, s)) << '\n';
  std::cout << (all_equal ? "All results are the notebook's.\n" : "Some results differ from the notebook's.\n");
  return all_equal ? EXIT_SUCCESS : EXIT_FAILURE;
}
