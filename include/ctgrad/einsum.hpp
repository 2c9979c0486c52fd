// Einstein's summation: products of tensors, summed over the letters that the result lacks.
// One notation for matmul, batches of it, outer products, transposes, traces and sums; letters and extents are checked while compiling.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "functions.hpp"

#include <string_view>

namespace ctgrad {
namespace detail {

/// A tensor, and the letter of each of its axes.
struct lettered {
  value x{};
  char letters[max_rank]{};
  int rank = 0;

  constexpr int find(char letter) const {
    for (int i = 0; i < rank; ++i)
      if (letters[i] == letter) return i;
    return -1;
  }
  constexpr bool add(char letter) {
    if (rank == max_rank) return false;
    letters[rank++] = letter;
    return true;
  }
  constexpr void drop(int axis) {
    for (--rank; axis < rank; ++axis) letters[axis] = letters[axis + 1];
  }
};

/// Works out one einsum. After an error, which the builder of the operands keeps, results mean nothing.
class einsum_evaluator {
 public:
  constexpr einsum_evaluator(std::string_view subscripts, value const* operands, int operand_count) : text(subscripts), values(operands), count(operand_count), b(*operands[0].b) {}

  constexpr value run() {
    if (!read()) return values[0];
    lettered result = prepared(0);
    for (int k = 1; k < count && b.ok(); ++k) result = product(result, prepared(k), k);
    return b.ok() ? arranged(result) : values[0];
  }

 private:
  static constexpr int most_operands = 8;

  std::string_view text;
  value const* values;
  int count;
  builder& b;
  lettered terms[most_operands]{}, out{};

  /// Notes an error that begins with the subscripts.
  constexpr bool fail(message const& problem) const {
    b.fail(message() << "ctgrad: einsum of " << text << ": " << problem);
    return false;
  }
  static constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

  /// How many operands have the letter.
  constexpr int uses(char letter) const {
    int n = 0;
    for (int k = 0; k < count; ++k) n += terms[k].find(letter) >= 0;
    return n;
  }
  /// How often the letter stands before the arrow.
  constexpr int occurrences(char letter) const {
    int n = 0;
    for (int k = 0; k < count; ++k)
      for (int i = 0; i < terms[k].rank; ++i) n += terms[k].letters[i] == letter;
    return n;
  }

  constexpr bool read() {
    bool arrow = false;
    int named = 1;
    for (std::size_t i = 0; i < text.size(); ++i) {
      char const c = text[i];
      if (c == ' ') continue;
      if (c == '-' && i + 1 < text.size() && text[i + 1] == '>' && !arrow) {
        arrow = true, ++i;
      } else if (c == ',' && !arrow) {
        if (++named > most_operands) return fail(message() << "it names more than " << most_operands << " operands");
      } else if (!is_letter(c)) {
        return fail(message() << "the character " << c << " is no letter of an axis");
      } else if (!(arrow ? out : terms[named - 1]).add(c)) {
        return fail(message() << "a tensor has at most " << max_rank << " axes");
      }
    }
    if (named != count) return fail(message() << "it names " << named << (named == 1 ? " operand" : " operands") << ", and is given " << count);
    for (int k = 0; k < count; ++k) {
      terms[k].x = values[k];
      if (terms[k].rank != values[k].rank())
        return fail(message() << std::string_view(terms[k].letters, static_cast<std::size_t>(terms[k].rank)) << " names " << terms[k].rank << (terms[k].rank == 1 ? " axis" : " axes") << ", and "
                              << b.describe(values[k].id) << " has " << values[k].rank());
    }
    if (!arrow)
      for (char letter = 'A'; letter <= 'z'; ++letter)
        if (is_letter(letter) && occurrences(letter) == 1) out.add(letter);
    for (int i = 0; i < out.rank; ++i) {
      if (uses(out.letters[i]) == 0) return fail(message() << "no operand has the letter " << out.letters[i] << " of the result");
      if (out.find(out.letters[i]) < i) return fail(message() << "the result has the letter " << out.letters[i] << " twice");
    }
    return true;
  }

  /// Operand `k` with each letter once, and without those that nothing else has.
  constexpr lettered prepared(int k) {
    lettered t = terms[k];
    for (int i = 0; i < t.rank && b.ok(); ++i)
      for (int j = i + 1; j < t.rank && b.ok(); ++j)
        if (t.letters[j] == t.letters[i]) take_diagonal(t, i, j--);
    axis_mask lone = 0;
    for (int i = 0; i < t.rank; ++i)
      if (uses(t.letters[i]) == 1 && out.find(t.letters[i]) < 0) lone |= axis_mask{1} << i;
    return lone ? without(t, lone) : t;
  }
  static constexpr lettered without(lettered t, axis_mask axes) {
    t.x = reduce(op::sum, t.x, axes);
    for (int i = t.rank - 1; i >= 0; --i)
      if (axes >> i & 1) t.drop(i);
    return t;
  }
  /// Leaves axis `i` of the diagonal along axes `i` and `j`: a sum along `j` of what is not next to zero.
  constexpr void take_diagonal(lettered& t, int i, int j) {
    extent first = t.x.shape()[i];
    extent const second = t.x.shape()[j];
    if (!b.unify(first, second)) {
      fail(message() << "letter " << t.letters[i] << " stands for extents " << first << " and " << second << " of " << b.describe(t.x.id));
      return;
    }
    t.x = where(positions_along(t.x, i) == positions_along(t.x, j), t.x, 0);
    t = without(t, axis_mask{1} << j);
  }

  /// The product of two, summed over what neither the result nor an operand after number `k` has.
  constexpr lettered product(lettered left, lettered right, int k) {
    bool const last = k + 1 == count;
    // An axis of extent 1 that meets more in the other operand is repeated: a letter less.
    auto drop_repeated = [&](lettered& t, lettered const& other) {
      axis_mask repeated = 0;
      shape const has = t.x.shape(), meets = other.x.shape();
      for (int i = 0; i < t.rank; ++i)
        if (int const there = other.find(t.letters[i]); there >= 0 && has[i].is_one() && !meets[there].is_one()) repeated |= axis_mask{1} << i;
      if (!repeated) return;
      t.x = {&b, b.squeeze(t.x.id, repeated)};
      for (int i = t.rank - 1; i >= 0; --i)
        if (repeated >> i & 1) t.drop(i);
    };
    drop_repeated(left, right), drop_repeated(right, left);
    lettered result;
    auto is_kept = [&](char letter) {
      bool kept = out.find(letter) >= 0;
      for (int later = k + 1; later < count; ++later) kept = kept || terms[later].find(letter) >= 0;
      return kept;
    };
    bool fits = true;
    if (last)
      for (int i = 0; i < out.rank; ++i) fits = result.add(out.letters[i]) && fits;
    else
      for (lettered const* t : {&left, &right})
        for (int i = 0; i < t->rank; ++i)
          if (is_kept(t->letters[i]) && result.find(t->letters[i]) < 0) fits = result.add(t->letters[i]) && fits;
    if (!fits || left.rank > contraction::max_axes || right.rank > contraction::max_axes || result.rank > contraction::max_axes) {
      fail(message() << "a product has more than " << contraction::max_axes << " axes");
      return left;
    }
    // The labels of the left operand's letters are its axes; the right one's own follow.
    contraction labels;
    for (int i = 0; i < left.rank; ++i) labels.left[static_cast<std::size_t>(i)] = static_cast<std::int8_t>(i);
    int next = left.rank;
    for (int i = 0; i < right.rank; ++i) {
      int const there = left.find(right.letters[i]);
      labels.right[static_cast<std::size_t>(i)] = static_cast<std::int8_t>(there >= 0 ? there : next++);
    }
    for (int i = 0; i < result.rank; ++i) {
      int const in_left = left.find(result.letters[i]);
      labels.result[static_cast<std::size_t>(i)] = in_left >= 0 ? static_cast<std::int8_t>(in_left) : labels.right[static_cast<std::size_t>(right.find(result.letters[i]))];
    }
    result.x = {&b, b.contract(left.x.id, right.x.id, labels, "einsum")};
    return result;
  }

  /// The axes in the order of the result.
  constexpr value arranged(lettered const& t) const {
    std::array<int, max_rank> source{};
    for (int i = 0; i < out.rank; ++i) source[static_cast<std::size_t>(i)] = t.find(out.letters[i]);
    return {&b, b.permute(t.x.id, source)};
  }
};

template <class Subscripts>
struct einsum_function {
  template <class... Operands>
  static constexpr value trace(Operands... operands) {
    value const all[] = {operands...};
    return einsum_evaluator(name_of<Subscripts>, all, static_cast<int>(sizeof...(Operands))).run();
  }
};

}  // namespace detail

/// Einstein's summation, as in NumPy and PyTorch: `ct::einsum("bij,bjk->bik"_s, a, b)`.
/// Each operand's axes are named by letters; letters that the result lacks are summed over. Without an arrow, the result has the letters that stand once, in
/// their order. A letter twice in one operand takes the diagonal. Extents of one letter have to be equal, or 1, which is repeated. Operands are multiplied from
/// the left to the right; products of matrices, also in batches, go to BLAS. At most 8 operands; their products have at most 5 axes.
template <class Subscripts, class... Operands>
  requires(sizeof...(Operands) > 0)
constexpr auto einsum(Subscripts, Operands const&... operands) {
  static_assert(detail::name_of<Subscripts> != nullptr, "ctgrad: the subscripts of einsum are a literal with _s: ct::einsum(\"ij,jk->ik\"_s, a, b)");
  if constexpr (detail::name_of<Subscripts> == nullptr) return detail::no_expression{};
  else return detail::call_function<detail::einsum_function<Subscripts>>(operands...);
}

}  // namespace ctgrad
