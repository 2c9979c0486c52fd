// Nests and products that go through tiles of one axis together (compiler/group_tiles.hpp): each thread takes parts of the axis, and runs all of them on a tile
// while it is in its cache, BLAS with one thread. Where there is too little to do for that, each is run on the whole, as if there were no group.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "gemm.hpp"
#include "repeated.hpp"

namespace ctgrad::detail {

/// What a group writes for one tile, in bytes: a half of what most processors have of L2 for each core.
inline constexpr std::int64_t tile_bytes = 256 * 1024;
/// Fewer parts than this leave too many threads without one.
inline constexpr int fewest_group_parts = 8;
/// What a term of a product costs, in additions as part_work counts them, and a byte of a part's own sums, which are filled and added up.
inline constexpr double term_cost = 2, sum_byte_cost = 8;
/// The fewest rows of a product in a tile, unless tiles are whole products of a batch: each call of BLAS packs the other operand anew.
inline constexpr std::int64_t fewest_rows = 64;

template <class P, int I>
void run_instruction(frame<P>& f);
template <class P, int I>
void run_product(frame<P>& f, std::int64_t from, std::int64_t to);

/// Whether instruction `I` is the first of a group.
template <class P, int I>
inline constexpr bool begins_group = [] {
  if (P::schedule.instructions[I].group < 0) return false;
  for (int at = 0; at < I; ++at) {
    if (P::schedule.instructions[at].group == P::schedule.instructions[I].group) return false;
    if (P::schedule.instructions[at].what == action::begin_loop) at = P::schedule.instructions[at].end;
  }
  return true;
}();

/// What a group keeps apart.
template <class P, int First>
struct group_alone {
  static constexpr nest_partition_size size = size_of(partition_group(P::graph, P::schedule, First));
  static constexpr frozen_nest_partition<size.numbers, size.arrays, size.rows, size.loops> partition{partition_group(P::graph, P::schedule, First)};
};

/// The group whose first unit begins at instruction `First`.
template <class P, int First>
struct group_code {
  using in_parts = parts<P, group_alone<P, First>>;
  static constexpr nest_partition_size size = in_parts::size;
  static constexpr int count = [] {
    int n = 0;
    for_each_of_group(P::schedule, First, [&](instruction_id) { ++n; });
    return n;
  }();
  static constexpr auto units = [] {
    std::array<instruction_id, count> table{};
    int n = 0;
    for_each_of_group(P::schedule, First, [&](instruction_id at) { table[n++] = at; });
    return table;
  }();
  /// Whether an instruction of a nest fills an array that the nest's outermost loop moves.
  static constexpr bool fills(instruction const& i, int loop) {
    if (i.access_number < 0 || (i.what != action::store && i.what != action::accumulate && i.what != action::initialize)) return false;
    access const& a = P::schedule.accesses[i.access_number];
    return P::schedule.buffers[a.buffer].kind != buffer_kind::row && a.axis_of(loop) >= 0;
  }
  /// The arrays that it fills tile by tile.
  static constexpr auto collect_tiled(std::int16_t* to) {
    int n = 0;
    auto add = [&](std::int16_t buffer) {
      for (int k = 0; k < n && to; ++k)
        if (to[k] == buffer) return;
      if (to) to[n] = buffer;
      ++n;
    };
    for (instruction_id unit : units) {
      instruction const& u = P::schedule.instructions[unit];
      if (u.what == action::product && contraction::unpack(P::graph.nodes[static_cast<std::size_t>(index(u.node))].attribute).role(u.loop) != label_role::summed)
        add(P::schedule.accesses[u.access_number].buffer);
      for (instruction_id at = unit; at < u.end; ++at)
        if (fills(P::schedule.instructions[at], u.loop)) add(P::schedule.accesses[P::schedule.instructions[at].access_number].buffer);
    }
    return n;
  }
  static constexpr auto tiled = [] {
    std::array<std::int16_t, collect_tiled(nullptr)> room{};
    collect_tiled(room.data());
    return room;
  }();
  /// Of those, the axis that goes along the tiles, where nothing else touches the array: a thread keeps a tile of it, always in the same place. Else -1.
  static constexpr auto own_axes = [] {
    std::array<std::int8_t, tiled.size()> axes{};
    auto const owner = find_tile_owners(P::schedule);
    for (std::size_t k = 0; k < tiled.size(); ++k) {
      axes[k] = -1;
      if (owner[static_cast<std::size_t>(tiled[k])] < 0) continue;
      for (instruction_id unit : units) {  // the one that fills it knows the axis
        instruction const& u = P::schedule.instructions[unit];
        if (u.what == action::product && P::schedule.accesses[u.access_number].buffer == tiled[k])
          axes[k] = static_cast<std::int8_t>(contraction::axis_of(contraction::unpack(P::graph.nodes[static_cast<std::size_t>(index(u.node))].attribute).result, u.loop));
        for (instruction_id at = unit; at < u.end; ++at)
          if (instruction const& i = P::schedule.instructions[at]; fills(i, u.loop) && P::schedule.accesses[i.access_number].buffer == tiled[k])
            axes[k] = static_cast<std::int8_t>(P::schedule.accesses[i.access_number].axis_of(u.loop));
      }
    }
    return axes;
  }();
  static_assert([] {
    auto const owner = find_tile_owners(P::schedule);
    int owned = 0, found = 0;
    for (auto group : owner) owned += group == instruction_at<P, First>.group;
    for (auto axis : own_axes) found += axis >= 0;
    return owned == found;
  }(), "ctgrad: the plan of memory and that of tiles disagree");
  static constexpr int rank_of(std::size_t k) { return P::shape_of_buffer(tiled[k]).rank; }

  /// Strides of a tile of an array, of so many turns; returns its bytes.
  static std::int64_t lay_out_tile(array_ref& a, std::size_t k, std::int64_t turns) {
    buffer const& b = P::schedule.buffers[static_cast<std::size_t>(tiled[k])];
    std::int64_t count = 1;
    for (int place = rank_of(k) - 1; place >= 0; --place) {
      int const axis = b.order[place];
      a.strides[axis] = count;
      count *= axis == own_axes[k] ? turns : a.extents[axis];
    }
    return (count * static_cast<std::int64_t>(size_of(b.type)) + 7) / 8 * 8;
  }
  /// What each thread has of the memory that arrays share, by array: as much as the largest tile there; and whether there is so much for `parts` threads.
  static bool share_memory(frame<P> const& f, std::int64_t turns, std::int64_t parts, std::int64_t* shares) {
    for (std::size_t k = 0; k < tiled.size(); ++k) {
      shares[k] = 0;
      if (own_axes[k] < 0) continue;
      std::int64_t all = 0;
      array_ref a;
      for (int b = 0; b < P::buffer_count; ++b)
        if (P::slots[b] == P::slots[tiled[k]]) all = std::max(all, lay_out<P>(a, f.dims, b));
      for (std::size_t other = 0; other < tiled.size(); ++other)
        if (own_axes[other] >= 0 && P::slots[tiled[other]] == P::slots[tiled[k]]) {
          std::memcpy(&a, &f.arrays[tiled[other]], sizeof a);
          shares[k] = std::max(shares[k], lay_out_tile(a, other, turns));
        }
      if (shares[k] * parts > all) return false;
    }
    return true;
  }
  /// The tile of an array that stands at turn `from`, for indices of the whole.
  static void place_tile(array_ref& a, array_ref const& whole, std::size_t k, std::int64_t from, std::int64_t turns, std::int64_t at_bytes) {
    lay_out_tile(a, k, turns);
    std::int64_t const offset = at_bytes - from * a.strides[own_axes[k]] * static_cast<std::int64_t>(size_of(P::schedule.buffers[static_cast<std::size_t>(tiled[k])].type));
    a.data = reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(whole.data) + static_cast<std::uintptr_t>(offset));
  }
  /// Turns that cannot be divided: of products whose rows, columns or terms are cut.
  static constexpr std::int64_t granularity = [] {
    for (instruction_id unit : units) {
      instruction const& u = P::schedule.instructions[unit];
      if (u.what == action::product && contraction::unpack(P::graph.nodes[static_cast<std::size_t>(index(u.node))].attribute).role(u.loop) != label_role::batch) return fewest_rows;
    }
    return std::int64_t{1};
  }();

  /// Lays out the tile of an array that stands at turn `from`, as part of the whole, for indices of the whole. The memory is a thread's part of the array's own.
  static void place_tile(array_ref& a, array_ref const& whole, std::size_t k, std::int64_t from, std::int64_t turns, int thread) {
    buffer const& b = P::schedule.buffers[static_cast<std::size_t>(tiled[k])];
    std::int64_t count = 1;
    a = whole;
    a.extents[own_axes[k]] = turns;
    for (int place = P::schedule.shapes[static_cast<std::size_t>(index(b.s))].rank - 1; place >= 0; --place) {
      a.strides[b.order[place]] = count;
      count *= a.extents[b.order[place]];
    }
    std::int64_t const size = static_cast<std::int64_t>(size_of(b.type)), offset = (count * thread - from * a.strides[own_axes[k]]) * size;
    a.extents[own_axes[k]] = whole.extents[own_axes[k]];
    a.data = reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(whole.data) + static_cast<std::uintptr_t>(offset));
  }

  template <int K>
  static constexpr instruction unit = instruction_at<P, units[K]>;
  /// Terms of all sums of a product, 0 of a nest.
  template <int K>
  static double terms(std::int64_t const* dims) {
    if constexpr (unit<K>.what == action::product) {
      constexpr node n = node_at<P, static_cast<int>(unit<K>.node)>;
      static constexpr contraction labels = contraction::unpack(n.attribute);
      double all = 1;
      auto times = [&](shape_id of, auto counts) {
        for (int axis = 0; axis < P::schedule.shapes[static_cast<std::size_t>(index(of))].rank; ++axis)
          if (counts(axis)) all *= static_cast<double>(extent_of_shape<P>(index(of), axis, dims));
      };
      times(n.shape, [](int) { return true; });
      times(node_at<P, static_cast<int>(n.operands[0])>.shape, [](int axis) { return labels.role(labels.left[static_cast<std::size_t>(axis)]) == label_role::summed; });
      return all;
    } else {
      return 0;
    }
  }
  /// What each tile reads of a product's other operand, where tiles are rows or columns: all of it, which has to stay in the cache as well
  /// (measured: a network of 1,024 wide layers is 8 % slower by tiles of 64 rows than in one piece, one of 64 wide ones is faster).
  template <int K>
  static double whole_bytes(std::int64_t const* dims) {
    if constexpr (unit<K>.what == action::product) {
      constexpr node n = node_at<P, static_cast<int>(unit<K>.node)>;
      constexpr contraction labels = contraction::unpack(n.attribute);
      constexpr label_role role = labels.role(unit<K>.loop);
      if constexpr (role == label_role::rows || role == label_role::columns) {
        constexpr shape_id other = node_at<P, static_cast<int>(n.operands[role == label_role::rows])>.shape;
        double bytes = static_cast<double>(size_of(n.type));
        for (int axis = 0; axis < P::schedule.shapes[static_cast<std::size_t>(index(other))].rank; ++axis) bytes *= static_cast<double>(extent_of_shape<P>(index(other), axis, dims));
        return bytes;
      }
    }
    return 0;
  }
  /// How far the axis goes.
  static std::int64_t length(std::int64_t const* dims) {
    constexpr instruction first = instruction_at<P, First>;
    if constexpr (first.what == action::begin_loop) {
      return trip_count<P, first.loop>(dims);
    } else {
      constexpr node n = node_at<P, static_cast<int>(first.node)>;
      constexpr contraction labels = contraction::unpack(n.attribute);
      constexpr int left = contraction::axis_of(labels.left, first.loop);
      return extent_of_shape<P>(index(node_at<P, static_cast<int>(n.operands[left < 0])>.shape), left < 0 ? contraction::axis_of(labels.right, first.loop) : left, dims);
    }
  }
  template <class F>
  static void each_unit(F const& f) {
    [&]<int... K>(std::integer_sequence<int, K...>) { (f(std::integral_constant<int, K>{}), ...); }(std::make_integer_sequence<int, count>{});
  }
  static double work(std::int64_t const* dims) {
    double total = in_parts::work(dims);
    each_unit([&](auto k) { total += term_cost * terms<k>(dims); });
    return total;
  }
  /// The turns of a part; 0: each unit is run on the whole.
  static std::int64_t turns(std::int64_t const* dims) {
    double const all = work(dims);
    if (all < fewest_group_parts * part_work || static_cast<double>(in_parts::array_bytes(dims)) * in_parts::most * sum_byte_cost > all) return 0;
    double whole = 0;
    each_unit([&](auto k) { whole = std::max(whole, whole_bytes<k>(dims)); });
    if (whole > static_cast<double>(tile_bytes)) return 0;
    return in_parts::turns_of_part(dims, length(dims), all, granularity, fewest_group_parts);
  }
  /// Turns of a tile: never more than a part has, nor than leave each thread a tile's memory of its own.
  static std::int64_t turns_of_tile(std::int64_t const* dims, std::int64_t n, std::int64_t part) {
    std::int64_t bytes = 1;
    array_ref a;
    for (auto buffer : tiled) bytes += lay_out<P>(a, dims, buffer);
    auto const fitting = static_cast<std::int64_t>(static_cast<double>(tile_bytes) * static_cast<double>(n) / static_cast<double>(bytes));
    return std::max<std::int64_t>(1, std::min({std::max(fitting, granularity), part, n / ((n + part - 1) / part)}));
  }
  static void reserve(std::int64_t const* dims, std::int64_t& arrays, std::int64_t& rows) { in_parts::reserve(dims, work(dims) >= fewest_group_parts * part_work, arrays, rows); }

  /// A sum over tiles begins with zeros, where it is not added to what is there.
  template <int K>
  static void start_sum(frame<P>& f) {
    if constexpr (unit<K>.what == action::product) {
      constexpr int buffer = access_at<P, unit<K>.access_number>.buffer;
      if constexpr (contraction::unpack(node_at<P, static_cast<int>(unit<K>.node)>.attribute).role(unit<K>.loop) == label_role::summed && !P::accumulates(buffer))
        fill_array<element_t<unit<K>.type>, P::template buffer_shape<buffer>.rank>(f.arrays[buffer], static_cast<element_t<unit<K>.type>*>(f.arrays[buffer].data));
    }
  }
  template <class T, int Rank, int Axis = 0>
  static void fill_array(array_ref const& a, T* to) {
    if constexpr (Axis == Rank) *to = T(0);
    else
      for (std::int64_t i = 0; i < a.extents[Axis]; ++i) fill_array<T, Rank, Axis + 1>(a, to + i * a.strides[Axis]);
  }
  static void run(frame<P>& f) {
    if (std::int64_t const part = turns(f.dims); part > 0) [[unlikely]]
      if (run_tiles(f, part)) return;
    each_unit([&](auto k) { run_instruction<P, units[k]>(f); });
  }
  /// False, and nothing is done, where there is not so much memory.
  CTGRAD_NOINLINE static bool run_tiles(frame<P>& f, std::int64_t part) {
    std::int64_t const n = length(f.dims), parts = (n + part - 1) / part;
    std::int64_t tile = turns_of_tile(f.dims, n, part), shares[tiled.size() + 1];
    while (!share_memory(f, tile, parts, shares))
      if (tile == 1) return false;
      else tile = std::max<std::int64_t>(1, tile * 3 / 4);
    each_unit([&](auto k) { start_sum<k>(f); });
    blas_by_one_thread const ours;
    in_parts::run_in_parts(f, n, part, [&](frame<P>& mine, std::int64_t from, std::int64_t to, int thread) {
      array_ref arrays[P::buffer_count + 1];
      std::memcpy(arrays, mine.arrays, sizeof arrays);
      array_ref const* const before = mine.arrays;
      mine.arrays = arrays;
      for (; from < to; from += tile) {
        std::int64_t const end = std::min(from + tile, to);
        for (std::size_t k = 0; k < tiled.size(); ++k)
          if (own_axes[k] >= 0) place_tile(arrays[tiled[k]], f.arrays[tiled[k]], k, from, tile, shares[k] * thread);
        each_unit([&](auto k) {
          if constexpr (unit<k>.what == action::product) run_product<P, units[k]>(mine, from, end);
          else run_nest<P, units[k]>(mine, from, end);
        });
      }
      mine.arrays = before;
    });
    return true;
  }
};

/// Calls `f` with the code of each group.
template <class P, class F>
constexpr void for_each_group(F const& f) {
  constexpr auto count = [] {
    int n = 0;
    for (int at = 0; at < P::size.instructions; ++at) n = std::max(n, P::schedule.instructions[at].group + 1);
    return n;
  }();
  for_each_constant<0, count>([&](auto group) {
    constexpr int first = [] {
      int at = 0;
      while (P::schedule.instructions[at].group != decltype(group)::value) ++at;
      return at;
    }();
    f(group_code<P, first>{});
  });
}

}  // namespace ctgrad::detail
