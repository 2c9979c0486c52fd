// Equality of expressions in the compiler: the textbook's table of derivatives, the rules of calculus, gradients of models by hand, and what differs.
// The right-hand sides are from Abramowitz and Stegun, Handbook of Mathematical Functions (3.3, 4.1 to 4.6, 7.1), or worked out by hand.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE equivalent
#include <ctgrad/equivalent.hpp>

#include <ctgrad/fn.hpp>
#include <ctgrad/functions.hpp>

#include <boost/test/unit_test.hpp>

namespace ct = ctgrad;
using namespace ct::literals;

namespace {

constexpr auto x = ct::scalar<double>("x"_s);
constexpr auto y = ct::scalar<double>("y"_s);
constexpr auto z = ct::scalar<double>("z"_s);

// The design's example (1.2).
namespace design {
constexpr auto f = ct::pow(x, 2_c) - 3_c;
constexpr auto g = ct::pow(f, 3_c) - 2_c * f;
static_assert(ct::equivalent(ct::grad(f, x), 2_c * x));
static_assert(ct::equivalent(ct::grad(g, x), (3_c * f * f - 2_c) * 2_c * x));
static_assert(!ct::equivalent(ct::grad(f, x), 3_c * x));
static_assert(!ct::equivalent(ct::grad(g, x), 3_c * f * f * 2_c * x));
}  // namespace design

// The table of derivatives.
template <class F>
constexpr auto d(F f) {
  return ct::grad(f, x);
}
static_assert(ct::equivalent(d(ct::pow(x, 7_c)), 7_c * ct::pow(x, 6_c)));
static_assert(ct::equivalent(d(ct::pow(x, -3_c)), -3_c / (x * x * x * x)));
static_assert(ct::equivalent(d(ct::pow(x, 1.5_c)), 1.5_c * ct::sqrt(x)));
static_assert(ct::equivalent(d(ct::pow(x, y)), y * ct::pow(x, y - 1_c)));
static_assert(ct::equivalent(ct::grad(ct::pow(x, y), y), ct::pow(x, y) * ct::log(x)));
static_assert(ct::equivalent(d(1_c / x), -1_c / (x * x)));
static_assert(ct::equivalent(d(ct::reciprocal(x)), -ct::pow(x, -2_c)));
static_assert(ct::equivalent(d(ct::sqrt(x)), 1_c / (2_c * ct::sqrt(x))));
static_assert(ct::equivalent(d(ct::rsqrt(x)), -1_c / (2_c * x * ct::sqrt(x))));
static_assert(ct::equivalent(d(ct::cbrt(x)), ct::cbrt(x) / (3_c * x)));
static_assert(ct::equivalent(d(ct::hypot(x, y)), x / ct::sqrt(x * x + y * y)));
static_assert(ct::equivalent(d(ct::exp(x)), ct::exp(x)));
static_assert(ct::equivalent(d(ct::expm1(x)), ct::exp(x)));
static_assert(ct::equivalent(d(ct::log(x)), 1_c / x));
static_assert(ct::equivalent(d(ct::log(ct::abs(x))), 1_c / x));
static_assert(ct::equivalent(d(ct::log1p(x)), 1_c / (1_c + x)));
static_assert(ct::equivalent(d(ct::sin(x)), ct::cos(x)));
static_assert(ct::equivalent(d(ct::cos(x)), -ct::sin(x)));
static_assert(ct::equivalent(d(ct::tan(x)), 1_c / (ct::cos(x) * ct::cos(x))));
static_assert(ct::equivalent(d(ct::asin(x)), 1_c / ct::sqrt(1_c - x * x)));
static_assert(ct::equivalent(d(ct::acos(x)), -1_c / ct::sqrt(1_c - x * x)));
static_assert(ct::equivalent(d(ct::atan(x)), 1_c / (1_c + x * x)));
static_assert(ct::equivalent(d(ct::atan2(x, y)), y / (x * x + y * y)));
static_assert(ct::equivalent(ct::grad(ct::atan2(x, y), y), -x / (x * x + y * y)));
static_assert(ct::equivalent(d(ct::sinh(x)), ct::cosh(x)));
static_assert(ct::equivalent(d(ct::cosh(x)), ct::sinh(x)));
static_assert(ct::equivalent(d(ct::tanh(x)), 1_c / ct::pow(ct::cosh(x), 2_c)));
static_assert(ct::equivalent(d(ct::tanh(x)), 1_c - ct::tanh(x) * ct::tanh(x)));
static_assert(ct::equivalent(d(ct::sigmoid(x)), ct::sigmoid(x) * (1_c - ct::sigmoid(x))));
static_assert(ct::equivalent(d(ct::sigmoid(x)), ct::exp(-x) / ct::pow(1_c + ct::exp(-x), 2_c)));
static_assert(ct::equivalent(d(ct::softplus(x)), ct::sigmoid(x)));
static_assert(ct::equivalent(d(ct::erf(x)), 2_c * ct::exp(-x * x) / ct::sqrt(3.141592653589793_c)));
static_assert(ct::equivalent(d(ct::relu(x)), ct::where(x > 0_c, 1.0_c, 0.0_c)));
static_assert(ct::equivalent(d(ct::gelu(x)), 0.5_c * (1_c + ct::erf(x / ct::sqrt(2_c))) + x * ct::exp(-x * x / 2_c) / ct::sqrt(2_c * 3.141592653589793_c)));
static_assert(ct::equivalent(d(ct::silu(x)), ct::sigmoid(x) + ct::silu(x) * (1_c - ct::sigmoid(x))));
static_assert(ct::equivalent(d(ct::abs(x)), ct::sign(x)));
static_assert(ct::equivalent(d(ct::abs(x)), x / ct::abs(x)));
static_assert(ct::equivalent(d(ct::sign(x)), 0_c));
static_assert(ct::equivalent(d(ct::floor(x) + ct::ceil(x) + ct::round(x)), 0_c));
static_assert(ct::equivalent(d(ct::maximum(x, y)), ct::where(x > y, 1.0_c, ct::where(x == y, 0.5_c, 0.0_c))));
static_assert(ct::equivalent(d(ct::minimum(x, y)), ct::where(x < y, 1.0_c, ct::where(x == y, 0.5_c, 0.0_c))));
static_assert(ct::equivalent(d(ct::clamp(x, -1_c, 1_c)), ct::where(ct::abs(x) <= 1_c, 1.0_c, 0.0_c)));
static_assert(ct::equivalent(d(ct::where(x > y, x * x, y)), ct::where(x > y, 2_c * x, 0_c)));
static_assert(ct::equivalent(d(ct::detach(x) * x), x));

// The rules of calculus, with f and g that stand for any functions as far as the compiler can see.
namespace rules {
constexpr auto f = ct::sin(x * x);
constexpr auto g = ct::exp(x) + x;
constexpr auto df = ct::cos(x * x) * 2_c * x;
constexpr auto dg = ct::exp(x) + 1_c;
static_assert(ct::equivalent(d(3_c * f + y * g), 3_c * df + y * dg));
static_assert(ct::equivalent(d(f * g), df * g + f * dg));
static_assert(ct::equivalent(d(f / g), (df * g - f * dg) / (g * g)));
static_assert(ct::equivalent(d(ct::log(g)), dg / g));
static_assert(ct::equivalent(d(ct::sqrt(g)), dg / (2_c * ct::sqrt(g))));
static_assert(ct::equivalent(d(ct::exp(f * g)), ct::exp(f * g) * (df * g + f * dg)));
static_assert(ct::equivalent(d(d(f * g)), d(df) * g + 2_c * df * dg + f * d(dg)));
static_assert(ct::equivalent(ct::grad(ct::grad(f * y * y, x), y), ct::grad(ct::grad(f * y * y, y), x)));
static_assert(!ct::equivalent(d(f * g), df * dg));
static_assert(!ct::equivalent(d(f / g), (df * g - f * dg) / g));
}  // namespace rules

// Second derivatives.
static_assert(ct::equivalent(d(d(ct::asin(x))), x * ct::pow(1_c - x * x, -1.5_c)));
static_assert(ct::equivalent(d(d(ct::sqrt(x * x - 1_c))), -ct::pow(x * x - 1_c, -1.5_c)));
static_assert(ct::equivalent(d(d(ct::tanh(x))), -2_c * ct::tanh(x) * (1_c - ct::tanh(x) * ct::tanh(x))));
static_assert(ct::equivalent(d(d(ct::softplus(x))), ct::sigmoid(x) * ct::sigmoid(-x)));

// Algebra.
static_assert(ct::equivalent(ct::pow(x + 1_c, 5_c), 1_c + 5_c * x + 10_c * x * x + 10_c * ct::pow(x, 3_c) + 5_c * ct::pow(x, 4_c) + ct::pow(x, 5_c)));
static_assert(ct::equivalent((x * x * x - 1_c) / (x - 1_c), x * x + x + 1_c));
static_assert(ct::equivalent(1_c / (x * (x + 1_c)), 1_c / x - 1_c / (x + 1_c)));
static_assert(ct::equivalent(x / (x + y) + y / (x + y), 1_c));
static_assert(ct::equivalent(ct::sqrt(x * x + 2_c * x * y + y * y), ct::abs(x + y)));
static_assert(ct::equivalent(ct::sqrt(8_c * ct::exp(x)), 2_c * ct::sqrt(2_c) * ct::exp(x / 2_c)));
static_assert(ct::equivalent(ct::log(x / y), ct::log(x) - ct::log(y)));
static_assert(ct::equivalent(ct::log(x * x), 2_c * ct::log(x)));
static_assert(ct::equivalent(ct::exp(y * ct::log(x)) * ct::log(x), ct::pow(x, y) * ct::log(x)));
static_assert(ct::equivalent(ct::cosh(x) * ct::cosh(x) - ct::sinh(x) * ct::sinh(x), 1_c));
static_assert(ct::equivalent(ct::tanh(x), 2_c * ct::sigmoid(2_c * x) - 1_c));
static_assert(ct::equivalent(ct::sigmoid(-x), 1_c - ct::sigmoid(x)));
static_assert(ct::equivalent(ct::softplus(x) - ct::softplus(-x), x));
static_assert(ct::equivalent(ct::abs(x * y), ct::abs(x) * ct::abs(y)));
static_assert(ct::equivalent(ct::maximum(x, y) + ct::minimum(x, y), x + y));
static_assert(ct::equivalent((x > y) || (y > x), x != y));
static_assert(ct::equivalent(0.1_c * x + 0.2_c * x, 0.3_c * x));

// What is not the same.
static_assert(!ct::equivalent(ct::sqrt(x * x), x));
static_assert(!ct::equivalent(ct::log(x * x), ct::log(x)));
static_assert(!ct::equivalent(ct::exp(x * y), ct::exp(x) * ct::exp(y)));
static_assert(!ct::equivalent(ct::abs(x), x));
static_assert(!ct::equivalent(ct::abs(x + y), ct::abs(x) + ct::abs(y)));
static_assert(!ct::equivalent(ct::relu(x), ct::softplus(x)));
static_assert(!ct::equivalent(ct::sin(x + y), ct::sin(x) + ct::sin(y)));
static_assert(!ct::equivalent(d(ct::relu(x)), d((x + ct::abs(x)) / 2_c)));  // 0 and 1/2 at 0
static_assert(!ct::equivalent(x > y, x >= y));
static_assert(!ct::equivalent(ct::floor(x), ct::ceil(x)));
static_assert(!ct::equivalent(x, y));
static_assert(!ct::equivalent(x, 1_c));
static_assert(!ct::equivalent(0.30000001_c * x, 0.3_c * x));
static_assert(!ct::equivalent(ct::sqrt(x * y) * ct::sqrt(x * z), x * ct::sqrt(y * z)));
static_assert(!ct::equivalent(ct::where(x == 0_c, 5_c, 1_c / x), ct::where(x == 0_c, 7_c, 1_c / x)));

// Tensors.
constexpr auto N = ct::dim("N"_s);
constexpr auto K = ct::dim("K"_s);
constexpr auto X = ct::tensor<float>("X"_s, N, 784_c);
constexpr auto w = ct::tensor<float>("w"_s, 784_c);
constexpr auto b = ct::scalar<float>("b"_s);
constexpr auto t = ct::tensor<float>("t"_s, N);
constexpr auto u = ct::vector<double>("u"_s);
constexpr auto v = ct::vector<double>("v"_s);
constexpr auto A = ct::tensor<double>("A"_s, N, K);
constexpr auto B = ct::tensor<double>("B"_s, K, N);
constexpr auto q = ct::tensor<double>("q"_s, N);

static_assert(ct::equivalent(ct::matmul(X, w), ct::sum(X * w, 1_c)));
static_assert(ct::equivalent(ct::matmul(X, w), ct::matmul(w, ct::transpose(X))));
static_assert(ct::equivalent(ct::dot(u, v), ct::sum(v * u)));
static_assert(ct::equivalent(ct::transpose(ct::matmul(A, B)), ct::matmul(ct::transpose(B), ct::transpose(A))));
static_assert(ct::equivalent(ct::matmul(ct::matmul(q, A), B), ct::matmul(q, ct::matmul(A, B))));
static_assert(ct::equivalent(ct::sum(ct::outer(u, v)), ct::sum(u) * ct::sum(v)));
static_assert(ct::equivalent(ct::sum(A), ct::sum(ct::sum(A, 1_c))));
static_assert(ct::equivalent(ct::mean(x * A + y), x * ct::mean(A) + y));
static_assert(ct::equivalent(ct::sum(ct::softmax(A), 1_c), 1_c));
static_assert(ct::equivalent(ct::softmax(A), ct::exp(A) / ct::sum(ct::exp(A), 1_c, ct::keepdim)));
static_assert(ct::equivalent(ct::logsumexp(A, 1_c), ct::log(ct::sum(ct::exp(A), 1_c))));
static_assert(ct::equivalent(ct::exp(ct::log_softmax(A)), ct::softmax(A)));
static_assert(ct::equivalent(ct::softmax(A + ct::mean(A, 1_c, ct::keepdim)), ct::softmax(A)));
static_assert(!ct::equivalent(ct::sum(A * A), ct::sum(A) * ct::sum(A)));
static_assert(!ct::equivalent(ct::matmul(A, B), ct::transpose(ct::matmul(A, B))));
static_assert(!ct::equivalent(ct::mean(A), ct::sum(A)));
static_assert(!ct::equivalent(ct::softmax(A), ct::softmax(2_c * A)));

static_assert(ct::equivalent(ct::grad(ct::sum(u * u), u), 2_c * u));
static_assert(ct::equivalent(ct::grad(ct::logsumexp(u), u), ct::softmax(u)));
static_assert(ct::equivalent(ct::grad(ct::sqrt(ct::dot(u, u)), u), u / ct::sqrt(ct::dot(u, u))));

// Logistic regression: the gradient of the loss is the mean of (p - t) x.
namespace logistic {
constexpr auto p = ct::sigmoid(ct::matmul(X, w) + b);
constexpr auto loss = -ct::mean(t * ct::log(p) + (1_c - t) * ct::log(1_c - p));
static_assert(ct::equivalent(ct::grad(loss, w), -ct::mean((t - p) * ct::transpose(X), 1_c)));
static_assert(ct::equivalent(ct::grad(loss, b), ct::mean(p - t)));
static_assert(ct::equivalent(loss, ct::binary_cross_entropy_with_logits(ct::matmul(X, w) + b, t)));
static_assert(!ct::equivalent(ct::grad(loss, w), ct::mean((t - p) * ct::transpose(X), 1_c)));
static_assert(!ct::equivalent(ct::grad(loss, b), ct::sum(p - t)));
}  // namespace logistic

// Softmax cross-entropy: softmax minus the labels, one-hot.
namespace cross_entropy {
constexpr auto labels = ct::tensor<double>("labels"_s, N, K);
constexpr auto loss = -ct::sum(labels * ct::log_softmax(A));
static_assert(ct::equivalent(ct::grad(loss, A), ct::softmax(A) * ct::sum(labels, 1_c, ct::keepdim) - labels));
static_assert(!ct::equivalent(ct::grad(loss, A), labels - ct::softmax(A)));
}  // namespace cross_entropy

// A network of one hidden layer, and attention.
namespace network {
constexpr auto W = ct::tensor<float>("W"_s, 784_c, 32_c);
constexpr auto c = ct::tensor<float>("c"_s, 32_c);
constexpr auto h = ct::tanh(ct::matmul(X, W));
constexpr auto e = ct::matmul(h, c) - t;
static_assert(ct::equivalent(ct::grad(ct::sum(e * e), c), 2_c * ct::matmul(e, h)));
static_assert(ct::equivalent(ct::grad(ct::sum(e * e), W), 2_c * ct::matmul(ct::transpose(X), ct::outer(e, c) * (1_c - h * h))));

constexpr auto M = ct::dim("M"_s);
constexpr auto query = ct::tensor<float>("query"_s, N, 64_c);
constexpr auto key = ct::tensor<float>("key"_s, M, 64_c);
constexpr auto values = ct::tensor<float>("values"_s, M, 32_c);
constexpr auto weights = ct::softmax(ct::matmul(query, ct::transpose(key)) / 8_c);
constexpr auto result = ct::matmul(weights, values);
static_assert(ct::equivalent(ct::grad(ct::sum(result * result), values), 2_c * ct::matmul(ct::transpose(weights), result)));
}  // namespace network

// Layer normalisation, by the formula of its backward pass (Ba, Kiros, Hinton 2016).
namespace layer_norm {
constexpr auto g = ct::tensor<float>("g"_s, N, 784_c);
constexpr auto centred = X - ct::mean(X, 1_c, ct::keepdim);
constexpr auto scale = ct::rsqrt(ct::mean(centred * centred, 1_c, ct::keepdim) + 0.00001_c);
constexpr auto n = centred * scale;
static_assert(ct::equivalent(ct::grad(ct::sum(g * n), X), scale * (g - ct::mean(g, 1_c, ct::keepdim) - n * ct::mean(g * n, 1_c, ct::keepdim))));
}  // namespace layer_norm

// The price of a European call and its derivatives (Black and Scholes 1973).
namespace option {
constexpr auto S = ct::scalar<double>("S"_s);
constexpr auto E = ct::scalar<double>("E"_s);
constexpr auto r = ct::scalar<double>("r"_s);
constexpr auto s = ct::scalar<double>("s"_s);
constexpr auto T = ct::scalar<double>("T"_s);
constexpr auto normal(auto k) { return 0.5_c * (1_c + ct::erf(k / ct::sqrt(2_c))); }
constexpr auto density(auto k) { return ct::exp(-k * k / 2_c) / ct::sqrt(2_c * 3.141592653589793_c); }
constexpr auto d1 = (ct::log(S / E) + (r + s * s / 2_c) * T) / (s * ct::sqrt(T));
constexpr auto d2 = d1 - s * ct::sqrt(T);
constexpr auto call = S * normal(d1) - E * ct::exp(-r * T) * normal(d2);
static_assert(ct::equivalent(ct::grad(call, S), normal(d1)));                                    // delta
static_assert(ct::equivalent(ct::grad(call, s), S * density(d1) * ct::sqrt(T)));                  // vega
static_assert(ct::equivalent(ct::grad(call, r), E * T * ct::exp(-r * T) * normal(d2)));           // rho
static_assert(ct::equivalent(ct::grad(ct::grad(call, S), S), density(d1) / (S * s * ct::sqrt(T))));  // gamma
static_assert(!ct::equivalent(ct::grad(call, S), normal(d2)));
}  // namespace option

// Traced functions.
constexpr auto residual = ct::fn([](auto h, auto k) {
  for (int i = 0; i < 3; ++i) h = h + 0.5 * h * k;
  return h;
});
static_assert(ct::equivalent(residual(x, y), x * ct::pow(1_c + y / 2_c, 3_c)));
static_assert(ct::equivalent(ct::grad(residual(x, y), y), 1.5_c * x * ct::pow(1_c + y / 2_c, 2_c)));

BOOST_AUTO_TEST_CASE(equality_is_known_at_run_time_too) {
  using pair = ct::detail::expanded_pair<decltype(ct::grad(ct::tanh(x) * y, x)), decltype(y * (1_c - ct::tanh(x) * ct::tanh(x)))>;
  BOOST_TEST((ct::detail::compare_normal_forms(pair::make()) == ct::detail::agreement::shown));
}

}  // namespace
