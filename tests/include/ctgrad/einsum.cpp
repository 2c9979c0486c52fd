// Einstein's summation and batched products, against loops over all letters in double.
// The reference knows nothing of graphs: it reads the subscripts and adds products one by one.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE einsum
#include <ctgrad/ctgrad.hpp>
#include <ctgrad/einsum.hpp>

#include "../../arrays.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <map>
#include <string>
#include <vector>

namespace ct = ctgrad;
using namespace ct::literals;
using ct::test::filled, ct::test::near;

namespace {

/// An operand of the reference: its letters, its elements in row-major order.
struct term {
  std::string letters;
  std::vector<std::int64_t> extents;
  std::vector<double> elements;
};
template <class T, std::size_t Rank>
term term_of(std::string letters, ct::view<T, Rank> const& x) {
  term t{std::move(letters), {x.shape().begin(), x.shape().end()}, {}};
  for (auto const a = ct::array<std::remove_const_t<T>, Rank>(x); auto const e : std::vector<double>(a.data(), a.data() + a.size())) t.elements.push_back(e);
  return t;
}

/// Elements, and how far apart they are along each letter.
struct walked {
  double const* element;
  std::int64_t stride[128]{};

  walked(std::string const& letters, std::vector<std::int64_t> const& extents, double const* elements) : element(elements) {
    std::int64_t apart = 1;
    for (std::size_t i = letters.size(); i-- > 0; apart *= extents[i])
      if (extents[i] != 1) stride[static_cast<int>(letters[i])] += apart;
  }
};

/// The elements of the result, in row-major order. Extents of 1 are repeated. (Plain arrays in the loop: it runs millions of times, without optimisation too.)
std::vector<double> reference(std::vector<term> const& terms, std::string const& result) {
  std::map<char, std::int64_t> extents;
  for (term const& t : terms)
    for (std::size_t i = 0; i < t.letters.size(); ++i) {
      auto& e = extents.try_emplace(t.letters[i], 1).first->second;
      if (e == 1) e = t.extents[i];
    }
  std::int64_t count = 1, steps = 1;
  std::vector<std::int64_t> result_extents;
  for (char c : result) count *= extents[c], result_extents.push_back(extents[c]);
  std::vector<double> sums(static_cast<std::size_t>(count), 0.0);
  int letters[8]{}, letter_count = 0, walks = 0;
  std::int64_t extent_of[8]{};
  for (auto [letter, e] : extents) letters[letter_count] = letter, extent_of[letter_count++] = e, steps *= e;
  walked const to(result, result_extents, sums.data());
  std::vector<walked> all;
  for (term const& t : terms) all.emplace_back(t.letters, t.extents, t.elements.data()), ++walks;
  walked const* const from = all.data();
  for (std::int64_t step = 0; step < steps; ++step) {
    std::int64_t rest = step, place = 0, places[4]{};
    for (int l = 0; l < letter_count; ++l) {
      std::int64_t const at = rest % extent_of[l];
      rest /= extent_of[l];
      place += at * to.stride[letters[l]];
      for (int w = 0; w < walks; ++w) places[w] += at * from[w].stride[letters[l]];
    }
    double factor = 1;
    for (int w = 0; w < walks; ++w) factor *= from[w].element[places[w]];
    sums[static_cast<std::size_t>(place)] += factor;
  }
  return sums;
}

constexpr auto B = ct::dim("B"_s);
constexpr auto N = ct::dim("N"_s);
constexpr auto K = ct::dim("K"_s);
constexpr auto M = ct::dim("M"_s);

/// The einsum of two arrays, eagerly, and what loops give.
template <class Subscripts, class X, class Y>
boost::test_tools::predicate_result same(Subscripts subscripts, std::string const& left, X const& x, std::string const& right, Y const& y, std::string const& result, double tolerance = 1e-12) {
  auto const seen = ct::einsum(subscripts, x, y);
  return near(seen, reference({term_of(left, view_of(x)), term_of(right, view_of(y))}, result), tolerance);
}
template <class Subscripts, class X>
boost::test_tools::predicate_result same(Subscripts subscripts, std::string const& letters, X const& x, std::string const& result) {
  auto const seen = ct::einsum(subscripts, x);
  return near(seen, reference({term_of(letters, view_of(x))}, result), 1e-12);
}

struct extents {
  int b, n, k, m;
};
// One, none, and sizes that are multiples of nothing; large enough for several threads at the end.
constexpr extents some_extents[] = {{1, 1, 1, 1}, {2, 3, 4, 5}, {0, 3, 4, 5}, {3, 0, 4, 5}, {3, 2, 0, 5}, {3, 2, 4, 0}, {7, 1, 9, 3}, {1, 17, 33, 5}, {5, 16, 1, 32}, {40, 33, 65, 31}};

}  // namespace

BOOST_AUTO_TEST_CASE(products_of_two) {
  for (auto [b, n, k, m] : some_extents) {
    BOOST_TEST_CONTEXT(b << ", " << n << ", " << k << ", " << m) {
      auto const bnk = filled<double>(1, b, n, k), bkm = filled<double>(2, b, k, m), bmk = filled<double>(3, b, m, k), nbk = filled<double>(4, n, b, k);
      auto const km = filled<double>(5, k, m), nk = filled<double>(6, n, k), bk = filled<double>(7, b, k);
      BOOST_TEST(same("bij,bjk->bik"_s, "bij", bnk, "bjk", bkm, "bik"));
      BOOST_TEST(same("bij,bkj->bik"_s, "bij", bnk, "bkj", bmk, "bik"));
      BOOST_TEST(same("bij,bkj->ikb"_s, "bij", bnk, "bkj", bmk, "ikb"));
      BOOST_TEST(same("bij,jk->bik"_s, "bij", bnk, "jk", km, "bik"));      // rows of two axes that are one
      BOOST_TEST(same("ibj,jk->ikb"_s, "ibj", nbk, "jk", km, "ikb"));      // and two that are not
      BOOST_TEST(same("ij,bjk->bik"_s, "ij", nk, "bjk", bkm, "bik"));
      BOOST_TEST(same("bij,bjk->ik"_s, "bij", bnk, "bjk", bkm, "ik"));     // two axes summed over
      // A batch, and a sum that lies in no other: products that are added up, each batch its own.
      auto const bxnk = filled<double>(8, b, 3, n, k), bxkm = filled<double>(9, b, 3, k, m);
      BOOST_TEST(same("bxij,bxjk->bik"_s, "bxij", bxnk, "bxjk", bxkm, "bik"));
      BOOST_TEST(same("bij,bj->bi"_s, "bij", bnk, "bj", bk, "bi"));        // vectors
      BOOST_TEST(same("bij,bj->bij"_s, "bij", bnk, "bj", bk, "bij"));      // nothing summed
      BOOST_TEST(same("ij,kl->ikjl"_s, "ij", nk, "kl", km, "ikjl"));
      BOOST_TEST(same("bij,bjk->bi"_s, "bij", bnk, "bjk", bkm, "bi"));     // a letter of one operand only, summed before
      BOOST_TEST(same("bij,bjk"_s, "bij", bnk, "bjk", bkm, "ik"));         // no arrow
      BOOST_TEST(same(" ca , ab "_s, "ca", nk, "ab", km, "bc"));
      BOOST_TEST(same("Bij,Bjk->Bik"_s, "Bij", bnk, "Bjk", bkm, "Bik"));
    }
  }
}

// Views of any strides: rows apart, columns apart, reversed, and one element seen everywhere.
BOOST_AUTO_TEST_CASE(products_of_views) {
  int const b = 5, n = 6, k = 7, m = 8;
  auto const x = filled<double>(1, 2 * b, 2 * n, 2 * k), y = filled<double>(2, k, b, m);
  auto const apart = x.slice(0, 0, 2 * b, 2).slice(1, 0, n).slice(2, 0, k), columns = x.slice(0, 0, b).slice(1, 0, n).slice(2, 0, 2 * k, 2);
  auto const back = x.slice(0, 0, b).slice(1, 0, n).slice(2, k - 1, std::nullopt, -1), one = x.slice(0, 0, 1).slice(1, 0, 1).slice(2, 0, 1).expand(b, n, k);
  for (auto const& view : std::array{apart, columns, back, one}) {
    BOOST_TEST(same("bij,jbk->bik"_s, "bij", view, "jbk", y, "bik"));
    BOOST_TEST(same("bij,jbk->ki"_s, "bij", view, "jbk", y, "ki"));
    BOOST_TEST(same("bij,jck->bcik"_s, "bij", view, "jck", y, "bcik"));
  }
}

BOOST_AUTO_TEST_CASE(one_operand_and_three) {
  auto const x = filled<double>(1, 4, 5, 4);
  auto const y = filled<double>(2, 4, 3), z = filled<double>(3, 3, 5), s = filled<double>(4, 6, 6), a = filled<double>(6, 3, 6);
  auto const v = filled<double>(5, 6);
  BOOST_TEST(same("abc->cab"_s, "abc", x, "cab"));
  BOOST_TEST(same("abc->b"_s, "abc", x, "b"));
  BOOST_TEST(same("abc->"_s, "abc", x, ""));
  BOOST_TEST(same("cba"_s, "cba", x, "abc"));
  BOOST_TEST(same("ii->i"_s, "ii", s, "i"));
  BOOST_TEST(same("ii"_s, "ii", s, ""));
  BOOST_TEST(same("aba->ba"_s, "aba", x, "ba"));
  BOOST_TEST(same("ii,i->i"_s, "ii", s, "i", v, "i"));
  auto const three = ct::einsum("abc,cd,db->ad"_s, x, y, z);
  BOOST_TEST(near(three, reference({term_of("abc", x.view()), term_of("cd", y.view()), term_of("db", z.view())}, "ad"), 1e-12));
  auto const chain = ct::einsum("ai,ij,j->a"_s, a, s, v);
  BOOST_TEST(near(chain, reference({term_of("ai", a.view()), term_of("ij", s.view()), term_of("j", v.view())}, "a"), 1e-12));
}

// NaN and infinity next to a diagonal stay out of it.
BOOST_AUTO_TEST_CASE(diagonals_read_nothing_else) {
  auto x = filled<double>(1, 3, 3);
  x(0, 1) = ct::test::not_a_number, x(2, 0) = ct::test::infinity;
  auto const seen = ct::einsum("ii->i"_s, x);
  for (int i = 0; i < 3; ++i) BOOST_TEST(seen(i) == x(i, i));
}

BOOST_AUTO_TEST_CASE(integers_wrap_and_floats_round) {
  auto const x = filled<std::int32_t>(1, 3, 4, 5), y = filled<std::int32_t>(2, 3, 5, 2);
  BOOST_TEST(same("bij,bjk->bik"_s, "bij", x, "bjk", y, "bik", 0));
  static_assert(std::is_same_v<decltype(ct::matmul(x, y)), ct::array<std::int32_t, 3>>);
  auto const f = filled<float>(3, 3, 40, 50), g = filled<float>(4, 3, 50, 20);
  BOOST_TEST(same("bij,bjk->bik"_s, "bij", f, "bjk", g, "bik", 2e-7 * 50 * 4));
  auto const d = filled<double>(5, 3, 4, 5);
  auto const mixed = ct::einsum("bij,bjk->bik"_s, d, y);
  BOOST_TEST(near(mixed, reference({term_of("bij", d.view()), term_of("bjk", y.view())}, "bik"), 1e-13));
}

// NumPy's rule: the last two axes are matrices, those before them are repeated.
BOOST_AUTO_TEST_CASE(matmul_of_more_axes) {
  auto const matrix = filled<double>(1, 2, 3);
  auto const batch = filled<double>(2, 4, 3, 5), one = filled<double>(3, 1, 3, 5), left = filled<double>(4, 4, 2, 3);
  auto const four = filled<double>(5, 6, 1, 2, 3);
  auto const v = filled<double>(6, 3);
  auto const is = [](auto const& seen, std::vector<term> const& terms, std::string const& result) { return near(seen, reference(terms, result), 1e-13); };
  BOOST_TEST(is(ct::matmul(matrix, batch), {term_of("ij", matrix.view()), term_of("bjk", batch.view())}, "bik"));
  BOOST_TEST(is(ct::matmul(left, batch), {term_of("bij", left.view()), term_of("bjk", batch.view())}, "bik"));
  BOOST_TEST(is(ct::matmul(left, one), {term_of("bij", left.view()), term_of("bjk", one.view())}, "bik"));
  BOOST_TEST(is(ct::matmul(four, batch), {term_of("abij", four.view()), term_of("bjk", batch.view())}, "abik"));
  BOOST_TEST(is(ct::matmul(left, v), {term_of("bij", left.view()), term_of("j", v.view())}, "bi"));
  BOOST_TEST(is(ct::matmul(v, batch), {term_of("j", v.view()), term_of("bjk", batch.view())}, "bk"));
  BOOST_TEST(is(ct::matmul(batch.permute(0, 2, 1), batch), {term_of("bji", batch.view()), term_of("bjk", batch.view())}, "bik"));
  // PyTorch: torch.matmul(b, c.t().unsqueeze(0)) of the notebook.
  auto const notebook = ct::matmul(ct::array<std::int64_t, 2>{{1, 0, 1}, {2, 1, 1}}, ct::array<std::int64_t, 2>{{0, 1, 0}, {1, 1, 1}}.t().unsqueeze(0));
  static_assert(std::is_same_v<decltype(notebook), ct::array<std::int64_t, 3> const>);
  BOOST_TEST((notebook.shape() == std::array<std::int64_t, 3>{1, 2, 2}));
  BOOST_TEST((notebook(0, 0, 0) == 0 && notebook(0, 0, 1) == 2 && notebook(0, 1, 0) == 1 && notebook(0, 1, 1) == 4));
  BOOST_CHECK_THROW(ct::matmul(left, filled<double>(1, 3, 3, 5)), ct::shape_error);  // a batch of 4 and one of 3
  BOOST_CHECK_THROW(ct::matmul(left, filled<double>(1, 4, 2, 5)), ct::shape_error);
}

namespace {
constexpr auto x = ct::tensor<double>("x"_s, B, N, K);
constexpr auto y = ct::tensor<double>("y"_s, B, K, M);
constexpr auto w = ct::tensor<double>("w"_s, K, M);
constexpr auto s = ct::tensor<double>("s"_s, 3_c, 3_c);
constexpr auto one = ct::tensor<double>("one"_s, 1_c, K, M);

// The types and shapes.
static_assert(decltype(ct::einsum("bij,bjk->ikb"_s, x, y))::type.s.rank == 3 && decltype(ct::matmul(x, w))::type.s.rank == 3 && decltype(ct::einsum("bij,bjk->"_s, x, y))::type.s.rank == 0);
// Over the reals, one notation is as good as the other.
static_assert(ct::equivalent(ct::einsum("bij,bjk->bik"_s, x, y), ct::matmul(x, y)));
static_assert(ct::equivalent(ct::einsum("kj,ij->ik"_s, w, w), ct::transpose(ct::matmul(w, ct::transpose(w)))));
static_assert(ct::equivalent(ct::einsum("bij->ji"_s, x), ct::transpose(ct::sum(x, 0_c))));
static_assert(!ct::equivalent(ct::einsum("ij,kj->ik"_s, s, s), ct::einsum("ij,jk->ik"_s, s, s)));
static_assert(ct::equivalent(ct::grad(ct::sum(ct::einsum("bij,bjk->bik"_s, x, y)), x), ct::grad(ct::sum(ct::matmul(x, y)), x)));
// In the compiler.
constexpr auto two = std::array{std::array{std::array{0.1, -0.2}, std::array{0.3, 0.5}}, std::array{std::array{-0.4, 0.7}, std::array{0.9, -0.6}}};
constexpr auto flat = std::array{std::array{0.3, 0.2, -0.1}, std::array{0.5, 0.8, 0.4}};
constexpr auto square = std::array{std::array{1.0, 2.0, 3.0}, std::array{4.0, 5.0, 6.0}, std::array{7.0, 8.0, 9.0}};
static_assert(ct::evaluate(ct::einsum("ii"_s, s), s = square) == 15.0);
static_assert(ct::evaluate(ct::einsum("ij,ij->"_s, s, s), s = square) == 285.0);
static_assert(ct::evaluate(ct::sum(ct::grad(ct::einsum("ii"_s, s), s)), s = square) == 3.0);
static_assert(ct::gradient_check(ct::sum(ct::tanh(ct::matmul(x, w))), x = two, w = flat));
static_assert(ct::gradient_check(ct::sum(ct::tanh(ct::einsum("bij,bkj->kib"_s, x, x))), x = two));
static_assert(ct::gradient_check(ct::einsum("ii,ij,jk->"_s, s, s, s), s = square));
static_assert(ct::gradient_check(ct::sum(ct::tanh(ct::matmul(x, one))), x = two, one = std::array<std::remove_const_t<decltype(flat)>, 1>{flat}));

// One product for each: of the value, and of each gradient; nothing is moved for it.
constexpr auto loss = ct::sum(ct::tanh(ct::matmul(x, y)));
constexpr auto step = ct::compile(loss, ct::grad(loss, x, y));
static_assert(ct::report(step).products == 3);
constexpr auto attention = ct::matmul(ct::softmax(ct::matmul(x, ct::einsum("bij->bji"_s, x))), x);
static_assert(ct::report(ct::compile(attention)).products == 2 && ct::report(ct::compile(attention)).nests == 1);
static_assert(ct::report(step).flops(B = 2, N = 3, K = 4, M = 5) >= 3 * 2 * 2 * 3 * 4 * 5);
}  // namespace

// Gradients at run time, against central differences in the reference.
BOOST_AUTO_TEST_CASE(gradients_of_batched_products) {
  constexpr auto value = ct::sum(ct::einsum("bij,bjk->kib"_s, x, y) * ct::einsum("bij,jk->kib"_s, x, w));
  constexpr auto all = ct::compile(value, ct::grad(value, x, y, w));
  auto const x0 = filled<double>(1, 3, 4, 5), y0 = filled<double>(2, 3, 5, 2);
  auto const w0 = filled<double>(3, 5, 2);
  auto const value_of = [&](auto const& x1, auto const& y1, auto const& w1) {
    auto const a = reference({term_of("bij", x1.view()), term_of("bjk", y1.view())}, "kib"), b = reference({term_of("bij", x1.view()), term_of("jk", w1.view())}, "kib");
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
  };
  auto const [v, dx, dy, dw] = all(x = x0, y = y0, w = w0);
  BOOST_TEST(near(v, value_of(x0, y0, w0), 1e-13));
  auto const slope = [&](auto& place, auto value_now) {
    double const before = place;
    place = before + 1e-4;
    double const high = value_now();
    place = before - 1e-4;
    double const low = value_now();
    place = before;
    return (high - low) / 2e-4;
  };
  auto x1 = x0;
  auto y1 = y0;
  auto w1 = w0;
  for (std::int64_t i = 0; i < x0.size(); ++i) BOOST_TEST(near(dx.data()[i], slope(x1.data()[i], [&] { return value_of(x1, y1, w1); }), 1e-8));
  for (std::int64_t i = 0; i < y0.size(); ++i) BOOST_TEST(near(dy.data()[i], slope(y1.data()[i], [&] { return value_of(x1, y1, w1); }), 1e-8));
  for (std::int64_t i = 0; i < w0.size(); ++i) BOOST_TEST(near(dw.data()[i], slope(w1.data()[i], [&] { return value_of(x1, y1, w1); }), 1e-8));
}

// Gradients are added to what is there; sums over two axes do it once.
BOOST_AUTO_TEST_CASE(products_are_added_to_gradients) {
  constexpr auto value = ct::sum(ct::matmul(x, w));
  constexpr auto backward = ct::backward(value, x, w);
  auto params = ct::parameters(x = filled<double>(1, 3, 4, 5), w = filled<double>(2, 5, 2));
  backward(params), backward(params);
  auto const& x0 = params[x].value;
  for (int j = 0; j < 5; ++j)
    for (int k = 0; k < 2; ++k) {
      double sum = 0;
      for (int b = 0; b < 3; ++b)
        for (int i = 0; i < 4; ++i) sum += x0(b, i, j);
      BOOST_TEST(near(params[w].grad(j, k), 2 * sum, 1e-13));
    }
}

// Results that are views of any strides.
BOOST_AUTO_TEST_CASE(products_into_views) {
  constexpr auto product = ct::matmul(x, y);
  constexpr auto program = ct::compile(product);
  auto const x0 = filled<double>(1, 3, 4, 5), y0 = filled<double>(2, 3, 5, 2);
  auto const expected = reference({term_of("bij", x0.view()), term_of("bjk", y0.view())}, "bik");
  auto space = program.workspace(B = 3, N = 4, K = 5, M = 2);
  auto wide = ct::zeros<double>(6, 8, 4), turned = ct::zeros<double>(2, 3, 4);
  for (auto out : std::array{wide.slice(0, 0, 6, 2).slice(1, 0, 4).slice(2, 0, 2), wide.slice(0, 3, 6).slice(1, 0, 8, 2).slice(2, 0, 4, 2), turned.view().permute(1, 2, 0)}) {
    program.into(space, x = x0, y = y0, product = out);
    BOOST_TEST(near(ct::array<double, 3>(out), expected, 1e-13));
  }
}

BOOST_AUTO_TEST_CASE(traced_functions) {
  constexpr auto f = ct::fn([](auto a, auto b) { return ct::sum(ct::einsum("bij,bjk->bik"_s, a, b) * 2.0); });
  static_assert(ct::equivalent(f(x, y), 2_c * ct::sum(ct::matmul(x, y))));
}
