// Memory of programs: nothing is allocated in `into`, temporaries share, outputs may stand over inputs where that changes nothing, and nowhere else.
// Allocations are counted by replacing operator new; expected values are plain loops.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE program_memory
#include "../../arrays.hpp"
#include "../../programs.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <string>
#include <thread>
#include <vector>

namespace ct = ctgrad;
using namespace ct::literals;
using namespace ct::test;

namespace {
std::atomic<std::size_t> allocations{0};
void* allocate(std::size_t size, std::size_t alignment) {
  ++allocations;
  size = (size + alignment - 1) / alignment * alignment;
  if (void* p = std::aligned_alloc(alignment, size ? size : alignment)) return p;
  throw std::bad_alloc();
}
}  // namespace
void* operator new(std::size_t size) { return allocate(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t alignment) { return allocate(size, static_cast<std::size_t>(alignment)); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }

BOOST_AUTO_TEST_CASE(into_does_not_allocate) {
  // Products and a softmax: this one needs temporaries.
  constexpr auto V = ct::tensor<float>("V"_s, 3_c, M);
  constexpr auto z = ct::tensor<int>("z"_s, N);
  constexpr auto cost = ct::cross_entropy(ct::matmul(ct::tanh(X), V), z);
  constexpr auto dV = ct::grad(cost, V);
  constexpr auto program = ct::compile(cost, dV);
  auto const V0 = filled<float>(2, 3, 5);
  ct::array<int, 1> const classes{0, 4, 2, 1};
  ct::array<float, 2> gradient = ct::zeros<float>(3, 5);
  auto space = program.workspace(N = 4, M = 5);
  BOOST_TEST(space.bytes() > 0);
  float l = 0;
  auto call = [&] { program.into(space, X = images, V = V0, z = classes, cost = l, dV = gradient); };
  call();  // BLAS may set itself up once
  std::size_t const before = allocations;
  for (int i = 0; i < 10; ++i) call();
  float single_number = 0, bias[1];
  auto small = step.workspace(N = 4);
  std::size_t const made = allocations;
  step.into(small, X = images, y = labels, w = weights, b = 0.5f, loss = single_number, dw = gradient[0].slice(0, 0, 3), db = bias[0]);
  BOOST_TEST(allocations == made);
  BOOST_TEST(before <= made);
  // The workspace is the only allocation between the two.
  BOOST_TEST(made - before <= 1);
  auto const [by_call, gradient_by_call] = program(X = images, V = V0, z = classes);
  BOOST_TEST(l == by_call);
}

BOOST_AUTO_TEST_CASE(a_workspace_serves_smaller_extents) {
  constexpr auto V = ct::tensor<float>("V"_s, 3_c, M);
  constexpr auto program = ct::compile(ct::sum(ct::tanh(ct::matmul(X, V))));
  auto space = program.workspace(N = 50, M = 40);
  for (int n : {50, 7, 1, 0, 33}) {
    auto const x = filled<float>(3, n, 3);
    auto const v0 = filled<float>(4, 3, 40);
    float l = 0;
    program.into(space, X = x, V = v0, ct::sum(ct::tanh(ct::matmul(X, V))) = l);
    BOOST_TEST(near(l, std::get<0>(program(X = x, V = v0).values), 0));
  }
}

BOOST_AUTO_TEST_CASE(workspaces) {
  constexpr auto V = ct::tensor<float>("V"_s, 3_c, M);
  constexpr auto e = ct::sum(ct::tanh(ct::matmul(X, V)));
  constexpr auto program = ct::compile(e);
  BOOST_TEST(message_of<ct::shape_error>([&] { program.workspace(N = -1, M = 3); }) == "ctgrad: extent N is -1");
  std::string const missing = message_of<ct::shape_error>([&] { program.workspace(N = 4); });
  BOOST_TEST(missing == "ctgrad: workspace needs the extent M");
  auto space = program.workspace(N = 2, M = 4);
  float l = -1;
  auto const v0 = filled<float>(4, 3, 40);
  std::int64_t const needed = program.workspace(N = 4, M = 40).bytes();
  BOOST_TEST(message_of<ct::shape_error>([&] { program.into(space, X = images, V = v0, e = l); }) ==
             "ctgrad: the workspace has " + std::to_string(space.bytes()) + " bytes, and this call needs " + std::to_string(needed) + ": make it for larger extents");
  BOOST_TEST(l == -1);
  BOOST_TEST(program.workspace(N = 0, M = 0).bytes() == 0);
}
// A chain of products: at any time one is read and one is written, whatever the length.
BOOST_AUTO_TEST_CASE(temporaries_share_memory) {
  constexpr auto wide = ct::tensor<double>("wide"_s, N, M);
  constexpr auto square = ct::tensor<double>("square"_s, M, M);
  constexpr auto two = ct::matmul(ct::matmul(wide, square), square);
  constexpr auto five = ct::matmul(ct::matmul(ct::matmul(two, square), square), square);
  constexpr auto product = ct::compile(five);
  static_assert(ct::report(product).temporaries == 4);
  static_assert(ct::report(product).peak_bytes(N = 8, M = 4) == 2 * 8 * 4 * 8);
  BOOST_TEST(product.workspace(N = 8, M = 4).bytes() == 2 * 8 * 4 * 8);
  auto a = ct::zeros<double>(3, 4), m = ct::zeros<double>(4, 4), expected = ct::zeros<double>(3, 4);
  for (std::int64_t i = 0; i < 12; ++i) a.data()[i] = static_cast<double>(5 * i % 7) - 3;
  for (std::int64_t i = 0; i < 16; ++i) m.data()[i] = static_cast<double>(3 * i % 5) - 2;
  auto power = a;
  for (int k = 0; k < 5; ++k, power = expected)
    for (std::int64_t i = 0; i < 3; ++i)
      for (std::int64_t j = 0; j < 4; ++j) {
        double sum = 0;
        for (std::int64_t l = 0; l < 4; ++l) sum += power(i, l) * m(l, j);
        expected(i, j) = sum;
      }
  auto const [result] = product(wide = a, square = m);
  for (std::int64_t i = 0; i < 12; ++i) BOOST_TEST(result.data()[i] == expected.data()[i]);
}

// Extents whose product does not fit int64 bytes are refused, not wrapped.
// Where all extents are numbers, temporaries have constant places: those that they have in a call of the same formula by names.
BOOST_AUTO_TEST_CASE(places_that_are_known) {
  constexpr auto formula = [](auto a, auto b) {
    auto const g = ct::matmul(ct::transpose(a), b);
    auto const h = ct::matmul(a, ct::transpose(b));
    return ct::sum(ct::softmax(ct::matmul(h, ct::matmul(a, g)), 1_c) * ct::matmul(h, b)) + ct::sum(g * g);
  };
  constexpr auto a = ct::tensor<float>("a"_s, 3_c, 5_c);
  constexpr auto b = ct::tensor<float>("b"_s, 3_c, 5_c);
  constexpr auto p = ct::tensor<float>("p"_s, N, M);
  constexpr auto q = ct::tensor<float>("q"_s, N, M);
  constexpr auto by_numbers = ct::compile(formula(a, b), ct::grad(formula(a, b), a));
  constexpr auto by_names = ct::compile(formula(p, q), ct::grad(formula(p, q), p));
  static_assert(ct::report(by_numbers).temporaries > 3);
  auto const A = filled<float>(3, 3, 5), B = filled<float>(4, 3, 5);
  BOOST_TEST(by_numbers.workspace_bytes(a = A, b = B) == by_names.workspace_bytes(p = A, q = B));
  auto const [value, gradient] = by_numbers(a = A, b = B);
  auto const [expected, gradient_expected] = by_names(p = A, q = B);
  BOOST_TEST(std::abs(value - expected) <= 1e-5f * (1 + std::abs(expected)));
  for (std::int64_t i = 0; i < 3; ++i)
    for (std::int64_t j = 0; j < 5; ++j) BOOST_TEST(std::abs(gradient(i, j) - gradient_expected(i, j)) <= 1e-5f * (1 + std::abs(gradient_expected(i, j))));
}
BOOST_AUTO_TEST_CASE(workspaces_beyond_memory) {
  constexpr auto V = ct::tensor<float>("V"_s, 3_c, M);
  constexpr auto program = ct::compile(ct::sum(ct::tanh(ct::matmul(X, V))));
  for (std::int64_t n : {std::int64_t{1} << 32, std::int64_t{1} << 62, std::numeric_limits<std::int64_t>::max()})
    BOOST_TEST(message_of<ct::shape_error>([&] { program.workspace(N = n, M = n); }) == "ctgrad: an array of this call has more bytes than can be addressed");
}

// Memory that is shared.

BOOST_AUTO_TEST_CASE(in_place) {
  auto space = add.workspace(N = 300);
  for (int n : {1, 7, 16, 33, 257, 300})
    for (int stride : {1, 3, -2}) {
      auto memory = filled<float>(1, 3 * n);
      ct::view<float, 1> const x(memory.data() + (stride < 0 ? 2 * (n - 1) : 0), {n}, {stride});
      auto const v0 = filled<float>(2, n);
      std::vector<double> expected;
      for (int i = 0; i < n; ++i) expected.push_back(x(i) + 2.0f * v0(i));
      add.into(space, u = x, v = v0, total = x);
      BOOST_TEST(near(ct::array<float, 1>(x), expected, 0), "extent " << n << ", stride " << stride);
    }
  // An update: w and g have a place each, w is written where it was read.
  constexpr auto g = ct::tensor<float>("g"_s, N);
  constexpr auto updated = u - 0.1_c * g;
  constexpr auto decayed = 0.9_c * v + g;
  constexpr auto program = ct::compile(updated, decayed);
  ct::array<float, 1> weight{1, 2, 3}, velocity{1, 1, 1};
  ct::array<float, 1> const slope{10, 20, 30};
  program.into(space, u = weight, v = velocity, g = slope, updated = weight, decayed = velocity);
  BOOST_TEST(near(weight, {0, 0, 0}, 1e-6));
  BOOST_TEST(near(velocity, {10.9, 20.9, 30.9}, 1e-6));
}

BOOST_AUTO_TEST_CASE(in_place_of_a_matrix) {
  auto space = twice_matrix.workspace(N = 20, M = 33);
  auto x = filled<float>(3, 20, 33);
  auto const before = x;
  twice_matrix.into(space, A = x, doubled = x);
  bool right = true;
  for (int i = 0; i < x.size(); ++i) right = right && x.data()[i] == 2 * before.data()[i];
  BOOST_TEST(right);
  // Through a transposed view of both: still the same elements.
  twice_matrix.into(space, A = x.t(), doubled = x.t());
  for (int i = 0; i < x.size(); ++i) right = right && x.data()[i] == 4 * before.data()[i];
  BOOST_TEST(right);
  // Of a square, against its transpose: element (i, j) goes where (j, i) has yet to be read.
  auto square = filled<float>(3, 5, 5);
  auto const kept = square;
  BOOST_TEST(message_of<ct::overlap_error>([&] { twice_matrix.into(space, A = square.t(), doubled = square); }) ==
             "ctgrad: output 0 overlaps A in memory, which would change the result");
  BOOST_TEST(std::memcmp(square.data(), kept.data(), 25 * sizeof(float)) == 0);
}

BOOST_AUTO_TEST_CASE(overlaps_are_refused_before_anything_is_written) {
  auto space = add.workspace(N = 64);
  auto memory = filled<float>(1, 64);
  auto const kept = memory;
  auto const refused = [&](auto out, auto in) {
    std::string const seen = message_of<ct::overlap_error>([&] { add.into(space, u = in, v = filled<float>(2, in.extent(0)), total = out); });
    BOOST_TEST(std::memcmp(memory.data(), kept.data(), 64 * sizeof(float)) == 0);
    return seen;
  };
  std::string const text = "ctgrad: output 0 overlaps u in memory, which would change the result";
  BOOST_TEST(refused(memory.slice(0, 1, 33), memory.slice(0, 0, 32)) == text);
  BOOST_TEST(refused(memory.slice(0, 0, 32), memory.slice(0, 1, 33)) == text);
  BOOST_TEST(refused(memory.slice(0, 31, 62), memory.slice(0, 1, 32)) == text);
  BOOST_TEST(refused(memory.slice(0, std::nullopt, std::nullopt, -1), memory.view()) == text);
  BOOST_TEST(refused(memory.slice(0, 0, 32), memory.slice(0, 0, 64, 2)) == text);
  // Side by side is fine.
  add.into(space, u = memory.slice(0, 0, 32), v = filled<float>(2, 32), total = memory.slice(0, 32, 64));
  BOOST_TEST(std::memcmp(memory.data(), kept.data(), 32 * sizeof(float)) == 0);
}
// Elements that alternate in memory, and columns of one matrix, share none.
BOOST_AUTO_TEST_CASE(interleaved_memory_is_taken) {
  auto space = add.workspace(N = 32);
  auto memory = filled<float>(1, 64);
  auto const even = memory.slice(0, 0, 64, 2), odd = memory.slice(0, 1, 64, 2);
  ct::array<float, 1> const before(even), other = filled<float>(2, 32);
  add.into(space, u = even, v = other, total = odd);
  for (std::int64_t i = 0; i < 32; ++i) BOOST_TEST((even(i) == before(i) && odd(i) == before(i) + 2 * other(i)));
  add.into(space, u = even, v = other, total = memory.slice(0, 63, std::nullopt, -2));
  for (std::int64_t i = 0; i < 32; ++i) BOOST_TEST(odd(31 - i) == before(i) + 2 * other(i));

  auto table = filled<float>(3, 8, 6);
  auto const columns = [&](std::int64_t first, std::int64_t last) { return table.slice(1, first, last); };
  constexpr auto left = ct::tensor<float>("left"_s, N, M);
  constexpr auto twice = 2_c * left;
  constexpr auto program = ct::compile(twice);
  auto none = program.workspace(N = 8, M = 3);
  ct::array<float, 2> const kept(columns(0, 3));
  program.into(none, left = columns(0, 3), twice = columns(3, 6));
  for (std::int64_t i = 0; i < 8; ++i)
    for (std::int64_t j = 0; j < 3; ++j) BOOST_TEST((table(i, j) == kept(i, j) && table(i, 3 + j) == 2 * kept(i, j)));
  for (auto const first : {1, 2})
    BOOST_TEST(message_of<ct::overlap_error>([&] { program.into(none, left = columns(0, 3), twice = columns(first, first + 3)); }) ==
               "ctgrad: output 0 overlaps left in memory, which would change the result");
}

BOOST_AUTO_TEST_CASE(an_output_over_an_input_that_is_read_again) {
  constexpr auto centred = u - ct::mean(u);
  constexpr auto unit = ct::softmax(u);
  auto const run = [](auto program, auto output) {
    auto space = program.workspace(N = 5);
    ct::array<float, 1> x{1, 2, 3, 4, 5};
    ct::array<float, 1> const other = x;
    auto const [expected] = program(u = other);
    std::string const seen = message_of<ct::overlap_error>([&] { program.into(space, u = x, output = x); });
    if (seen == "(no exception)") BOOST_TEST(std::equal(x.data(), x.data() + 5, expected.data()));
    else BOOST_TEST(std::equal(x.data(), x.data() + 5, other.data()));
    return seen;
  };
  // Where it is allowed the result is right; where not, the array is as it was.
  run(ct::compile(centred), centred);
  run(ct::compile(unit), unit);
  BOOST_TEST(run(ct::compile(ct::softmax(u) * ct::sum(ct::softmax(u) * u)), ct::softmax(u) * ct::sum(ct::softmax(u) * u)) != "(another exception)");
}
BOOST_AUTO_TEST_CASE(a_product_over_its_operand) {
  constexpr auto S = ct::tensor<float>("S"_s, N, N);
  constexpr auto T = ct::tensor<float>("T"_s, N, N);
  constexpr auto product = ct::matmul(S, T);
  constexpr auto program = ct::compile(product);
  auto space = program.workspace(N = 3);
  auto s = filled<float>(1, 3, 3);
  auto const t = filled<float>(2, 3, 3), kept = s;
  BOOST_TEST(message_of<ct::overlap_error>([&] { program.into(space, S = s, T = t, product = s); }) == "ctgrad: output 0 overlaps S in memory, which would change the result");
  BOOST_TEST(std::equal(s.data(), s.data() + 9, kept.data()));
}
BOOST_AUTO_TEST_CASE(two_outputs_and_an_input_in_place) {
  // The first output must not replace u before the second has read it.
  constexpr auto a = 2_c * u;
  constexpr auto c = ct::sum(u * v);
  constexpr auto d = ct::grad(ct::sum(u * u * v), u);
  constexpr auto program = ct::compile(a, c, d);
  auto space = program.workspace(N = 40);
  for (int n : {1, 5, 40}) {
    auto x = filled<float>(1, n);
    auto const v0 = filled<float>(2, n), before = x;
    double dot = 0;
    std::vector<double> slope, twofold;
    for (int i = 0; i < n; ++i) dot += before(i) * v0(i), slope.push_back(2.0 * before(i) * v0(i)), twofold.push_back(2.0 * before(i));
    float sum = 0;
    ct::array<float, 1> gradient = ct::zeros<float>(n);
    std::string const seen = message_of<ct::overlap_error>([&] { program.into(space, u = x, v = v0, a = x, c = sum, d = gradient); });
    if (seen == "(no exception)") {
      BOOST_TEST(near(x, twofold, 0));
      BOOST_TEST(near(sum, dot, 1e-6));
      BOOST_TEST(near(gradient, slope, 1e-6));
    } else {
      BOOST_TEST(std::equal(x.data(), x.data() + n, before.data()));
    }
  }
}
BOOST_AUTO_TEST_CASE(an_input_of_stride_zero_in_place) {
  auto space = add.workspace(N = 4);
  float number = 3;
  ct::view<float, 1> const repeated(&number, {4}, {0});
  ct::array<float, 1> const v0{1, 2, 3, 4};
  BOOST_TEST(message_of<ct::overlap_error>([&] { add.into(space, u = repeated, v = v0, total = repeated); }) == "ctgrad: output 0 has elements that share memory");
  BOOST_TEST(number == 3);
}

BOOST_AUTO_TEST_CASE(outputs_that_overlap) {
  constexpr auto a = 2_c * u;
  constexpr auto c = 3_c * u;
  constexpr auto program = ct::compile(a, c);
  auto space = program.workspace(N = 4);
  auto memory = filled<float>(1, 8);
  auto const kept = memory;
  ct::array<float, 1> const x{1, 2, 3, 4};
  BOOST_TEST(message_of<ct::overlap_error>([&] { program.into(space, u = x, a = memory.slice(0, 0, 4), c = memory.slice(0, 3, 7)); }) == "ctgrad: outputs 0 and 1 overlap in memory");
  BOOST_TEST(message_of<ct::overlap_error>([&] { program.into(space, u = x, a = memory.slice(0, 0, 4), c = memory.slice(0, 0, 4)); }) == "ctgrad: outputs 0 and 1 overlap in memory");
  BOOST_TEST(std::memcmp(memory.data(), kept.data(), 8 * sizeof(float)) == 0);
  program.into(space, u = x, a = memory.slice(0, 0, 4), c = memory.slice(0, 4, 8));
  BOOST_TEST(near(memory, {2, 4, 6, 8, 3, 6, 9, 12}, 0));
}

BOOST_AUTO_TEST_CASE(an_output_that_overlaps_itself) {
  auto space = twice_matrix.workspace(N = 3, M = 4);
  auto memory = filled<float>(1, 40);
  auto const kept = memory;
  auto const x = filled<float>(2, 3, 4);
  auto const refused = [&](std::int64_t row_stride, std::int64_t column_stride) {
    std::string const seen = message_of<ct::overlap_error>([&] { twice_matrix.into(space, A = x, doubled = ct::view<float, 2>(memory.data() + 20, {3, 4}, {row_stride, column_stride})); });
    if (seen != "(no exception)") BOOST_TEST(std::memcmp(memory.data(), kept.data(), 40 * sizeof(float)) == 0);
    return seen;
  };
  std::string const text = "ctgrad: output 0 has elements that share memory";
  BOOST_TEST(refused(0, 1) == text);
  BOOST_TEST(refused(4, 0) == text);
  BOOST_TEST(refused(3, 1) == text);
  BOOST_TEST(refused(1, 2) == text);
  BOOST_TEST(refused(-3, 1) == text);
  BOOST_TEST(refused(1, -1) == text);
  BOOST_TEST(refused(4, 1) == "(no exception)");
  BOOST_TEST(refused(1, 3) == "(no exception)");
  BOOST_TEST(refused(-5, -1) == "(no exception)");
}

// A program holds no memory: calls at the same time do not meet.
BOOST_AUTO_TEST_CASE(from_several_threads) {
  auto const expected = by_hand(0.5f);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i)
        if (auto const r = step(X = images, y = labels, w = weights, b = 0.5f); !near(r[loss], expected.loss, single) || !near(r[db], expected.db, single)) ++wrong;
    });
  for (auto& t : threads) t.join();
  BOOST_TEST(wrong == 0);
}
