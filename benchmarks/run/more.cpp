// Programs of whole rows and products, each against a loop written by hand: where ctgrad's loops are slower than they should be.
//
// SPDX-License-Identifier: BSL-1.0
#include "hand.hpp"
#include "paired.hpp"

#include <ctgrad/ctgrad.hpp>

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#if defined(CTGRAD_USE_CBLAS) && CTGRAD_USE_CBLAS
#include <cblas.h>
#endif

namespace {

namespace ct = ctgrad;
using namespace ct::literals;
using hand::batch, hand::lanes;

std::vector<float> random_floats(std::size_t n, unsigned seed, float scale = 1) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, scale);
  std::vector<float> x(n);
  for (auto& v : x) v = normal(random);
  return x;
}
void require_close(char const* what, float const* a, float const* b, std::size_t n, double tolerance, double scale) {
  for (std::size_t i = 0; i < n; ++i) paired::require_close(what, a[i], b[i], tolerance, scale);
}
batch at(float const* p) { return batch::load_unaligned(p); }

constexpr auto N = ct::dim("N"_s);
constexpr auto C = ct::dim("C"_s);
constexpr auto X = ct::tensor<float>("X"_s, N, C);
constexpr std::int64_t rows = 8192, columns = 1024;
using matrix = ct::view<float, 2>;
using constant_matrix = ct::view<float const, 2>;

// Softmax of rows: largest, sum of exponentials, quotient, while the row is in L1.

constexpr auto soft = ct::softmax(X);
constexpr auto softmax = ct::compile(soft);

[[gnu::noinline]] void softmax_by_hand(float const* in, float* out) {
  for (std::int64_t r = 0; r < rows; ++r, in += columns, out += columns) {
    batch m0 = at(in), m1 = at(in + lanes);
    for (std::int64_t i = 0; i < columns; i += 2 * lanes) m0 = xsimd::max(m0, at(in + i)), m1 = xsimd::max(m1, at(in + i + lanes));
    batch const m(hand::largest_lane(xsimd::max(m0, m1)));
    batch s0(0.0f), s1(0.0f);
    for (std::int64_t i = 0; i < columns; i += 2 * lanes) {
      batch const e0 = xsimd::exp(at(in + i) - m), e1 = xsimd::exp(at(in + i + lanes) - m);
      e0.store_unaligned(out + i), e1.store_unaligned(out + i + lanes);
      s0 += e0, s1 += e1;
    }
    batch const q(1.0f / hand::sum_of_lanes(s0 + s1));
    for (std::int64_t i = 0; i < columns; i += lanes) (at(out + i) * q).store_unaligned(out + i);
  }
}
void run_softmax(benchmark::State& state) {
  auto const in = random_floats(rows * columns, 1);
  std::vector<float> ours(in.size()), theirs(in.size());
  auto space = softmax.workspace(N = rows, C = columns);
  auto with_ctgrad = [&] { softmax.into(space, X = constant_matrix(in.data(), {rows, columns}), soft = matrix(ours.data(), {rows, columns})); };
  auto by_hand = [&] { softmax_by_hand(in.data(), theirs.data()); };
  with_ctgrad(), by_hand();
  require_close("softmax", ours.data(), theirs.data(), ours.size(), 1e-4, 1e-6);
  paired::compare(state, 8.0 * rows * columns, with_ctgrad, by_hand);
}

// Cross-entropy of rows with its gradient.

constexpr auto labels = ct::tensor<std::int32_t>("labels"_s, N);
constexpr auto entropy = ct::cross_entropy(X, labels);
constexpr auto d_logits = ct::grad(entropy, X);
constexpr auto cross_entropy = ct::compile(entropy, d_logits);

[[gnu::noinline]] float cross_entropy_by_hand(float const* in, std::int32_t const* label, float* out) {
  double total = 0;
  float const share = 1.0f / rows;
  for (std::int64_t r = 0; r < rows; ++r, in += columns, out += columns) {
    batch m0 = at(in), m1 = at(in + lanes);
    for (std::int64_t i = 0; i < columns; i += 2 * lanes) m0 = xsimd::max(m0, at(in + i)), m1 = xsimd::max(m1, at(in + i + lanes));
    float const m = hand::largest_lane(xsimd::max(m0, m1));
    batch s0(0.0f), s1(0.0f);
    for (std::int64_t i = 0; i < columns; i += 2 * lanes) {
      batch const e0 = xsimd::exp(at(in + i) - batch(m)), e1 = xsimd::exp(at(in + i + lanes) - batch(m));
      e0.store_unaligned(out + i), e1.store_unaligned(out + i + lanes);
      s0 += e0, s1 += e1;
    }
    float const s = hand::sum_of_lanes(s0 + s1);
    total += std::log(s) + m - in[label[r]];
    batch const q(share / s);
    for (std::int64_t i = 0; i < columns; i += lanes) (at(out + i) * q).store_unaligned(out + i);
    out[label[r]] -= share;
  }
  return static_cast<float>(total / rows);
}
void run_cross_entropy(benchmark::State& state) {
  auto const in = random_floats(rows * columns, 1);
  std::vector<std::int32_t> label(rows);
  for (std::int64_t i = 0; i < rows; ++i) label[i] = static_cast<std::int32_t>(i * 7919 % columns);
  std::vector<float> ours(in.size()), theirs(in.size());
  float l = 0, k = 0;
  auto space = cross_entropy.workspace(N = rows, C = columns);
  auto with_ctgrad = [&] {
    cross_entropy.into(space, X = constant_matrix(in.data(), {rows, columns}), labels = label, entropy = l, d_logits = matrix(ours.data(), {rows, columns}));
  };
  auto by_hand = [&] { k = cross_entropy_by_hand(in.data(), label.data(), theirs.data()); };
  with_ctgrad(), by_hand();
  paired::require_close("cross-entropy", l, k, 1e-5);
  require_close("its gradient", ours.data(), theirs.data(), ours.size(), 1e-3, 1e-7);
  paired::compare(state, 8.0 * rows * columns, with_ctgrad, by_hand);
}

// Sums of columns.

constexpr auto column_sum = ct::sum(X, 0_c);
constexpr auto sum_columns = ct::compile(column_sum);

[[gnu::noinline]] void sum_columns_by_hand(float const* in, float* out) {
  std::fill(out, out + columns, 0.0f);
  for (std::int64_t r = 0; r + 4 <= rows; r += 4, in += 4 * columns)
    for (std::int64_t i = 0; i < columns; i += lanes)
      (at(out + i) + ((at(in + i) + at(in + columns + i)) + (at(in + 2 * columns + i) + at(in + 3 * columns + i)))).store_unaligned(out + i);
}
void run_sum_columns(benchmark::State& state) {
  auto const in = random_floats(rows * columns, 1);
  std::vector<float> ours(columns), theirs(columns);
  auto space = sum_columns.workspace(N = rows, C = columns);
  auto with_ctgrad = [&] { sum_columns.into(space, X = constant_matrix(in.data(), {rows, columns}), column_sum = ours); };
  auto by_hand = [&] { sum_columns_by_hand(in.data(), theirs.data()); };
  with_ctgrad(), by_hand();
  require_close("column sum", ours.data(), theirs.data(), columns, 1e-4, 10);
  paired::compare(state, 4.0 * rows * columns, with_ctgrad, by_hand);
}

// Layer norm and GELU.

constexpr auto scale = ct::tensor<float>("scale"_s, C);
constexpr auto shift = ct::tensor<float>("shift"_s, C);
constexpr auto centred = X - ct::mean(X, 1_c, ct::keepdim);
constexpr auto normal = centred * ct::rsqrt(ct::mean(centred * centred, 1_c, ct::keepdim) + 1e-5_c);
constexpr auto activated = ct::gelu(normal * scale + shift);
constexpr auto norm_gelu = ct::compile(activated);

[[gnu::noinline]] void norm_gelu_by_hand(float const* in, float const* scale, float const* shift, float* out) {
  batch const half(0.5f), one(1.0f), root(0.70710678f);
  for (std::int64_t r = 0; r < rows; ++r, in += columns, out += columns) {
    batch s0(0.0f), s1(0.0f);
    for (std::int64_t i = 0; i < columns; i += 2 * lanes) s0 += at(in + i), s1 += at(in + i + lanes);
    batch const mean(hand::sum_of_lanes(s0 + s1) / columns);
    s0 = s1 = batch(0.0f);
    for (std::int64_t i = 0; i < columns; i += 2 * lanes) {
      batch const a = at(in + i) - mean, b = at(in + i + lanes) - mean;
      s0 = xsimd::fma(a, a, s0), s1 = xsimd::fma(b, b, s1);
    }
    batch const q(1.0f / std::sqrt(hand::sum_of_lanes(s0 + s1) / columns + 1e-5f));
    for (std::int64_t i = 0; i < columns; i += lanes) {
      batch const t = xsimd::fma((at(in + i) - mean) * q, at(scale + i), at(shift + i));
      (half * t * (one + xsimd::erf(t * root))).store_unaligned(out + i);
    }
  }
}
void run_norm_gelu(benchmark::State& state) {
  auto const in = random_floats(rows * columns, 1), s = random_floats(columns, 2), t = random_floats(columns, 3);
  std::vector<float> ours(in.size()), theirs(in.size());
  auto space = norm_gelu.workspace(N = rows, C = columns);
  auto with_ctgrad = [&] { norm_gelu.into(space, X = constant_matrix(in.data(), {rows, columns}), scale = s, shift = t, activated = matrix(ours.data(), {rows, columns})); };
  auto by_hand = [&] { norm_gelu_by_hand(in.data(), s.data(), t.data(), theirs.data()); };
  with_ctgrad(), by_hand();
  require_close("layer norm and GELU", ours.data(), theirs.data(), ours.size(), 1e-3, 1e-2);
  paired::compare(state, 8.0 * rows * columns, with_ctgrad, by_hand);
}

// Logistic regression over rows of few columns, which are known at run time only: loss and gradient. By hand, scores of a block of rows stand beside each other, and
// the last pack of a row is filled up.

constexpr std::int64_t small_rows = 1000;
constexpr auto weights = ct::tensor<float>("weights"_s, C);
constexpr auto answers = ct::tensor<float>("answers"_s, N);
constexpr auto score = ct::sigmoid(ct::matmul(X, weights));
constexpr auto likelihood = -ct::mean(answers * ct::log(score) + (1_c - answers) * ct::log(1_c - score));
constexpr auto d_weights = ct::grad(likelihood, weights);
constexpr auto logistic = ct::compile(likelihood, d_weights);

[[gnu::noinline]] float logistic_by_hand(float const* x, float const* w, float const* y, std::int64_t n, std::int64_t d, float* gradient) {
  constexpr std::int64_t most = 8;  // packs of a row
  std::int64_t const packs = (d + lanes - 1) / lanes;
  batch wide[most], sum[most];
  auto load = [&](float const* row, std::int64_t k) {
    if ((k + 1) * lanes <= d) return at(row + k * lanes);
    alignas(64) float rest[lanes]{};
    std::memcpy(rest, row + k * lanes, sizeof(float) * static_cast<std::size_t>(d - k * lanes));
    return batch::load_aligned(rest);
  };
  for (std::int64_t k = 0; k < packs; ++k) wide[k] = load(w, k), sum[k] = batch(0.0f);
  double total = 0;
  float const share = 1.0f / static_cast<float>(n);
  for (std::int64_t i = 0; i < n; i += lanes) {
    std::int64_t const count = std::min<std::int64_t>(lanes, n - i);
    alignas(64) float z[lanes]{}, label[lanes]{}, slope[lanes], loss[lanes];
    for (std::int64_t r = 0; r < count; ++r) {
      batch s(0.0f);
      for (std::int64_t k = 0; k < packs; ++k) s = xsimd::fma(load(x + (i + r) * d, k), wide[k], s);
      z[r] = hand::sum_of_lanes(s), label[r] = y[i + r];
    }
    batch const score = batch::load_aligned(z), answer = batch::load_aligned(label), zero(0.0f), one(1.0f), e = xsimd::exp(zero - xsimd::abs(score));
    (xsimd::log1p(e) + xsimd::max(score, zero) - answer * score).store_aligned(loss);
    ((xsimd::select(score >= zero, one, e) / (one + e) - answer) * share).store_aligned(slope);
    for (std::int64_t r = 0; r < count; ++r) {
      total += loss[r];
      for (std::int64_t k = 0; k < packs; ++k) sum[k] = xsimd::fma(load(x + (i + r) * d, k), batch(slope[r]), sum[k]);
    }
  }
  for (std::int64_t k = 0; k < packs; ++k) {
    alignas(64) float rest[lanes];
    sum[k].store_aligned(rest);
    std::memcpy(gradient + k * lanes, rest, sizeof(float) * static_cast<std::size_t>(std::min<std::int64_t>(lanes, d - k * lanes)));
  }
  return static_cast<float>(total / static_cast<double>(n));
}
template <std::int64_t Columns>
void run_small_rows(benchmark::State& state) {
  auto const in = random_floats(small_rows * Columns, 1), w = random_floats(Columns, 2, 0.3f);
  auto y = random_floats(small_rows, 3);
  for (float& v : y) v = v > 0 ? 1.0f : 0.0f;
  std::vector<float> ours(w.size()), theirs(w.size());
  float a = 0, b = 0;
  auto space = logistic.workspace(N = small_rows, C = Columns);
  auto with_ctgrad = [&] { logistic.into(space, X = constant_matrix(in.data(), {small_rows, Columns}), weights = w, answers = y, likelihood = a, d_weights = ours); };
  auto by_hand = [&] { b = logistic_by_hand(in.data(), w.data(), y.data(), small_rows, Columns, theirs.data()); };
  with_ctgrad(), by_hand();
  paired::require_close("loss", a, b, 1e-5);
  require_close("gradient", ours.data(), theirs.data(), ours.size(), 1e-3, 1e-3);
  paired::compare(state, 0, with_ctgrad, by_hand);
}

#if defined(CTGRAD_USE_CBLAS) && CTGRAD_USE_CBLAS
// One step of a 784-128-10 network on 64 images: loss and the four gradients.

constexpr std::int64_t images = 64, in_size = 784, hidden_size = 128, classes = 10;
constexpr auto pictures = ct::tensor<float>("pictures"_s, N, 784_c);
constexpr auto W1 = ct::tensor<float>("W1"_s, 784_c, 128_c);
constexpr auto b1 = ct::tensor<float>("b1"_s, 128_c);
constexpr auto W2 = ct::tensor<float>("W2"_s, 128_c, 10_c);
constexpr auto b2 = ct::tensor<float>("b2"_s, 10_c);
constexpr auto logits = ct::matmul(ct::relu(ct::matmul(pictures, W1) + b1), W2) + b2;
constexpr auto loss = ct::cross_entropy(logits, labels);
constexpr auto dW1 = ct::grad(loss, W1);
constexpr auto db1 = ct::grad(loss, b1);
constexpr auto dW2 = ct::grad(loss, W2);
constexpr auto db2 = ct::grad(loss, b2);
constexpr auto mlp = ct::compile(loss, dW1, db1, dW2, db2);

struct network {
  std::vector<float> W1 = random_floats(in_size * hidden_size, 2, 0.05f), b1 = random_floats(hidden_size, 3, 0.1f), W2 = random_floats(hidden_size * classes, 4, 0.1f),
                     b2 = random_floats(classes, 5, 0.1f);
};
void gemm(CBLAS_TRANSPOSE a, CBLAS_TRANSPOSE b, std::int64_t m, std::int64_t n, std::int64_t k, float const* x, float const* y, float* z) {
  cblas_sgemm(CblasRowMajor, a, b, static_cast<int>(m), static_cast<int>(n), static_cast<int>(k), 1.0f, x, static_cast<int>(a == CblasTrans ? m : k), y,
              static_cast<int>(b == CblasTrans ? k : n), 0.0f, z, static_cast<int>(n));
}
float mlp_by_hand(float const* x, std::int32_t const* label, network const& w, network& d) {
  static float h[images * hidden_size], dh[images * hidden_size], o[images * classes];
  gemm(CblasNoTrans, CblasNoTrans, images, hidden_size, in_size, x, w.W1.data(), h);
  batch const zero(0.0f);
  for (std::int64_t r = 0; r < images; ++r)
    for (std::int64_t i = 0; i < hidden_size; i += lanes) xsimd::max(at(h + r * hidden_size + i) + at(w.b1.data() + i), zero).store_unaligned(h + r * hidden_size + i);
  gemm(CblasNoTrans, CblasNoTrans, images, classes, hidden_size, h, w.W2.data(), o);
  double total = 0;
  std::fill(d.b2.begin(), d.b2.end(), 0.0f), std::fill(d.b1.begin(), d.b1.end(), 0.0f);
  for (std::int64_t r = 0; r < images; ++r) {
    float* row = o + r * classes;
    float m = -INFINITY, s = 0;
    for (std::int64_t i = 0; i < classes; ++i) row[i] += w.b2[i], m = std::max(m, row[i]);
    float const chosen = row[label[r]];
    for (std::int64_t i = 0; i < classes; ++i) s += row[i] = std::exp(row[i] - m);
    total += std::log(s) + m - chosen;
    for (std::int64_t i = 0; i < classes; ++i) row[i] = (row[i] / s - (i == label[r] ? 1.0f : 0.0f)) / images, d.b2[i] += row[i];
  }
  gemm(CblasTrans, CblasNoTrans, hidden_size, classes, images, h, o, d.W2.data());
  gemm(CblasNoTrans, CblasTrans, images, hidden_size, classes, o, w.W2.data(), dh);
  for (std::int64_t r = 0; r < images; ++r)
    for (std::int64_t i = 0; i < hidden_size; i += lanes) {
      batch const g = xsimd::select(at(h + r * hidden_size + i) > zero, at(dh + r * hidden_size + i), zero);
      g.store_unaligned(dh + r * hidden_size + i);
      (at(d.b1.data() + i) + g).store_unaligned(d.b1.data() + i);
    }
  gemm(CblasTrans, CblasNoTrans, in_size, hidden_size, images, x, dh, d.W1.data());
  return static_cast<float>(total / images);
}
void run_mlp(benchmark::State& state) {
  auto const x = random_floats(images * in_size, 1);
  std::vector<std::int32_t> label(images);
  for (std::int64_t i = 0; i < images; ++i) label[i] = static_cast<std::int32_t>(i * 7 % classes);
  network const w;
  network ours, theirs;
  float l = 0, k = 0;
  auto space = mlp.workspace(N = images);
  auto with_ctgrad = [&] {
    mlp.into(space, pictures = constant_matrix(x.data(), {images, in_size}), labels = label, W1 = constant_matrix(w.W1.data(), {in_size, hidden_size}), b1 = w.b1,
             W2 = constant_matrix(w.W2.data(), {hidden_size, classes}), b2 = w.b2, loss = l, dW1 = matrix(ours.W1.data(), {in_size, hidden_size}), db1 = ours.b1,
             dW2 = matrix(ours.W2.data(), {hidden_size, classes}), db2 = ours.b2);
  };
  auto by_hand = [&] { k = mlp_by_hand(x.data(), label.data(), w, theirs); };
  with_ctgrad(), by_hand();
  paired::require_close("loss", l, k, 1e-4);
  require_close("dW1", ours.W1.data(), theirs.W1.data(), ours.W1.size(), 1e-2, 1e-3);
  require_close("dW2", ours.W2.data(), theirs.W2.data(), ours.W2.size(), 1e-2, 1e-3);
  require_close("db1", ours.b1.data(), theirs.b1.data(), ours.b1.size(), 1e-2, 1e-3);
  require_close("db2", ours.b2.data(), theirs.b2.data(), ours.b2.size(), 1e-2, 1e-3);
  paired::compare(state, 0, with_ctgrad, by_hand);
}
#endif

// Arrays of 16 bits against those of float, in one and the same loop, which waits for memory; the peer is ctgrad with float.

template <class T>
constexpr auto u = ct::tensor<T>("u"_s, N);
template <class T>
constexpr auto v = ct::tensor<T>("v"_s, N);
template <class T>
constexpr auto moved = u<T> + 0.25_c * v<T>;
template <class T>
void run_narrow(benchmark::State& state) {
  std::int64_t const count = 1 << 25;
  auto const x = random_floats(static_cast<std::size_t>(count), 1), y = random_floats(static_cast<std::size_t>(count), 2);
  auto narrow = [](std::vector<float> const& from) {
    std::vector<T> to(from.size());
    for (std::size_t i = 0; i < from.size(); ++i) to[i] = T(from[i]);
    return to;
  };
  auto const small_x = narrow(x), small_y = narrow(y);
  std::vector<float> wide(x.size());
  std::vector<T> result(x.size());
  ct::workspace_memory none(0);
  auto with_narrow = [&] { ct::compile(moved<T>).into(none, u<T> = small_x, v<T> = small_y, moved<T> = result); };
  auto with_float = [&] { ct::compile(moved<float>).into(none, u<float> = x, v<float> = y, moved<float> = wide); };
  with_narrow(), with_float();
  for (std::size_t i = 0; i < wide.size(); ++i) paired::require_close("moved", static_cast<float>(result[i]), wide[i], 2e-2, 1);
  paired::compare(state, static_cast<double>(3 * sizeof(T) * x.size()), with_narrow, with_float);
}

}  // namespace

int main(int argc, char** argv) {
  paired::add("softmax/8192x1024", run_softmax);
  paired::add("cross_entropy_and_gradient/8192x1024", run_cross_entropy);
  paired::add("column_sum/8192x1024", run_sum_columns);
  paired::add("layer_norm_gelu/8192x1024", run_norm_gelu);
  paired::add("logistic_regression/1000x20", run_small_rows<20>, paired::short_rounds);
  paired::add("logistic_regression/1000x32", run_small_rows<32>, paired::short_rounds);
  paired::add("logistic_regression/1000x100", run_small_rows<100>, paired::short_rounds);
  paired::add("bfloat16_for_float/32M", run_narrow<ct::bfloat16>);
  paired::add("float16_for_float/32M", run_narrow<ct::float16>);
#if defined(CTGRAD_USE_CBLAS) && CTGRAD_USE_CBLAS
  paired::add("mlp_step/784-128-10/64", run_mlp, paired::short_rounds);
#endif
  return paired::run(argc, argv);
}
