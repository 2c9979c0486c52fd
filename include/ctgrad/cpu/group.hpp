// Nests and products that go through tiles of one axis together (compiler/group_tiles.hpp): each thread takes parts of the axis, and runs all of them on a tile
// while it is in its cache, BLAS with one thread. Where there is too little to do for that, each is run on the whole, as if there were no group.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "gemm.hpp"
#include "repeated.hpp"

namespace ctgrad::detail {

/// What a group writes for one tile, in bytes: a half of what most processors have of L2 for each core.
inline constexpr std::int64_t group_tile_bytes = 256 * 1024;
/// Fewer parts than this leave too many threads without one.
inline constexpr int fewest_group_parts = 8;
/// What a term of a product costs, in additions as part_work counts them, and a byte of a part's own sums, which are filled and added up.
inline constexpr double term_cost = 2, sum_byte_cost = 8;
/// The fewest rows of a product in a tile, unless tiles are whole products of a batch: each call of BLAS packs the other operand anew.
inline constexpr std::int64_t fewest_rows = 64;
/// What is worth a call of BLAS, in terms of the sums that it computes: tiles of small products have more rows, up to so many bytes, as far as there are parts enough
/// (measured: a mixture of 25 products of 32 x 32 for each tile, 1.2 times faster by tiles of 125 rows than of 64).
inline constexpr double worthwhile_terms = 1 << 17;
inline constexpr std::int64_t most_tile_bytes = 5 * group_tile_bytes;

template <class P, int I>
void run_product(frame<P>& f, std::int64_t from, std::int64_t to);

/// The first unit of each group.
template <class P>
inline constexpr auto group_firsts = [] {
  constexpr int count = [] {
    int n = 0;
    for (int at = 0; at < P::size.instructions; ++at) n = std::max(n, P::schedule.instructions[at].group + 1);
    return n;
  }();
  std::array<instruction_id, count> firsts{};
  for (int at = P::size.instructions - 1; at >= 0; --at)
    if (int const group = P::schedule.instructions[at].group; group >= 0) firsts[group] = at;
  return firsts;
}();
template <class P, int I>
inline constexpr bool begins_group = group_firsts<P>[instruction_at<P, I>.group] == I;

/// The group whose first unit begins at instruction `First`.
template <class P, int First>
struct group_code {
  using in_parts = parts<P, First, true>;
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
  /// The labels of a product, and the role of the one that is cut into tiles.
  static constexpr contraction labels_of(instruction const& product) { return contraction::unpack(P::graph.nodes[static_cast<std::size_t>(index(product.node))].attribute); }
  static constexpr label_role role_of(instruction const& unit) { return unit.what == action::product ? labels_of(unit).role(unit.loop) : label_role::none; }
  static constexpr std::int16_t buffer_of(instruction const& i) { return P::schedule.accesses[i.access_number].buffer; }
  /// Whether an instruction of a nest fills an array that the nest's outermost loop moves.
  static constexpr bool fills(instruction const& i, int loop) {
    if (i.access_number < 0 || (i.what != action::store && i.what != action::accumulate && i.what != action::initialize)) return false;
    access const& a = P::schedule.accesses[i.access_number];
    return P::schedule.buffers[a.buffer].kind != buffer_kind::row && a.axis_of(loop) >= 0;
  }
  /// An array that a group fills tile by tile. Where nothing else touches it, a thread keeps a tile of it, always in the same place.
  struct tiled_array {
    std::int16_t buffer = -1;
    std::int8_t axis = -1;  ///< that goes along the tiles
    bool own = false;
  };
  static constexpr list<tiled_array> find_tiled() {
    list<tiled_array> found;
    auto const owner = find_tile_owners(P::schedule);
    auto add = [&](instruction const& i, int axis) {
      std::int16_t const buffer = buffer_of(i);
      for (tiled_array const& known : found)
        if (known.buffer == buffer) return;
      found.push_back({buffer, static_cast<std::int8_t>(axis), owner[static_cast<std::size_t>(buffer)] >= 0});
    };
    for (instruction_id unit : units) {
      instruction const& u = P::schedule.instructions[unit];
      if (u.what == action::product && role_of(u) != label_role::summed) add(u, contraction::axis_of(labels_of(u).result, u.loop));
      for (instruction_id at = unit; at < u.end; ++at)
        if (instruction const& i = P::schedule.instructions[at]; fills(i, u.loop)) add(i, P::schedule.accesses[i.access_number].axis_of(u.loop));
    }
    return found;
  }
  static constexpr auto tiled = [] {
    std::array<tiled_array, find_tiled().size()> table{};
    auto const found = find_tiled();
    for (std::size_t k = 0; k < table.size(); ++k) table[k] = found[k];
    return table;
  }();
  static_assert([] {
    int owned = 0, found = 0;
    for (auto group : find_tile_owners(P::schedule)) owned += group == instruction_at<P, First>.group;
    for (tiled_array const& t : tiled) found += t.own;
    return owned == found;
  }(), "ctgrad: the plan of memory and that of tiles disagree");

  /// Strides of a tile of an array, of so many turns; returns its bytes.
  static std::int64_t lay_out_tile(array_ref& a, tiled_array const& t, std::int64_t turns) {
    buffer const& b = P::schedule.buffers[static_cast<std::size_t>(t.buffer)];
    std::int64_t count = 1;
    for (int place = P::shape_of_buffer(t.buffer).rank - 1; place >= 0; --place) {
      int const axis = b.order[place];
      a.strides[axis] = count;
      count *= axis == t.axis ? turns : a.extents[axis];
    }
    return (count * static_cast<std::int64_t>(size_of(b.type)) + 7) / 8 * 8;
  }
  /// What each thread has of the memory that arrays share, by array: as much as the largest tile there; and whether there is so much for `parts` threads.
  static bool share_memory(frame<P> const& f, std::int64_t turns, std::int64_t parts, std::int64_t* shares) {
    for (std::size_t k = 0; k < tiled.size(); ++k) {
      shares[k] = 0;
      if (!tiled[k].own) continue;
      auto const slot = P::slots[static_cast<std::size_t>(tiled[k].buffer)];
      std::int64_t all = 0;
      array_ref a;
      for (int b = 0; b < P::buffer_count; ++b)
        if (P::slots[static_cast<std::size_t>(b)] == slot) all = std::max(all, lay_out<P>(a, f.dims, b));
      for (tiled_array const& other : tiled)
        if (other.own && P::slots[static_cast<std::size_t>(other.buffer)] == slot) {
          a = f.arrays[other.buffer];
          shares[k] = std::max(shares[k], lay_out_tile(a, other, turns));
        }
      if (shares[k] * parts > all) return false;
    }
    return true;
  }
  /// The tile of an array that stands at turn `from`, for indices of the whole.
  static void place_tile(array_ref& a, array_ref const& whole, tiled_array const& t, std::int64_t from, std::int64_t turns, std::int64_t at_bytes) {
    lay_out_tile(a, t, turns);
    std::int64_t const offset = at_bytes - from * a.strides[t.axis] * static_cast<std::int64_t>(size_of(P::schedule.buffers[static_cast<std::size_t>(t.buffer)].type));
    a.data = reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(whole.data) + static_cast<std::uintptr_t>(offset));
  }
  template <int K>
  static constexpr instruction unit = instruction_at<P, units[K]>;
  template <int K, int Operand>
  static constexpr shape_id operand_shape = node_at<P, static_cast<int>(node_at<P, static_cast<int>(unit<K>.node)>.operands[Operand])>.shape;
  /// The elements of a shape along the axes that `counts` chooses.
  template <class F>
  static double elements(shape_id of, std::int64_t const* dims, F const& counts) {
    double all = 1;
    for (int axis = 0; axis < P::schedule.shapes[static_cast<std::size_t>(index(of))].rank; ++axis)
      if (counts(axis)) all *= static_cast<double>(extent_of_shape<P>(index(of), axis, dims));
    return all;
  }
  /// Terms of all sums of a product, 0 of a nest.
  template <int K>
  static double terms(std::int64_t const* dims) {
    if constexpr (unit<K>.what == action::product) {
      static constexpr contraction labels = labels_of(unit<K>);
      return elements(node_at<P, static_cast<int>(unit<K>.node)>.shape, dims, [](int) { return true; }) *
             elements(operand_shape<K, 0>, dims, [](int axis) { return labels.role(labels.left[static_cast<std::size_t>(axis)]) == label_role::summed; });
    }
    return 0;
  }
  /// What each tile reads of a product's other operand, where tiles are rows or columns: all of it, which has to stay in the cache as well
  /// (measured: a network of 1,024 wide layers is 8 % slower by tiles of 64 rows than in one piece, one of 64 wide ones is faster).
  template <int K>
  static double whole_bytes(std::int64_t const* dims) {
    constexpr label_role role = role_of(unit<K>);
    if constexpr (role == label_role::rows || role == label_role::columns)
      return static_cast<double>(size_of(unit<K>.type)) * elements(operand_shape<K, role == label_role::rows>, dims, [](int) { return true; });
    return 0;
  }
  /// How far the axis goes.
  static std::int64_t length(std::int64_t const* dims) {
    constexpr instruction first = instruction_at<P, First>;
    if constexpr (first.what == action::begin_loop) {
      return trip_count<P, first.loop>(dims);
    } else {
      constexpr contraction labels = labels_of(first);
      constexpr int left = contraction::axis_of(labels.left, first.loop);
      return extent_of_shape<P>(index(operand_shape<0, left < 0>), left < 0 ? contraction::axis_of(labels.right, first.loop) : left, dims);
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
  template <int K>
  static constexpr bool is_cut = role_of(unit<K>) != label_role::none && role_of(unit<K>) != label_role::batch;
  /// Terms of all sums of a product that one turn has in one call of BLAS.
  template <int K>
  static double terms_of_call(std::int64_t const* dims) {
    static constexpr contraction labels = labels_of(unit<K>);
    double const calls = elements(node_at<P, static_cast<int>(unit<K>.node)>.shape, dims, [](int axis) { return labels.role(labels.result[static_cast<std::size_t>(axis)]) == label_role::batch; });
    return terms<K>(dims) / (std::max(calls, 1.0) * static_cast<double>(std::max<std::int64_t>(length(dims), 1)));
  }
  static double bytes_of_turn(std::int64_t const* dims) {
    std::int64_t bytes = 1;
    array_ref a;
    for (tiled_array const& t : tiled) bytes += lay_out<P>(a, dims, t.buffer);
    return static_cast<double>(bytes) / static_cast<double>(std::max<std::int64_t>(length(dims), 1));
  }
  /// Turns that are not divided: of products whose rows, columns or terms are cut.
  static std::int64_t granularity(std::int64_t const* dims) {
    double fewest = -1;
    each_unit([&](auto k) {
      if constexpr (is_cut<k>)
        if (double const terms = terms_of_call<k>(dims); fewest < 0 || terms < fewest) fewest = terms;
    });
    if (fewest < 0) return 1;
    std::int64_t const n = length(dims);
    double const wanted = std::min(worthwhile_terms / std::max(fewest, 1.0), static_cast<double>(most_tile_bytes) / bytes_of_turn(dims));
    if (wanted < static_cast<double>(2 * fewest_rows) || n < fewest_group_parts * 3 / 2 * fewest_rows) return fewest_rows;
    auto const rows = static_cast<std::int64_t>(std::min(wanted, static_cast<double>(n)));
    std::int64_t const parts = std::max<std::int64_t>(fewest_group_parts, (n + rows - 1) / rows);
    return (n + parts - 1) / parts;
  }
  /// The turns of a part; 0: each unit is run on the whole.
  static std::int64_t turns(std::int64_t const* dims) {
    double const all = work(dims);
    if (all < fewest_group_parts * part_work || static_cast<double>(in_parts::array_bytes(dims)) * in_parts::most * sum_byte_cost > all) return 0;
    double whole = 0;
    each_unit([&](auto k) { whole = std::max(whole, whole_bytes<k>(dims)); });
    if (whole > static_cast<double>(group_tile_bytes)) return 0;
    return in_parts::turns_of_part(dims, length(dims), all, granularity(dims), fewest_group_parts);
  }
  /// Turns of a tile: never more than a part has, nor than leave each thread a tile's memory of its own.
  static std::int64_t turns_of_tile(std::int64_t const* dims, std::int64_t n, std::int64_t part) {
    auto const fitting = static_cast<std::int64_t>(static_cast<double>(group_tile_bytes) / bytes_of_turn(dims));
    return std::max<std::int64_t>(1, std::min({std::max(fitting, granularity(dims)), part, n / ((n + part - 1) / part)}));
  }
  static void reserve(std::int64_t const* dims, std::int64_t& arrays, std::int64_t& rows) { in_parts::reserve(dims, work(dims) >= fewest_group_parts * part_work, arrays, rows); }

  /// A sum over tiles begins with zeros, where it is not added to what is there.
  template <int K>
  static void start_sum(frame<P>& f) {
    if constexpr (role_of(unit<K>) == label_role::summed && !P::accumulates(buffer_of(unit<K>))) {
      using T = element_t<unit<K>.type>;
      fill<P, T, unit<K>.access_number>(f, address<P, T, unit<K>.access_number>(f), T(0));
    }
  }
  static void run(frame<P>& f) {
    if (std::int64_t const part = turns(f.dims); part > 0) [[unlikely]]
      if (run_tiles(f, part)) return;
    each_unit([&](auto k) { run_instruction<P, units[k], true>(f); });
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
          if (tiled[k].own) place_tile(arrays[tiled[k].buffer], f.arrays[tiled[k].buffer], tiled[k], from, tile, shares[k] * thread);
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
  for_each_constant<0, static_cast<int>(group_firsts<P>.size())>([&](auto group) { f(group_code<P, group_firsts<P>[decltype(group)::value]>{}); });
}

}  // namespace ctgrad::detail
