// The names of the operations, and what a row of the op table says about one.
// Kept apart from the rows so that a graph can be read without them.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <string_view>

namespace ctgrad::detail {

/// Every operation. What it means is in its row (ops.hpp), and nowhere else.
enum class op : std::uint8_t {
  // leaves
  symbol, constant, extent, iota,
  // movement: which element, not which value
  broadcast, permute, squeeze,
  // another shape or stride of an array
  slice, reshape, windows, skew,
  // an array whose parts are computed where they stand
  concat,
  // elements at places that are known when a program runs
  gather,
  // reductions over axes; scatter adds up what goes to one place
  sum, prod, max, min, scatter,
  // products summed over shared axes
  contract,
  // whole arrays in, whole arrays out, along the last axes
  argsort, cumsum, cumprod,
  cholesky, triangular_solve, lu, lu_solve, determinant,
  // a request to the differentiate pass
  gradient,
  // maps: one result element from one element of each operand
  copy, cast, detach,
  add, subtract, multiply, divide, negative, reciprocal,
  power, exp, expm1, log, log1p, log1p_unit, sqrt, rsqrt, cbrt,
  sin, cos, tan, asin, acos, atan, atan2, sinh, cosh, tanh,
  sigmoid, softplus, erf, erf_by_exp, relu, gelu, silu,
  abs, sign, floor, ceil, round, minimum, maximum, clamp, hypot, where,
  equal, not_equal, less, less_equal, greater, greater_equal,
  logical_and, logical_or, logical_xor, logical_not,
  isnan,
  philox,
  count_
};

inline constexpr int op_count = static_cast<int>(op::count_);

enum class op_kind : std::uint8_t {
  leaf,
  movement,   ///< one loop walks the result and the operand: axes come, go, and change places
  view,       ///< addresses the array of its operand in another way
  lookup,     ///< one element of its first operand, an array, at a place that the second names
  assembly,   ///< an array that its operands are computed into
  reduction,
  product,
  library,    ///< takes its operands whole along their last axes: one call for each place along the others
  request,
  map,
};

/// How the dtype of a map's result follows from its operands'.
enum class result_rule : std::uint8_t {
  promoted,   ///< the dtype in which the operands meet
  floating,   ///< the same, but float32 for integers and bool
  boolean,    ///< bool; the operands still meet in one dtype
  logical,    ///< bool, of operands that are taken as bool
  selected,   ///< `where`: bool first, then as promoted
  word,       ///< int32, of operands that are integers and are taken as int64
  attribute,  ///< given by the node (cast)
};

/// In which operands a map is linear.
enum class linearity : std::uint8_t {
  none,
  together,  ///< in all of them together: a + b
  each,      ///< in each, while the others are fixed: a * b
  first,     ///< in the first: a / b
};

/// What becomes of a map's sign with that of an operand.
enum class symmetry : std::uint8_t {
  none,
  odd,   ///< it turns with that of any one operand: a * b, sin(x)
  even,  ///< it stays: |x|, cos(x)
};

struct op_info {
  std::string_view name;            ///< as users write it
  op_kind kind = op_kind::map;
  int arity = 1;
  result_rule result = result_rule::promoted;
  int cost = 1;                     ///< of one element, in additions (measured roughly on AVX-512, float)
  int cost_again = -1;              ///< of computing it again rather than keeping it; -1: the same
  std::string_view infix{};         ///< where it is written between its operands
  int precedence = 10;              ///< of the infix or prefix form, for printing
  bool commutative = false;
  bool takes_bool = true;
  bool by_rules = false;            ///< is written by rules alone, for packs that compute it otherwise than numbers
  bool kept = false;                ///< stands for memory: is neither folded nor merged
  bool widens = false;              ///< a reduction of bool and int32 that gives int64
  bool scatters = false;            ///< a reduction whose result has an axis along which its second operand says where elements go
  bool additive = false;            ///< a reduction that may go on from what an array holds
  op pairwise = op::copy;           ///< a reduction: the map that puts two elements together; copy where there is none
  bool overlaps = false;            ///< a view in which an element may stand several times
  linearity linear = linearity::none;
  symmetry sign = symmetry::none;
  bool anticommutative = false;     ///< a - b is -(b - a)
  bool positional = false;          ///< a leaf whose elements depend on where they stand
  int whole = 0;                    ///< library: how many axes of each operand one call takes
  bool fresh = false;               ///< library: its result lies without gaps, in an array of its own
  std::string_view flags[3]{};      ///< library: what the bits of the attribute say
};

/// Whether the operands are arrays in memory, and the result is an array: instructions of their own, outside of all loops.
constexpr bool takes_arrays(op_kind kind) { return kind == op_kind::product || kind == op_kind::library; }

/// The row's facts about `code`.
constexpr op_info const& info(op code);

}  // namespace ctgrad::detail
