// What a reverse sweep adds up for each node.
// Parts of a value that are taken apart have gradients that are zero nearly everywhere: a sum of such arrays costs passes over memory, and side by side they cost nothing.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "ops.hpp"

namespace ctgrad::detail {

/// The adjoints of the nodes of a graph, by node. (A template as `reverse_sweep` is: nothing of it is made where no gradient is.)
template <class Needed>
class adjoints {
 public:
  constexpr explicit adjoints(std::size_t nodes) : sums(nodes), first_piece(nodes, -1) {}

  constexpr void add(int node, value part) {
    if (part.get().code == op::concat && put_beside(node, part)) return;
    value& sum = sums[node];
    sum = sum.b ? sum + part : part;
  }
  /// All that was added; without a builder where that is nothing. Nothing may be added later.
  constexpr value total(int node) {
    if (first_piece[node] >= 0) {
      value const together = joined_pieces(node);
      sums[node] = sums[node].b ? sums[node] + together : together, first_piece[node] = -1;
    }
    return sums[node];
  }

 private:
  /// Elements `first`, first + 1, … along an axis; the others are zeros.
  struct piece {
    int axis;
    shape_id whole;
    std::int64_t first, last;
    value what;
    std::int32_t next = -1;  ///< of the same node, by their places
  };
  list<value> sums;
  list<std::int32_t> first_piece;  // of each node; -1: there is none
  list<piece> pieces;

  /// Appends what is not zero in `x`, where it is put together along `axis` of parts whose extents are known; false where they are not.
  static constexpr bool take_apart(value x, int axis, std::int64_t first, piece const& like, list<piece>& found) {
    node const& n = x.get();
    extent const size = x.shape()[axis];
    if (!size.is_static()) return false;
    if (n.is_constant() && x.b->g[x.id].real() == 0) return true;
    if (n.code == op::concat && n.attribute == axis) {
      value const left{x.b, n.operands[0]}, right{x.b, n.operands[1]};
      extent const border = left.shape()[axis];
      return border.is_static() && take_apart(left, axis, first, like, found) && take_apart(right, axis, first + border.constant, like, found);
    }
    found.push_back(like);
    found.back().first = first, found.back().last = first + size.constant, found.back().what = x;
    return true;
  }
  /// Keeps `part`, a concat, in pieces, where it is put together with zeros, and each stands apart from the others of this node or just where one of them does.
  constexpr bool put_beside(int node, value part) {
    detail::node const& n = part.get();
    list<piece> found;
    if (!take_apart(part, static_cast<int>(n.attribute), 0, {static_cast<int>(n.attribute), n.shape, 0, 0, {}}, found) || found.empty()) return false;
    for (piece const& p : found)
      for (int k = first_piece[node]; k >= 0; k = pieces[k].next)
        if (piece const& other = pieces[k]; other.axis != p.axis || other.whole != p.whole || (p.first < other.last && other.first < p.last && (p.first != other.first || p.last != other.last))) return false;
    for (piece& p : found) {
      std::int32_t before = -1, at = first_piece[node];
      for (; at >= 0 && pieces[at].first < p.first; at = pieces[at].next) before = at;
      if (at >= 0 && pieces[at].first == p.first) {
        pieces[at].what = pieces[at].what + p.what;
        continue;
      }
      p.next = at;
      (before < 0 ? first_piece[node] : pieces[before].next) = static_cast<std::int32_t>(pieces.size());
      pieces.push_back(p);
    }
    return true;
  }
  constexpr value joined_pieces(int node) const {
    value all{};
    std::int64_t place = 0;
    auto append = [&](value next, int axis) { all = all.b ? joined(all, next, axis) : next; };
    piece const* last = nullptr;
    for (int k = first_piece[node]; k >= 0; k = pieces[k].next) {
      piece const& p = pieces[k];
      if (place < p.first) append(zeros_along(p.what, p.axis, p.first - place), p.axis);
      append(p.what, p.axis);
      place = p.last, last = &p;
    }
    extent const end = last->what.b->g[last->whole][last->axis];
    if (!(end == extent(place))) append(zeros_along(last->what, last->axis, end - extent(place)), last->axis);
    return all;
  }
};

}  // namespace ctgrad::detail
