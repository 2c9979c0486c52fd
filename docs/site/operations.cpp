// Writes the reference of operations, as Markdown: each row of the op table with its formula, derivative, shapes, dtypes and cost.
// Formulas are what the compiler prints, derivatives what it finds, dtypes what it takes, so the page says what the code does.
//
// usage: operations < docs/pytorch.md > operations.md
// SPDX-License-Identifier: BSL-1.0
#include "../../compiler/latex.hpp"
#include "../../compiler/pipeline.hpp"
#include <ctgrad/convolution.hpp>
#include <ctgrad/einsum.hpp>
#include <ctgrad/indexing.hpp>
#include <ctgrad/linalg.hpp>
#include <ctgrad/sorting.hpp>

#include <algorithm>
#include <iostream>
#include <map>
#include <string>
#include <vector>

using namespace ctgrad;
using namespace ctgrad::detail;

namespace {

constexpr char names[3][2] = {"x", "y", "z"};
constexpr char axis_name[] = "N";

std::string text_of(graph const& g) {
  message const printed = print_latex(g);
  std::string text(printed.view());
  std::replace(text.begin(), text.end(), '\n', ' ');
  return "$" + text + "$";
}
/// What the default rules leave of the gradients in a graph.
graph differentiated(graph const& g) { return simplify<&write_default_rules>(differentiate(simplify<&write_default_rules>(g))); }

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
    return text_of(differentiated(g));
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

// Operations on whole arrays have attributes, axes and extents: they are shown by calls, as users write them.

constexpr char n_name[] = "N", k_name[] = "K", m_name[] = "M", b_name[] = "B", g_name[] = "g";
constexpr extent N{extent_name{n_name}}, K{extent_name{k_name}}, M{extent_name{m_name}}, B{extent_name{b_name}};

struct example {
  char const* title;
  char const* call;
  value (*make)(value const& x, value const& y, value const& z);
  shape shapes[3];      ///< of x, y, z
  bool places = false;  ///< y holds places
  int arity = 1;
};
#define CTGRAD_EXAMPLE(...) #__VA_ARGS__
#define CTGRAD_CALL(...) CTGRAD_EXAMPLE(__VA_ARGS__), [](value const& x, value const& y, value const& z) -> value { return static_cast<void>(x), static_cast<void>(y), static_cast<void>(z), __VA_ARGS__; }
using boost::hana::at_c;
using namespace ctgrad::literals;
namespace ct = ctgrad;

shape of(std::initializer_list<extent> extents) {
  shape s;
  for (extent const& e : extents) s.push_back(e);
  return s;
}
std::vector<example> examples() {
  return {
      {"matmul", CTGRAD_CALL(ct::matmul(x, y)), {of({N, K}), of({K, M})}, false, 2},
      {"matmul of batches", CTGRAD_CALL(ct::matmul(x, y)), {of({B, N, K}), of({B, K, M})}, false, 2},
      {"dot", CTGRAD_CALL(ct::dot(x, y)), {of({N}), of({N})}, false, 2},
      {"outer", CTGRAD_CALL(ct::outer(x, y)), {of({N}), of({M})}, false, 2},
      {"einsum", CTGRAD_CALL(ct::einsum("bik,bjk->bij"_s, x, y)), {of({B, N, K}), of({B, M, K})}, false, 2},
      {"argsort", CTGRAD_CALL(ct::argsort(x)), {of({B, N})}},
      {"sort", CTGRAD_CALL(at_c<0>(ct::sort(x))), {of({B, N})}},
      {"topk", CTGRAD_CALL(at_c<0>(ct::topk(x, 5_c))), {of({B, 50})}},
      {"cumsum", CTGRAD_CALL(ct::cumsum(x, -1_c)), {of({B, N})}},
      {"cumprod", CTGRAD_CALL(ct::cumprod(x, -1_c)), {of({B, N})}},
      {"cholesky", CTGRAD_CALL(ct::cholesky(x)), {of({B, N, N})}},
      {"triangular_solve", CTGRAD_CALL(ct::triangular_solve(x, y)), {of({B, N, N}), of({B, N, K})}, false, 2},
      {"solve", CTGRAD_CALL(ct::solve(x, y)), {of({B, N, N}), of({B, N, K})}, false, 2},
      {"inv", CTGRAD_CALL(ct::inv(x)), {of({B, N, N})}},
      {"det", CTGRAD_CALL(ct::det(x)), {of({B, N, N})}},
      {"logdet", CTGRAD_CALL(ct::logdet(x)), {of({B, N, N})}},
      {"broadcast_to", CTGRAD_CALL(ct::broadcast_to(x, 7_c, 3_c)), {of({3})}},
      {"permute", CTGRAD_CALL(ct::permute(x, 2_c, 0_c, 1_c)), {of({B, N, K})}},
      {"squeeze", CTGRAD_CALL(ct::squeeze(x, 1_c)), {of({N, 1})}},
      {"slice", CTGRAD_CALL(ct::slice(x, 0_c, 2_c, 8_c, 2_c)), {of({10, N})}},
      {"reshape", CTGRAD_CALL(ct::reshape(x, 4_c, -1_c)), {of({8, N})}},
      {"concat", CTGRAD_CALL(ct::concat(0_c, x, y)), {of({N, K}), of({M, K})}, false, 2},
      {"unfold", CTGRAD_CALL(ct::unfold(x, 1_c, 3_c, 1_c)), {of({B, N})}},
      {"gather", CTGRAD_CALL(ct::gather(x, 1_c, y)), {of({N, K}), of({N, M})}, true, 2},
      {"scatter_add", CTGRAD_CALL(ct::scatter_add(x, 0_c, y, z)), {of({N}), of({M}), of({M})}, true, 3},
  };
}

/// A call of symbols of one dtype.
struct called {
  builder b;
  value operands[3], result;
  called(example const& e, dtype type) {
    for (int i = 0; i < 3; ++i) operands[i] = {&b, b.symbol(names[i], i == 1 && e.places ? dtype::int64 : type, e.shapes[i])};
    result = e.make(operands[0], operands[1], operands[2]);
  }
  std::string text() const {
    graph g = b.g;
    g.outputs = {result.id};
    return text_of(g);
  }
  /// From g, the gradient of the result.
  std::string gradient(int by, bool* shown) {
    if (!is_floating(operands[by].type()) || !is_floating(result.type())) return "";
    value const g{&b, b.symbol(g_name, result.type(), result.shape())}, total = reduce(op::sum, result * g, (axis_mask{1} << result.rank()) - 1);
    node_id const gradient = b.gradient(total.id, operands[by].id);
    graph asked = b.g;
    asked.outputs = {gradient};
    graph const found = differentiated(asked);
    for (node const& n : found.nodes) shown[static_cast<int>(n.code)] = true;
    return text_of(found);
  }
};

template <class T>
std::string written(T const& x) {
  message m;
  m << x;
  return std::string(m.view());
}
bool is_shown_by_a_call(op code) {
  op_kind const kind = info(code).kind;
  return takes_arrays(kind) || kind == op_kind::movement || kind == op_kind::view || kind == op_kind::lookup || kind == op_kind::assembly || code == op::scatter;
}
/// The multiplications of a product: the extents of all its labels.
std::string multiplications(graph const& g, node const& n) {
  auto const labels = contraction::unpack(n.attribute);
  std::string all;
  for (int label = 0; label < contraction::max_labels; ++label)
    for (int side = 0; side < 2; ++side)
      if (int const axis = contraction::axis_of(side ? labels.right : labels.left, label); axis >= 0 && (side == 0 || contraction::axis_of(labels.left, label) < 0))
        all += (all.empty() ? "" : " ") + written(g.shape_of(n.operands[side])[axis]);
  return all;
}

/// Writes an example, and notes which rows it is made of.
void write_call(example const& e, bool* shown) {
  called c(e, dtype::float64);
  std::cout << "\n## " << e.title << "\n`" << e.call << "`\n\n" << c.text() << "\n\n| | |\n|---|---|\n| shapes | ";
  for (int i = 0; i < e.arity; ++i) std::cout << (i ? ", " : "") << names[i] << written(e.shapes[i]);
  std::cout << " → " << written(c.result.shape()) << " |\n| dtypes | ";
  std::string refused;
  bool first = true;
  for (dtype type : {dtype::bool_, dtype::int32, dtype::int64, dtype::float32, dtype::float64}) {
    called const other(e, type);
    if (other.b.ok()) std::cout << (first ? "" : ", ") << to_string(type) << " → " << to_string(other.result.type()), first = false;
    else refused += (refused.empty() ? "; not " : ", ") + std::string(to_string(type));
  }
  std::cout << refused << " |\n";
  graph used = c.b.g;
  used.outputs = {c.result.id};
  used = simplify<&write_default_rules>(used);
  std::vector<node> rows;
  for (node const& n : used.nodes) {
    shown[static_cast<int>(n.code)] = true;
    if (is_shown_by_a_call(n.code) && std::none_of(rows.begin(), rows.end(), [&](node const& other) { return other.code == n.code; })) rows.push_back(n);
  }
  if (std::any_of(rows.begin(), rows.end(), [](node const& n) { return info(n.code).kind != op_kind::movement; }))
    std::erase_if(rows, [](node const& n) { return info(n.code).kind == op_kind::movement; });
  for (node const& n : rows) {
    op_info const& row = info(n.code);
    std::cout << "| " << row.name << " | ";
    if (row.kind == op_kind::product) std::cout << multiplications(used, n) << " multiplications and additions, by BLAS";
    else if (row.kind == op_kind::library) {
      std::cout << "one call for each place along the axes before the last " << (row.whole == 1 ? "one" : "two") << "; about " << row.cost << " additions an element";
      char const* before = "; options ";
      for (auto flag : row.flags)
        if (!flag.empty()) std::cout << before << flag, before = ", ";
    } else std::cout << (row.cost ? "about " + std::to_string(row.cost) + " additions an element, in the loop of its neighbours" : std::string("other addresses; no work of its own"));
    std::cout << " |\n";
  }
  for (int i = 0; i < e.arity; ++i)
    if (std::string const gradient = c.gradient(i, shown); !gradient.empty()) std::cout << "\nGradient by " << names[i] << ", where that of the result is $g$: " << gradient << "\n";
}

}  // namespace

int main() {
  auto const differences = read_differences(std::cin);
  std::cout << "# Operations\n\nEvery function is made of these. The page is written by docs/site/operations.cpp from the op table.\n";
  for (int i = 0; i < op_count; ++i)
    if (auto const code = static_cast<op>(i); (info(code).kind == op_kind::map && code != op::copy && code != op::cast && code != op::philox && code != op::detach && !info(code).by_rules) ||
                                              code == op::sum || code == op::prod || code == op::max || code == op::min)
      write_row(code, differences);
  bool shown[op_count]{};
  for (example const& e : examples()) write_call(e, shown);
  for (int i = 0; i < op_count; ++i)
    if (is_shown_by_a_call(static_cast<op>(i)) && !shown[i]) {
      std::cerr << "docs/site/operations.cpp: the row " << info(static_cast<op>(i)).name << " is in no example\n";
      return 1;
    }
}
