// A schedule as readable pseudo-code.
// It is what a user reads to see why a program is fast, or is not.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "print.hpp"
#include "units.hpp"

namespace ctgrad::detail {

constexpr std::string_view to_string(keep_reason why) {
  constexpr std::string_view reasons[] = {"",
                                          "the result of a product",
                                          "a product reads it",
                                          "the result of a library operation",
                                          "a library operation reads it",
                                          "it is read along another axis than it is computed along",
                                          "a maximum is taken of it, and a copy might differ by an ulp",
                                          "it is read in another shape or in parts",
                                          "it is read at places that are known when it runs",
                                          "it is put together of parts",
                                          "several loops read it, and it is dear to compute again",
                                          "a loop that does not change it would compute it in each turn",
                                          "a reduction that later loops read",
                                          "a reduction over a loop around its elements"};
  return reasons[static_cast<std::size_t>(why)];
}

struct explainer {
  graph const& g;
  schedule const& s;
  list<unit> units = find_units(g, s);
  message out{};

  constexpr void name_buffer(int number) {
    buffer const& b = s.buffers[number];
    if (b.kind == buffer_kind::view) {
      node const& n = g[b.node];
      if (info(n.code).kind == op_kind::assembly) {
        name_buffer(b.number);
        out << ".part" << int{b.part};
        return;
      }
      out << info(n.code).name << '(';
      name_buffer(b.number);
      print_view(out, g, n);
      out << ')';
    } else if (b.kind == buffer_kind::symbol) out << g.symbols[b.number].view();
    else out << (b.kind == buffer_kind::output ? "output" : b.kind == buffer_kind::row ? "row" : "temporary") << (b.kind == buffer_kind::output ? int{b.number} : number - static_cast<int>(g.symbols.size() + g.outputs.size()));
  }
  constexpr void name_loop(int number) { out << "ijklmnpqrs"[number % 10] << (number >= 10 ? message() << number / 10 : message()); }
  constexpr void name_access(int number, instruction_id place = -1) {
    access const& a = s.accesses[number];
    name_buffer(a.buffer);
    if (a.rank == 0) return;
    out << '[';
    for (int i = 0; i < a.rank; ++i) {
      if (i) out << ", ";
      if (a.loops[i] == looked_up && place >= 0) formula(place, 1);
      else if (a.loops[i] < 0) out << (s.shapes[index(s.buffers[a.buffer].s)][i].is_one() ? '0' : ':');
      else name_loop(a.loops[i]);
    }
    out << ']';
  }
  /// The formula of an instruction, down to what was given a name.
  constexpr void formula(instruction_id id, int depth = 0) {
    instruction const& i = s.instructions[id];
    if (i.what == action::load) name_access(i.access_number, i.place());
    else if (i.what == action::constant) out << g[i.node].real();
    else if (i.what == action::extent) print_formula(out, g, i.node, depth ? 10 : 0);
    else if (i.what == action::position && i.loop < 0) out << '0';
    else if (i.what == action::position) name_loop(i.loop);
    else if (i.what == action::compute && (once[id] || depth == 0)) {
      op_info const& row = info(g[i.node].code);
      if (row.infix.empty() || row.arity != 2) {
        out << (row.infix.empty() ? row.name : row.infix) << '(';
        for (int k = 0; k < row.arity; ++k) (k ? out << ", " : out), formula(i.operands[k], depth + 1);
        out << ')';
      } else {
        if (depth) out << '(';
        formula(i.operands[0], depth + 1);
        out << row.infix;
        formula(i.operands[1], depth + 1);
        if (depth) out << ')';
      }
    } else out << 'v' << id;
  }
  list<char> once{};  // values that are used once, in the loop that computes them: they need no name

  constexpr void find_names() {
    list<int> uses(s.instructions.size(), 0), loop_of(s.instructions.size(), -1);
    once = list<char>(s.instructions.size(), 1);
    int open = -1;
    for (std::size_t at = 0; at < s.instructions.size(); ++at) {
      instruction const& i = s.instructions[at];
      if (i.what == action::begin_loop) open = i.loop;
      if (i.what == action::end_loop) open = s.loops[i.loop].parent;
      loop_of[at] = open;
      if (reads_arrays(i.what)) continue;
      for (auto operand : i.operands)
        if (operand >= 0) {
          if (++uses[operand] > 1 || loop_of[operand] != open) once[operand] = 0;
        }
    }
  }

  constexpr void name_arrays(list<int> const& buffers, bool after) {
    for (int b : buffers) {
      if (after) out << ", ";
      after = true;
      name_buffer(b);
      if (shape const& has = s.shapes[index(s.buffers[b].s)]; has.rank) out << has;
    }
  }
  /// What a unit reads and writes.
  constexpr void name_memory(unit const& u) {
    if (!u.reads.empty()) out << "reads ", name_arrays(u.reads, false), out << "; ";
    out << "writes ";
    name_arrays(u.writes, false);
    for (std::size_t k = 0; k < u.numbers.size(); ++k) out << (k || !u.writes.empty() ? ", r" : "r") << u.numbers[k];
  }
  /// What a unit reads, writes and costs.
  constexpr void begin(unit const& u) {
    out << "# ";
    print_name(out, u);
    if (u.parallel) out << ", parallel";
    if (int const group = s.instructions[u.first].group; group >= 0) out << ", of group " << group;
    if (u.stages > 1) out << ", " << u.stages << " stages a row";
    out << ": ";
    name_memory(u);
    out << "\n#   ";
    if (u.what != action::call) out << u.cost.flops << " flops, ";
    out << u.cost.bytes << " bytes\n";
  }
  /// Why what comes after a unit is not part of it.
  constexpr void end(std::size_t place) {
    unit const& u = units[place];
    std::int16_t const group = s.instructions[u.first].group;
    auto is_of_group = [&](unit const& other) { return group >= 0 && s.instructions[other.first].group == group; };
    for (unit_end const& e : u.ends) {
      if (is_of_group(units[e.reader])) {
        out << "# a tile of ", name_buffer(e.buffer), out << " goes on to ";
        print_name(out, units[e.reader]);
        out << " at once\n";
        continue;
      }
      out << "# ends: ";
      if (e.buffer >= 0) name_buffer(e.buffer);
      else out << 'r' << e.number;
      out << " has to be whole before ";
      print_name(out, units[e.reader]);
      if (e.buffer < 0) out << " (a reduction over all of the loop)";
      else if (s.buffers[e.buffer].why != keep_reason::none) out << " (" << to_string(s.buffers[e.buffer].why) << ')';
      out << '\n';
    }
    if (!u.ends.empty() || !u.is_nest() || place + 1 == units.size() || is_of_group(units[place + 1])) return;
    out << "# ends: no loop of it is one of ";
    print_name(out, units[place + 1]);
    out << '\n';
  }

  constexpr message run() {
    find_names();
    std::size_t next = 0;  // unit
    for (std::size_t at = 0; at < s.instructions.size(); ++at) {
      bool const in_unit = next < units.size() && static_cast<int>(at) == units[next].first;
      if (!in_unit) {
        lines(at, at + 1);
        continue;
      }
      begin(units[next]);
      lines(at, static_cast<std::size_t>(units[next].last));
      at = static_cast<std::size_t>(units[next].last) - 1;
      end(next++);
    }
    return out;
  }
  /// Instructions [first, last), a line for each that is not part of another's.
  constexpr void lines(std::size_t first, std::size_t last) {
    int depth = 0;
    for (std::size_t at = first; at < last; ++at) {
      instruction const& i = s.instructions[at];
      auto const id = static_cast<instruction_id>(at);
      if (i.what == action::end_loop) {
        --depth;
        continue;
      }
      bool const inlined = i.what == action::load || i.what == action::constant || i.what == action::extent || i.what == action::position ||
                           (i.what == action::compute && once[at]);
      if (inlined) continue;
      for (int k = 0; k < depth; ++k) out << "  ";
      if (i.what == action::begin_loop) {
        out << "for ";
        name_loop(i.loop);
        out << " in " << s.loops[i.loop].e << (s.loops[i.loop].leaf ? ", vectorised:\n" : ":\n");
        ++depth;
      } else if (i.what == action::compute) {
        out << 'v' << id << " = ";
        formula(id);
        out << '\n';
      } else if (i.what == action::initialize) {
        reduction_name(id);
        out << " = start of " << info(g[i.node].code).name << '\n';
      } else if (i.what == action::accumulate) {
        reduction_name(i.end, i.access_number, i.place());
        out << ' ' << info(g[i.node].code).name << "= ";
        formula(i.operands[0], 1);
        out << '\n';
      } else if (i.what == action::result) {
        out << 'v' << id << " = r" << i.end << '\n';
      } else if (i.what == action::store) {
        name_access(i.access_number);
        bool const added = s.buffers[s.accesses[i.access_number].buffer].kind == buffer_kind::output && s.buffers[s.accesses[i.access_number].buffer].number >= g.accumulate_from;
        out << (added ? " += " : " = ");
        formula(i.operands[0], 1);
        out << '\n';
      } else if (i.what == action::product) {
        name_buffer(s.accesses[i.access_number].buffer);
        out << " = ";
        product(i);
        out << ", by BLAS\n";
      } else if (i.what == action::call) {
        name_buffer(s.accesses[i.access_number].buffer);
        out << " = ";
        call(i);
        out << '\n';
      }
    }
  }
  /// `matmul(a, b^T)`, or with the labels of each array's axes: `einsum("bij,bkj->bik", a, b)`.
  constexpr void product(instruction const& i) {
    auto const labels = contraction::unpack(g[i.node].attribute);
    auto is_matrix = [](access const& a) { return a.rank == 2 && a.loops[0] >= 0 && a.loops[1] >= 0; };
    bool const matrices = is_matrix(s.accesses[i.operands[0]]) && is_matrix(s.accesses[i.operands[1]]) && g.shape_of(i.node).rank == 2 && !labels.has(label_role::batch);
    out << (matrices ? "matmul(" : "einsum(\"");
    for (int k = 0; k < 2 && !matrices; ++k) {
      access const& a = s.accesses[i.operands[k]];
      if (k) out << ',';
      for (int axis = 0; axis < a.rank; ++axis)
        if (a.loops[axis] < 0) out << '1';
        else out << static_cast<char>('a' + (k ? labels.right : labels.left)[static_cast<std::size_t>(a.loops[axis])]);
    }
    if (!matrices) {
      out << "->";
      for (int axis = 0; axis < g.shape_of(i.node).rank; ++axis) out << static_cast<char>('a' + labels.result[static_cast<std::size_t>(axis)]);
      out << "\", ";
    }
    // The operand that has the rows of the result stands first; a matrix is turned where its first axis is not that of the product.
    bool const swapped = matrices && labels.role(labels.result[0]) == label_role::columns;
    for (int place = 0; place < 2; ++place) {
      int const k = swapped ? 1 - place : place;
      access const& a = s.accesses[i.operands[k]];
      if (place) out << ", ";
      name_buffer(a.buffer);
      if (matrices) {
        int const first = (k ? labels.right : labels.left)[static_cast<std::size_t>(a.loops[0])];
        bool const summed = labels.role(first) == label_role::summed;
        if (summed == (place == 0)) out << "^T";
      }
    }
    out << ')';
  }
  /// `cholesky(a)`, with the order in which an operand has the axes of its array where that is another.
  constexpr void call(instruction const& i) {
    node const& n = g[i.node];
    out << info(n.code).name << '(';
    for (int k = 0; k < n.arity; ++k) {
      access const& a = s.accesses[i.operands[k]];
      if (k) out << ", ";
      name_buffer(a.buffer);
      bool in_order = true;
      for (int axis = 0, last = -1; axis < a.rank; ++axis)
        if (a.loops[axis] >= 0) in_order = in_order && a.loops[axis] > last, last = a.loops[axis];
      if (in_order) continue;
      out << " as [";
      for (int axis = 0; axis < a.rank; ++axis) (axis ? out << ", " : out) << a.loops[axis];
      out << ']';
    }
    print_flags(out, n);
    out << ')';
  }
  constexpr void reduction_name(instruction_id start, int access_number = -1, instruction_id place = -1) {
    instruction const& i = s.instructions[start];
    if (i.access_number >= 0) name_access(access_number >= 0 ? access_number : i.access_number, place);
    else out << 'r' << start;
  }
};

constexpr message explain(graph const& g, schedule const& s) { return explainer{g, s}.run(); }

/// What each output is, of the graph as the user wrote it: `output1[784] = grad(output0, w)`, in about 100 characters.
constexpr message explain_outputs(graph const& g) {
  message out;
  for (int k = 0; k < static_cast<int>(g.outputs.size()); ++k) {
    node_id const id = g.outputs[k];
    out << "output" << k;
    if (g.shape_of(id).rank) out << g.shape_of(id);
    out << (k >= g.accumulate_from ? " += " : " = ");
    int of = -1;
    if (g[id].code == op::gradient)
      for (int other = 0; other < k && of < 0; ++other)
        if (g.outputs[other] == g[id].operands[0]) of = other;
    if (of >= 0) {
      out << info(op::gradient).name << "(output" << of << ", ";
      print_short_formula(out, g, g[id].operands[1], 80);
      out << ')';
    } else print_short_formula(out, g, id, 100);
    out << '\n';
  }
  return out;
}

/// Each array between the loops, and why what it holds is not computed where it is read: a line for each edge that is not fused.
constexpr message explain_kept(graph const& g, schedule const& s) {
  explainer e{g, s, {}};
  for (int i = 0; i < static_cast<int>(s.buffers.size()); ++i) {
    buffer const& b = s.buffers[static_cast<std::size_t>(i)];
    if (b.why == keep_reason::none) continue;
    e.name_buffer(i);
    shape const& kept = s.shapes[static_cast<std::size_t>(index(b.s))];
    if (kept.rank) e.out << kept;
    e.out << " = " << info(g[b.node].code).name << "(...), kept: " << to_string(b.why);
    for (int place = 0; place < kept.rank && !(b.order == axis_order{}); ++place) e.out << (place ? ", " : "; in memory as [") << kept[b.order[place]] << (place + 1 < kept.rank ? "" : "]");
    e.out << '\n';
  }
  return e.out;
}

}  // namespace ctgrad::detail
