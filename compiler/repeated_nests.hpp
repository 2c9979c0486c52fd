// Finds nests that differ only in the arrays and numbers that they work on: layers of a network, steps of a recurrence.
// They are compiled once, and run on the arrays of each.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "ops.hpp"
#include "schedule.hpp"

#include <array>
#include <bit>
#include <utility>

namespace ctgrad::detail {

/// A nest by itself. Instructions, loops, accesses and buffers are numbered as it names them, so that nests that do the same are equal.
struct nest_piece {
  schedule s{};                     ///< without shapes, which stay the program's; first the numbers from outside, then the nest
  list<std::int16_t> buffers{};     ///< of the program, by the piece's
  list<instruction_id> numbers{};   ///< of the program: what stands before the nest
};

template <class Graph, class Schedule>
class nest_cutter {
 public:
  constexpr nest_cutter(Graph const& of, Schedule const& from, instruction_id begin_loop)
      : g(of),
        s(from),
        begin(begin_loop),
        end(from.instructions[begin_loop].end),
        access_places(s.accesses.size(), 0),
        buffer_places(s.buffers.size(), 0),
        number_places(static_cast<std::size_t>(begin) + 1, 0) {}

  // (Raw pointers, and calls only where something is new: each is a step of the compilers' limits.)
  constexpr nest_piece run() {
    instruction const* const instructions = s.instructions.data();
    std::int32_t* const places = number_places.data();
    for (instruction_id at = begin; at <= end; ++at) {
      instruction const& i = instructions[at];
      for (instruction_id const* operand = i.operands; operand != i.operands + max_operands; ++operand)
        if (*operand >= 0 && *operand < begin && !places[*operand]) note_number(*operand);
      if (i.end >= 0 && i.end < begin && !places[i.end]) note_number(i.end);
    }
    instruction_id const shift = static_cast<instruction_id>(p.numbers.size()) - begin;
    p.s.instructions.reserve(p.numbers.size() + static_cast<std::size_t>(end - begin) + 1);
    for (instruction_id number : p.numbers) {
      instruction outside = instructions[number];
      outside.loop = -1, outside.end = -1;
      outside.access_number = static_cast<std::int16_t>(outside.what == action::initialize && outside.access_number >= 0 ? 0 : -1);  // an array that starts has no number
      for (auto& operand : outside.operands) operand = -1;
      p.s.instructions.push_back(outside);
    }
    int const first_loop = instructions[begin].loop;
    for (instruction_id at = begin; at <= end; ++at) {
      instruction i = instructions[at];
      for (instruction_id* operand = i.operands; operand != i.operands + max_operands; ++operand) *operand = *operand < 0 ? -1 : *operand < begin ? places[*operand] - 1 : *operand + shift;
      // In one order: where the operands stand in a graph says nothing of what is computed.
      if (i.what == action::compute && i.operands[0] > i.operands[1] && info(g.nodes[static_cast<std::size_t>(index(i.node))].code).commutative) std::swap(i.operands[0], i.operands[1]);
      i.end = i.end < 0 ? -1 : i.end < begin ? places[i.end] - 1 : i.end + shift;
      if (i.loop >= 0) i.loop = static_cast<std::int16_t>(i.loop - first_loop);
      if (i.what == action::begin_loop) {
        loop l = s.loops[i.loop + first_loop];
        if (l.parent >= 0) l.parent = static_cast<std::int16_t>(l.parent - first_loop);
        p.s.loops.push_back(l);
      }
      if (i.access_number >= 0) i.access_number = access_places[i.access_number] ? static_cast<std::int16_t>(access_places[i.access_number] - 1) : note_access(i.access_number, first_loop);
      p.s.instructions.push_back(i);
    }
    return static_cast<nest_piece&&>(p);
  }

 private:
  Graph const& g;
  Schedule const& s;
  instruction_id begin, end;
  list<std::int32_t> access_places, buffer_places, number_places;  // in the piece, and one more: 0 is none
  nest_piece p{};

  constexpr void note_number(instruction_id id) {
    p.numbers.push_back(id);
    number_places[id] = static_cast<std::int32_t>(p.numbers.size());
  }
  constexpr std::int16_t note_access(int number, int first_loop) {
    access a = s.accesses[number];
    a.buffer = buffer_place(a.buffer);
    for (int axis = 0; axis < a.rank; ++axis)
      if (a.loops[axis] >= 0) a.loops[axis] = static_cast<std::int16_t>(a.loops[axis] - first_loop);
    p.s.accesses.push_back(a);
    access_places[number] = static_cast<std::int32_t>(p.s.accesses.size());
    return static_cast<std::int16_t>(p.s.accesses.size() - 1);
  }
  /// Of an array of which the nest does not know whose it is, only what it may do with it.
  constexpr std::int16_t buffer_place(int number) {
    if (buffer_places[number]) return static_cast<std::int16_t>(buffer_places[number] - 1);
    buffer b = s.buffers[number];
    b.node = node_id::none, b.why = keep_reason::none, b.part = 0;
    if (b.kind == buffer_kind::view) {
      b.number = buffer_place(b.number);
    } else {
      bool const added = b.kind == buffer_kind::output && b.number >= g.accumulate_from;
      b.number = static_cast<std::int16_t>(added ? g.accumulate_from : 0);
      if (!added && b.kind != buffer_kind::row) b.kind = buffer_kind::temporary;
    }
    p.buffers.push_back(static_cast<std::int16_t>(number));
    p.s.buffers.push_back(b);
    buffer_places[number] = static_cast<std::int32_t>(p.buffers.size());
    return static_cast<std::int16_t>(buffer_places[number] - 1);
  }
};

/// Whether two pieces are the same code.
template <class Graph>
constexpr bool are_equal(Graph const& g, nest_piece const& a, nest_piece const& b) {
  if (a.s.instructions.size() != b.s.instructions.size() || a.s.loops.size() != b.s.loops.size() || a.numbers.size() != b.numbers.size() || !(a.s.accesses == b.s.accesses) ||
      a.s.buffers.size() != b.s.buffers.size())
    return false;
  for (std::size_t k = 0; k < a.s.loops.size(); ++k)
    if (!(a.s.loops[k].e == b.s.loops[k].e)) return false;
  for (std::size_t k = 0; k < a.s.buffers.size(); ++k) {
    buffer const &x = a.s.buffers[k], &y = b.s.buffers[k];
    if (x.kind != y.kind || x.type != y.type || x.number != y.number || x.s != y.s) return false;
  }
  static_assert(max_operands == 3);
  instruction const *const xs = a.s.instructions.data(), *const ys = b.s.instructions.data();
  for (int k = 0, count = static_cast<int>(a.s.instructions.size()), numbers = static_cast<int>(a.numbers.size()); k < count; ++k) {
    instruction const &x = xs[k], &y = ys[k];
    if (x.what != y.what || x.type != y.type || x.loop != y.loop || x.access_number != y.access_number || x.end != y.end || x.operands[0] != y.operands[0] || x.operands[1] != y.operands[1] ||
        x.operands[2] != y.operands[2])
      return false;
    bool const outside = k < numbers;
    if (x.what == action::load || x.what == action::store || x.what == action::begin_loop || x.what == action::end_loop) continue;
    if (outside && x.what != action::constant && x.what != action::initialize) continue;
    node const &m = g.nodes[static_cast<std::size_t>(index(x.node))], &n = g.nodes[static_cast<std::size_t>(index(y.node))];
    bool const number = x.what == action::constant || x.what == action::extent;  // what else an attribute says is in the loops and accesses
    if (m.code != n.code || m.type != n.type || (number && m.attribute != n.attribute)) return false;
  }
  return true;
}

/// An outermost loop, and the nest whose code it is.
struct nest_entry {
  instruction_id begin = -1, like = -1;      ///< like: the first that is equal; -1: no other is
  std::int32_t buffers = 0, numbers = 0;     ///< where its arrays and numbers begin in the lists, in the order of the piece
};
struct nest_table {
  list<nest_entry> nests;
  list<std::int16_t> buffers;
  list<instruction_id> numbers;
};

/// A table that a constexpr variable can hold.
struct nest_table_size {
  int nests = 0, buffers = 0, numbers = 0;
};
constexpr nest_table_size size_of(nest_table const& t) { return {static_cast<int>(t.nests.size()), static_cast<int>(t.buffers.size()), static_cast<int>(t.numbers.size())}; }
template <int Nests, int Buffers, int Numbers>
struct frozen_nest_table {
  std::array<nest_entry, Nests> nests{};
  std::array<std::int16_t, Buffers> buffers{};
  std::array<instruction_id, Numbers> numbers{};

  constexpr explicit frozen_nest_table(nest_table const& t) {
    for (int i = 0; i < Nests; ++i) nests[i] = t.nests[i];
    for (int i = 0; i < Buffers; ++i) buffers[i] = t.buffers[i];
    for (int i = 0; i < Numbers; ++i) numbers[i] = t.numbers[i];
  }
};

/// Which nests of a program are equal.
template <class Graph, class Schedule>
constexpr nest_table find_repeated_nests(Graph const& g, Schedule const& s) {
  nest_table t;
  list<std::uint32_t> signatures;
  int const length = static_cast<int>(s.instructions.size());
  instruction const* const instructions = s.instructions.data();
  for (int at = 0; at < length; ++at) {
    instruction const& first = instructions[at];
    if (first.what != action::begin_loop) continue;
    std::uint32_t signature = 0;
    for (int k = at; k < first.end; ++k) {
      instruction const& i = instructions[k];
      std::uint32_t const code = i.what == action::compute ? static_cast<std::uint32_t>(g.nodes[static_cast<std::size_t>(index(i.node))].code) : 0;
      signature = (signature ^ (static_cast<std::uint32_t>(i.what) + 16 * static_cast<std::uint32_t>(i.type) + 256 * code)) * 0x01000193u;
    }
    t.nests.push_back({at}), signatures.push_back(signature);
    at = first.end;
  }
  int const count = static_cast<int>(t.nests.size());
  list<nest_piece> pieces;
  list<std::int32_t> piece_of(t.nests.size(), 0);  // and one more
  // Nests of one signature, each after the one before it.
  list<std::int32_t> table(std::bit_ceil(2 * t.nests.size() + 1), 0), before(t.nests.size(), 0);
  std::uint32_t const mask = static_cast<std::uint32_t>(table.size()) - 1;
  auto cut = [&](int nest) {
    if (!piece_of[nest]) pieces.push_back(nest_cutter(g, s, t.nests[nest].begin).run()), piece_of[nest] = static_cast<std::int32_t>(pieces.size());
    return piece_of[nest] - 1;
  };
  for (int nest = 0; nest < count; ++nest) {
    std::uint32_t slot = (signatures[nest] ^ signatures[nest] >> 15) & mask;
    while (table[slot] && signatures[table[slot] - 1] != signatures[nest]) slot = (slot + 1) & mask;
    for (int other = table[slot] - 1; other >= 0; other = before[other] - 1)
      if (int const mine = cut(nest), theirs = cut(other); are_equal(g, pieces[theirs], pieces[mine])) {
        t.nests[nest].like = t.nests[other].like = t.nests[other].begin;
        break;
      }
    if (t.nests[nest].like < 0) before[nest] = table[slot], table[slot] = nest + 1;
  }
  for (int nest = 0; nest < count; ++nest) {
    nest_entry& n = t.nests[nest];
    if (n.like < 0) continue;
    n.buffers = static_cast<std::int32_t>(t.buffers.size()), n.numbers = static_cast<std::int32_t>(t.numbers.size());
    nest_piece const& p = pieces[piece_of[nest] - 1];
    t.buffers.append(p.buffers.begin(), p.buffers.end()), t.numbers.append(p.numbers.begin(), p.numbers.end());
  }
  return t;
}

}  // namespace ctgrad::detail
