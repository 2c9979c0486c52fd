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
  load,         ///< read `access`
  constant,     ///< the value of `node`
  extent,       ///< the number of elements of a shape: `node`
  position,     ///< the index of `loop`, as the dtype of `node`
  compute,      ///< the map `node` of `operands`
  initialize,   ///< the reduction `node` starts: in a register, or in `access`
  accumulate,   ///< operands[0] goes into the reduction `node`
  result,       ///< the reduction `node` is complete, in a register
  store,        ///< operands[0] to `access`
  product,      ///< the whole of the contraction `node`, by BLAS or its stand-in
};

/// Where an array's element is: the array, and which loop walks each of its axes (-1: none, the axis stays at 0).
struct access {
  std::int16_t buffer = -1;
  std::int8_t rank = 0;
  std::int8_t loops[max_rank]{-1, -1, -1, -1, -1, -1, -1, -1};

  friend constexpr bool operator==(access const& a, access const& b) {
    if (a.buffer != b.buffer || a.rank != b.rank) return false;
    for (int i = 0; i < a.rank; ++i)
      if (a.loops[i] != b.loops[i]) return false;
    return true;
  }
  /// The axis that `loop` walks, or -1.
  constexpr int axis_of(int loop) const {
    for (int i = 0; i < rank; ++i)
      if (loops[i] == loop) return i;
    return -1;
  }
};

struct instruction {
  action what = action::constant;
  dtype type = dtype::float32;
  std::int16_t loop = -1;             ///< begin_loop, end_loop, position
  std::int16_t access_number = -1;    ///< load, store, and reductions into memory
  node_id node = node_id::none;
  instruction_id operands[max_operands]{-1, -1, -1};
  instruction_id end = -1;            ///< begin_loop: its end_loop; accumulate, result: their initialize
};

/// One loop. Loops that walk the same axis class at different places are different loops.
struct loop {
  extent e;
  std::int16_t parent = -1;
  std::int16_t depth = 0;
  bool leaf = false;  ///< nothing but straight code inside: this loop is the vector loop
};

/// Whose memory: a temporary is a whole array of the workspace, a row is what one walk of the outer loops needs.
enum class buffer_kind : std::uint8_t { symbol, output, temporary, row };

/// An array: what the user bound, or memory of the workspace.
struct buffer {
  buffer_kind kind = buffer_kind::temporary;
  dtype type = dtype::float32;
  std::int16_t number = 0;  ///< of the symbol or output
  shape_id s = shape_id::scalar;
  node_id node = node_id::none;
};

struct schedule {
  std::vector<instruction> instructions;
  std::vector<loop> loops;
  std::vector<access> accesses;
  std::vector<buffer> buffers;
  std::vector<shape> shapes;  ///< of the graph, and of temporaries
};

struct schedule_size {
  int instructions = 0, loops = 0, accesses = 0, buffers = 0, shapes = 0;
};
constexpr schedule_size size_of(schedule const& s) {
  return {static_cast<int>(s.instructions.size()), static_cast<int>(s.loops.size()), static_cast<int>(s.accesses.size()), static_cast<int>(s.buffers.size()),
          static_cast<int>(s.shapes.size())};
}

/// A schedule that a constexpr variable can hold.
template <schedule_size const& Size>
struct frozen_schedule {
  std::array<instruction, Size.instructions> instructions{};
  std::array<loop, Size.loops> loops{};
  std::array<access, Size.accesses> accesses{};
  std::array<buffer, Size.buffers> buffers{};
  std::array<shape, Size.shapes> shapes{};

  constexpr explicit frozen_schedule(schedule const& s) {
    for (int i = 0; i < Size.instructions; ++i) instructions[i] = s.instructions[i];
    for (int i = 0; i < Size.loops; ++i) loops[i] = s.loops[i];
    for (int i = 0; i < Size.accesses; ++i) accesses[i] = s.accesses[i];
    for (int i = 0; i < Size.buffers; ++i) buffers[i] = s.buffers[i];
    for (int i = 0; i < Size.shapes; ++i) shapes[i] = s.shapes[i];
  }
};

}  // namespace ctgrad::detail
