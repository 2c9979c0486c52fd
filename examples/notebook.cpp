// A notebook on the basics of PyTorch, cell by cell: arrays that share memory, operations, views, products, autograd.
// It prints what the notebook shows, to the character, and says so at the end (a test compares all of it). What torch works out with a tape at run time, the C++ compiler has worked
// out before the program starts.
//
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/ctgrad.hpp>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

namespace ct = ctgrad;
using namespace ct::literals;

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

namespace {

std::ostringstream page;

/// A cell: its number and PyTorch's code, then what is shown.
std::ostream& cell(int number, std::string const& code) { return page << "In [" << number << "]:\n" << code << "\n\n"; }
std::ostream& next(std::string const& text = "") { return page << text; }

template <class T>
std::string text_of(T const& tensor) {
  std::ostringstream text;
  text << tensor;
  return text.str();
}
/// With the lines after the first moved by `spaces`.
std::string indented(std::string text, int spaces) {
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; ++at) text.insert(at + 1, static_cast<std::size_t>(spaces), ' ');
  return text;
}
/// As NumPy shows it, whose word is one letter shorter.
std::string as_array(std::string text) {
  for (std::size_t at = 0; (at = text.find("\n ", at)) != std::string::npos; ++at) text.erase(at + 1, 1);
  return "array" + text.substr(std::string("tensor").size());
}
/// As PyTorch 0.4 shows it, which the notebook's last cells are from: with a column for the sign.
std::string with_sign(std::string text) {
  std::size_t const first = text.find('[') + 1;
  if (text[first] != '-') text.insert(first, 1, ' ');
  return text;
}
template <std::size_t Rank>
std::string size_of(std::array<std::int64_t, Rank> const& shape) {
  std::string text = "torch.Size([";
  for (std::size_t i = 0; i < Rank; ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "])";
}

void arrays_share_memory() {
  // What NumPy holds is memory with a shape; so is a view.
  std::int64_t a[2][3] = {{1, 0, 1}, {2, 1, 1}};
  ct::view<std::int64_t, 2> const b(&a[0][0], {2, 3});
  cell(2, "a = np.array([[1, 0, 1], [2, 1, 1]])\nb = torch.from_numpy(a)\na, b") << '(' << indented(as_array(text_of(b)), 1) << ", " << indented(text_of(b), 1) << ")\n\n";

  // The columns of a data frame lie one behind the other.
  std::int64_t df[2][3] = {{0, 1, 2}, {2, 3, 4}};
  ct::view<std::int64_t, 2> const df_torch = ct::view<std::int64_t, 2>(&df[0][0], {2, 3}).t();
  cell(3, "df = pd.DataFrame({\"a\": [0, 1, 2], \"b\": [2, 3, 4]})\ndf_torch = torch.from_numpy(df.values)\ndf_torch") << df_torch << "\n\n";

  next("### They share memory\n\n");
  a[0][0] = 666;
  cell(4, "a[0, 0] = 666\nb") << b << "\n\n";
  df_torch(0, 0) = 666;
  cell(5, "df_torch[0, 0] = 666\ndf") << "Unnamed: 0,a,b\n";
  for (int row = 0; row < 3; ++row) next() << row << ',' << df[0][row] << ',' << df[1][row] << '\n';
  next("\n\n");

  next("## Other ways\n\n");
  ct::array<std::int64_t, 2> const c{{0, 1, 0}, {1, 1, 1}};
  cell(6, "c = torch.tensor([[0, 1, 0], [1, 1, 1]])\nc") << c << "\n\n";
  cell(7, "d = torch.ones(size=[2, 3])\nd") << ct::ones<float>(2, 3) << "\n\n";
  cell(8, "e = torch.eye(n=3)\ne") << ct::eye<float>(3) << "\n\n";

  next("## Operations\n\n");
  b(0, 0) = 1;
  cell(9, "b[0, 0] = 1\nprint(b)\nprint(c)") << b << '\n' << c << "\n\n\n";
  next("### sum\n\n");
  cell(10, "b + c") << b + c << "\n\n";
  cell(11, "b.sum()") << ct::sum(b) << "\n\n";
  cell(12, "b.sum(dim=1)") << ct::sum(b, 1_c) << "\n\n";
  next("### scalar muliplication\n\n");
  cell(13, "2 * b") << 2 * b << "\n\n";
  next("### pointwise multiplication\n\n");
  cell(14, "b * c") << b * c << "\n\n";
  next("### dot product\n\n");
  cell(15, "print(b[1])\nprint(c[1])") << b[1] << '\n' << c[1] << "\n\n\n";
  cell(16, "torch.dot(b[1], c[1])") << ct::dot(b[1], c[1]) << "\n\n";
  next("### transpose\n\n");
  cell(17, "c.t()") << c.t() << "\n\n";
  next("### Matrix multiplication\n\n");
  cell(18, "torch.matmul(b, c.t())") << ct::matmul(b, c.t()) << "\n\n";
  cell(31, "c.t().unsqueeze(0).shape") << size_of(c.t().unsqueeze(0).shape()) << "\n\n";
  next("### unsqueeze\n\n");
  cell(37, "b.unsqueeze(1)") << b.unsqueeze(1) << "\n\n";
  cell(35, "c.t().unsqueeze(0)") << c.t().unsqueeze(0) << "\n\n";
  cell(43, "torch.matmul(b, c.t().unsqueeze(0)).shape") << size_of(ct::matmul(b, c.t().unsqueeze(0)).shape()) << "\n\n";
}

void autograd() {
  next("## How autograd works\n\n");
  auto params = ct::parameters(x1 = ct::array<float, 1>{0.1f, 0.2f}, x2 = ct::array<float, 1>{0.1f, 0.1f});
  backward(params);
  cell(29, "x1 = torch.tensor([0.1, 0.2], requires_grad=True)\nx2 = torch.tensor([0.1, 0.1], requires_grad=True)\ny = 3 * x1 + x2 + 1\noutput = y.mean()\noutput.backward()\n"
           "print(x1.grad, x2.grad)")
      << params[x1].grad << ' ' << params[x2].grad << "\n\n\n";
  next("The method `backward` calculates gradients. __It does not put them to zero!__ But there is a convinient method for that.\n\n");
  backward(params);
  cell(30, "y = 3 * x1 + x2 + 1\noutput = y.mean()\noutput.backward()\nprint(x1.grad, x2.grad)") << params[x1].grad << ' ' << params[x2].grad << "\n\n\n";
  params.zero_grad();

  next("## Let's check if derivative are calculated correctly\n\nWe start with $x = 2$.\n\n$y = f(x) = x^2 - 3$, $f(2) = 2^2 - 3 = 1$.\n\n"
       "$z = g(y) = y^3 - 2y$, $g(f(2)) = g(1) = 1^3 - 2\\cdot 1 = -1$\n\n");
  ct::array<float, 1> const two{2};
  auto const [f_value, z_value, gradient] = ct::compile(f, z, ct::grad(total, x))(x = two);
  cell(8, "x = torch.tensor([2.0], requires_grad=True)\nprint(\"x = \", x)\ny = x**2 - 3\nprint(\"y = \", y)\nz = y**3 - 2*y\nprint(\"z = \", z)\n")
      << "x =  " << with_sign(text_of(two)) << "\ny =  " << with_sign(text_of(f_value)) << "\nz =  " << with_sign(text_of(z_value)) << "\n\n\n\n";
  next("#### Chain rule\n$(g(f(x))' = g'(f(x))\\cdot f'(x)$\n\n#### Derivaties\n$f'(x) = 2x$, $f'(2) = 2\\cdot 2 = 4$\n\n$g'(y) = 3y^2 - 2$, $g'(f(2)) = g'(1) = 3 - 2 = 1$\n\n"
       "$(g(f(2))'=g'(f(2))\\cdot f(2)) = 4 \\cdot 1 = 4$\n\n");
  cell(9, "z.backward()\nx.grad") << with_sign(text_of(gradient)) << '\n';
}

/// Whether the page is the notebook's, to the character; says where it is not.
bool is_the_notebook(char const* path) {
  std::ifstream file(path);
  std::istringstream here(page.str());
  std::string expected, seen;
  for (int line = 1;; ++line) {
    bool const more = static_cast<bool>(std::getline(file, expected)), mine = static_cast<bool>(std::getline(here, seen));
    if (!more && !mine) return true;
    if (more == mine && expected == seen) continue;
    std::cout << "line " << line << " differs from the notebook's\n  here      " << (mine ? seen : "the end") << "\n  notebook  " << (more ? expected : "the end") << '\n';
    return false;
  }
}

}  // namespace

int main() {
  arrays_share_memory();
  autograd();
  std::cout << page.str() << '\n';
  std::cout << "And, from the compiler: dy/dx = " << ct::to_string(ct::grad(fs, s)) << ", dz/dx = " << ct::to_string(ct::grad(zs, s)) << '\n';
  bool const same = is_the_notebook(CTGRAD_EXAMPLES "/../tests/golden/notebook.txt");
  std::cout << (same ? "All of it is the notebook's, to the character.\n" : "It is not the notebook.\n");
  return same ? EXIT_SUCCESS : EXIT_FAILURE;
}
