// What a program does, as one flat list of instructions with loops: the result of fusion, the input of emission.
// `explain` prints it, `report` counts it, `emit` turns each entry into code.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "graph.hpp"

namespace ctgrad::detail {

/// The place of an instruction. Operands of an instruction are the places of the instructions that made them.
using instruction_id = std::int32_t;

enum class action : std::uint8_t {
  begin_loop,   ///< walk `loop`, up to the end_loop at `end`
  end_loop,
  load,         ///< read `access`, of whose looked_up axis operands[0] is the place
  constant,     ///< the value of `node`
  extent,       ///< the number of elements of a shape: `node`
  position,     ///< the index of `loop`, as the dtype of `node`
  compute,      ///< the map `node` of `operands`
  initialize,   ///< the reduction `node` starts: in a register, or in `access`
  accumulate,   ///< operands[0] goes into the reduction `node`, where its access has a looked_up axis at operands[1]
  result,       ///< the reduction `node` is complete, in a register
  store,        ///< operands[0] to `access`
  product,      ///< the whole of the contraction `node`, by BLAS or its stand-in
  call,         ///< the whole of the library operation `node`
};

/// Whether the operands of an instruction are accesses, of arrays that it reads whole.
constexpr bool reads_arrays(action what) { return what == action::product || what == action::call; }

/// Stands for a loop along an axis of an array at which a value says which element it is.
inline constexpr int looked_up = -2;

/// Where an array's element is: the array, and which loop walks each of its axes (-1: none, the axis stays at 0; looked_up).
struct access {
  std::int16_t buffer = -1;
  std::int8_t rank = 0;
  std::int16_t loops[max_rank]{-1, -1, -1, -1, -1, -1, -1, -1};

  friend constexpr bool operator==(access const& a, access const& b) {
    if (a.buffer != b.buffer || a.rank != b.rank) return false;
    for (int i = 0; i < a.rank; ++i)
      if (a.loops[i] != b.loops[i]) return false;
    return true;
  }
  /// The axis that `loop` walks, or that is looked_up; -1: none.
  constexpr int axis_of(int loop) const {
    for (int i = 0; i < rank; ++i)
      if (loops[i] == loop) return i;
    return -1;
  }
};

struct instruction {
  action what = action::constant;
  dtype type = dtype::float32;
  std::int16_t loop = -1;             ///< begin_loop, end_loop, position; of a product in a group, the label that is cut into tiles
  std::int16_t access_number = -1;    ///< load, store, and reductions into memory
  node_id node = node_id::none;
  instruction_id operands[max_operands]{-1, -1, -1};
  instruction_id end = -1;            ///< begin_loop: its end_loop; accumulate, result: their initialize
  std::int16_t group = -1;            ///< an outermost begin_loop, product: the group of those that go through tiles of an axis together

  /// The instruction that names the place along the looked_up axis of its access, or -1.
  constexpr instruction_id place() const { return what == action::load ? operands[0] : what == action::accumulate ? operands[1] : -1; }
};

/// One loop. Loops that walk the same axis class at different places are different loops.
struct loop {
  extent e;
  std::int16_t parent = -1;
  std::int16_t depth = 0;
  bool leaf = false;  ///< nothing but straight code inside: this loop is the vector loop
};

/// Whose memory: a temporary is a whole array of the workspace, a row is what one walk of the outer loops needs, a view is another buffer's.
enum class buffer_kind : std::uint8_t { symbol, output, temporary, row, view };

/// Why a value has an array of its own, and is not computed where it is read: each is an edge that fusion did not take.
enum class keep_reason : std::uint8_t {
  none,        ///< it is the user's
  product,     ///< the result of a product
  operand,     ///< what a product reads
  called,      ///< the result of a library operation
  argument,    ///< what a library operation reads
  two_ways,    ///< read along another axis than it is computed along
  extremum,    ///< a maximum is taken of it: a copy might differ by an ulp
  viewed,      ///< read in another shape, or in parts
  looked_up,   ///< read at places that are known when it runs
  assembled,   ///< put together of parts
  dear,        ///< several loops read it, and it costs more to compute again
  repeated,    ///< a loop that does not change it would compute it in each turn
  reduction,   ///< the elements of a reduction that later loops read
  sum_outside, ///< the elements of a reduction over a loop around them
};

/// In which order the axes of an array lie in memory, the outermost first; row-major where nothing else is said.
struct axis_order {
  std::uint32_t bits = 0;  ///< four for each place: its axis, where another than in row-major order

  static constexpr axis_order of(int const* axes, int rank) {
    axis_order order;
    for (int place = 0; place < rank; ++place) order.bits |= static_cast<std::uint32_t>(axes[place] ^ place) << 4 * place;
    return order;
  }
  constexpr int operator[](int place) const { return static_cast<int>(bits >> 4 * place & 15) ^ place; }
  constexpr int place_of(int axis) const {
    int place = 0;
    while ((*this)[place] != axis) ++place;
    return place;
  }
  friend constexpr bool operator==(axis_order a, axis_order b) { return a.bits == b.bits; }
};

/// An array: what the user bound, or memory of the workspace.
struct buffer {
  buffer_kind kind = buffer_kind::temporary;
  dtype type = dtype::float32;
  std::int16_t number = 0;  ///< of the symbol or output; of a view: the buffer that it is of
  shape_id s = shape_id::scalar;
  node_id node = node_id::none;  ///< what it holds; of a view: the view or the assembly
  keep_reason why = keep_reason::none;
  std::int8_t part = 0;          ///< of a view of an assembly: which of its operands
  axis_order order{};            ///< of a temporary
};

/// The buffer whose memory it is.
template <class Buffers>
constexpr int root_of(Buffers const& buffers, int number) {
  while (buffers[static_cast<std::size_t>(number)].kind == buffer_kind::view) number = buffers[static_cast<std::size_t>(number)].number;
  return number;
}

struct schedule {
  list<instruction> instructions;
  list<loop> loops;
  list<access> accesses;
  list<buffer> buffers;
  list<shape> shapes;  ///< of the graph, and of temporaries
};

struct schedule_size {
  int instructions = 0, loops = 0, accesses = 0, buffers = 0, shapes = 0;
};
constexpr schedule_size size_of(schedule const& s) {
  return {static_cast<int>(s.instructions.size()), static_cast<int>(s.loops.size()), static_cast<int>(s.accesses.size()), static_cast<int>(s.buffers.size()),
          static_cast<int>(s.shapes.size())};
}

/// A schedule that a constexpr variable can hold.
template <int Instructions, int Loops, int Accesses, int Buffers, int Shapes>
struct frozen_schedule {
  std::array<instruction, Instructions> instructions{};
  std::array<loop, Loops> loops{};
  std::array<access, Accesses> accesses{};
  std::array<buffer, Buffers> buffers{};
  std::array<shape, Shapes> shapes{};
  schedule_size size{};  ///< what the schedule has, where the arrays have room to spare
  bool fits = true;

  /// The first elements of the arrays of `s`, which may be a schedule or a frozen one.
  template <class Schedule>
  constexpr frozen_schedule(Schedule const& s, schedule_size has) : size(has) {
    auto copy = [](auto& to, auto const& from) {
      auto const* source = from.data();
      auto* target = to.data();
      for (int i = 0, count = static_cast<int>(std::min(to.size(), from.size())); i < count; ++i) target[i] = source[i];
    };
    copy(instructions, s.instructions), copy(loops, s.loops), copy(accesses, s.accesses), copy(buffers, s.buffers), copy(shapes, s.shapes);
    fits = has.instructions <= Instructions && has.loops <= Loops && has.accesses <= Accesses && has.buffers <= Buffers && has.shapes <= Shapes;
  }
  constexpr schedule thaw() const {
    schedule t;
    auto append = [](auto& to, auto const& from, int count) { to.append(from.data(), from.data() + count); };
    append(t.instructions, instructions, size.instructions), append(t.loops, loops, size.loops), append(t.accesses, accesses, size.accesses);
    append(t.buffers, buffers, size.buffers), append(t.shapes, shapes, size.shapes);
    return t;
  }
};
template <int Instructions, int Loops, int Accesses, int Buffers, int Shapes>
constexpr auto freeze_schedule(schedule const& s) {
  return frozen_schedule<Instructions, Loops, Accesses, Buffers, Shapes>(s, size_of(s));
}

}  // namespace ctgrad::detail
