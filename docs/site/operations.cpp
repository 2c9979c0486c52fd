// Writes the reference of operations, as Markdown: each row of the op table with its formula, derivative, dtypes and cost.
// Formulas are what the compiler prints, derivatives what it finds, so the page says what the code does.
//
// usage: operations < docs/pytorch.md > operations.md
// SPDX-License-Identifier: BSL-1.0
#include "../../compiler/latex.hpp"
#include "../../compiler/pipeline.hpp"

#include <algorithm>
#include <iostream>
#include <map>
#include <string>

using namespace ctgrad;
using namespace ctgrad::detail;

namespace {

constexpr char names[3][2] = {"x", "y", "z"};
constexpr char axis_name[] = "N";

/// An operation of symbols: its formula, and its derivatives, in LaTeX.
struct formula {
  builder b;
  value operands[3], result;
  explicit formula(op code) {
    op_info const& row = info(code);
    bool const whole = row.kind == op_kind::reduction;
    for (int i = 0; i < row.arity; ++i) {
      bool const condition = row.result == result_rule::selected && i == 0;
      dtype const type = condition ? dtype::bool_ : row.result == result_rule::word ? dtype::int64 : dtype::float64;
      operands[i] = {&b, b.symbol(names[i], type, whole ? shape{1, {extent(extent_name{axis_name})}} : shape{})};
    }
    if (whole) result = reduce(code, operands[0], 1);
    else result = {&b, b.map(code, operands[0].id, row.arity > 1 ? operands[1].id : node_id::none, row.arity > 2 ? operands[2].id : node_id::none)};
  }
  static std::string text_of(graph const& g) {
    message const printed = print_latex(g);
    std::string text(printed.view());
    std::replace(text.begin(), text.end(), '\n', ' ');
    return "$" + text + "$";
  }
  std::string text() const {
    graph g = b.g;
    g.outputs = {result.id};
    return text_of(g);
  }
  std::string derivative(int by) const {
    if (!is_floating(operands[by].type()) || !is_floating(result.type())) return "";
    builder asked = b;
    node_id const gradient = asked.gradient(result.id, operands[by].id);
    graph g = asked.g;
    g.outputs = {gradient};
    return text_of(simplify<&write_default_rules>(differentiate(simplify<&write_default_rules>(g))));
  }
};

std::string dtypes_of(op_info const& row) {
  switch (row.result) {
    case result_rule::promoted: return row.takes_bool ? "as the operands" : "as the operands, not bool";
    case result_rule::floating: return "floating; float32 for integers";
    case result_rule::boolean:
    case result_rule::logical: return "bool";
    case result_rule::selected: return "a bool condition, then as the operands";
    case result_rule::word: return "int32 of integers";
    case result_rule::attribute: return "as asked for";
  }
  return "";
}

/// The rows of docs/pytorch.md by function: largest differences from PyTorch.
std::map<std::string, std::string> read_differences(std::istream& page) {
  std::map<std::string, std::string> found;
  for (std::string line; std::getline(page, line);)
    if (auto const end = line.find(" |", 2); line.rfind("| ", 0) == 0 && end != std::string::npos) found[line.substr(2, end - 2)] = line.substr(end + 1);
  return found;
}

void write_row(op code, std::map<std::string, std::string> const& differences) {
  op_info const& row = info(code);
  formula f(code);
  std::cout << "\n## " << row.name << "\n" << f.text() << "\n\n";
  bool const whole = row.kind == op_kind::reduction;
  std::cout << "| | |\n|---|---|\n| shapes | "
            << (whole ? "any axes of any shape; they go, or stay with extent 1 (`ct::keepdim`)" : row.arity == 1 ? "any, and the result has it" : "any that broadcast, as in NumPy") << " |\n"
            << "| dtypes | " << (row.widens ? "as the operand; int64 for bool and int32" : dtypes_of(row)) << " |\n";
  std::cout << "| cost of an element | " << (row.cost == 1 ? "1 addition" : "about " + std::to_string(row.cost) + " additions") << (whole ? "; O(elements), in a fixed order" : "; O(1), fused into the loop of its neighbours") << " |\n";
  for (int i = 0; i < row.arity; ++i)
    if (std::string const derivative = f.derivative(i); !derivative.empty()) std::cout << "\nDerivative by " << names[i] << ": " << derivative << "\n";
  if (auto const found = differences.find(std::string(row.name == "power" ? "pow" : row.name)); found != differences.end())
    std::cout << "\nLargest difference from PyTorch:\n\n| value, float64 | value, float32 | gradient, float64 | gradient, float32 | second, float64 |\n|--:|--:|--:|--:|--:|\n" << found->second << "\n";
}

}  // namespace

int main() {
  auto const differences = read_differences(std::cin);
  std::cout << "# Operations\n\nEvery function is made of these. The page is written by docs/site/operations.cpp from the op table.\n";
  for (int i = 0; i < op_count; ++i)
    if (auto const code = static_cast<op>(i); (info(code).kind == op_kind::map && code != op::copy && code != op::cast && code != op::philox && code != op::detach) ||
                                              code == op::sum || code == op::prod || code == op::max || code == op::min)
      write_row(code, differences);
}
