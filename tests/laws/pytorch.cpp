// Every function against PyTorch: values, gradients, second gradients, in float64 and float32, from tests/golden/pytorch.txt and opinfo.txt; and in float16 and bfloat16 from narrow.txt.
// Graphs are traced, differentiated, simplified and interpreted at run time, so that a case costs no compiling; that loops compute what the interpreter does is tested elsewhere.
// With CTGRAD_TABLE set to a file, the largest differences are written there as a Markdown table.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE pytorch
#include <ctgrad/ctgrad.hpp>
#include <ctgrad/diagonal.hpp>
#include <ctgrad/einsum.hpp>
#include <ctgrad/linalg.hpp>
#include <ctgrad/nn.hpp>
#include <ctgrad/sorting.hpp>

#include "../../compiler/verify.hpp"
#include "../interpreted.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace ct = ctgrad;
using namespace ct;
using namespace ct::literals;
using namespace ct::test;
using detail::verify;

namespace {

/// A tensor of the file.
struct golden_tensor {
  dtype type = dtype::float64;
  sizes extents;
  numbers elements;
};
struct golden_case {
  std::string name;
  std::vector<golden_tensor> inputs;
  golden_tensor out, exact;
  std::map<int, golden_tensor> gradients, exact_gradients, seconds;
};

golden_tensor read_tensor(std::istream& line) {
  golden_tensor t;
  std::string type, word;
  int rank = 0;
  line >> type >> rank;
  for (int i = 0; i < dtype_count; ++i)
    if (to_string(static_cast<dtype>(i)) == type) t.type = static_cast<dtype>(i);
  for (int i = 0; i < rank; ++i) {
    std::int64_t extent = 0;
    line >> extent;
    t.extents.push_back(extent);
  }
  while (line >> word) {
    t.elements.push_back(scalar::from(std::strtod(word.c_str(), nullptr), t.type).real);
  }
  return t;
}
std::vector<golden_case> read_cases(std::string const& name) {
  std::ifstream file(CTGRAD_TESTS "/golden/" + name);
  std::vector<golden_case> cases;
  for (std::string text; std::getline(file, text);) {
    std::istringstream line(text);
    std::string what;
    int number = 0;
    line >> what;
    if (what == "case") cases.emplace_back(), line >> cases.back().name;
    else if (what == "in") cases.back().inputs.push_back(read_tensor(line));
    else if (what == "out") cases.back().out = read_tensor(line);
    else if (what == "exact") cases.back().exact = read_tensor(line);
    else if (what == "exact_grad") line >> number, cases.back().exact_gradients[number] = read_tensor(line);
    else if (what == "grad") line >> number, cases.back().gradients[number] = read_tensor(line);
    else if (what == "grad2") line >> number, cases.back().seconds[number] = read_tensor(line);
  }
  return cases;
}

value squared(value x) { return x * x; }
value first(auto const& results) { return boost::hana::at_c<0>(results); }
value second(auto const& results) { return boost::hana::at_c<1>(results); }
value third(auto const& results) { return boost::hana::at_c<2>(results); }

using traced_formula = value (*)(value const*);
#define F(formula) [](value const* x) -> value { return formula; }

/// What each case of the file is here.
std::map<std::string, traced_formula> const& formulas() {
  static std::map<std::string, traced_formula> const table = {
      // the op table
      {"exp", F(ct::exp(x[0]))}, {"expm1", F(ct::expm1(x[0]))}, {"sin", F(ct::sin(x[0]))}, {"cos", F(ct::cos(x[0]))}, {"tan", F(ct::tan(x[0]))}, {"asin", F(ct::asin(x[0]))},
      {"acos", F(ct::acos(x[0]))}, {"atan", F(ct::atan(x[0]))}, {"sinh", F(ct::sinh(x[0]))}, {"cosh", F(ct::cosh(x[0]))}, {"tanh", F(ct::tanh(x[0]))}, {"sigmoid", F(ct::sigmoid(x[0]))},
      {"erf", F(ct::erf(x[0]))}, {"relu", F(ct::relu(x[0]))}, {"abs", F(ct::abs(x[0]))}, {"sign", F(ct::sign(x[0]))}, {"floor", F(ct::floor(x[0]))}, {"ceil", F(ct::ceil(x[0]))},
      {"round", F(ct::round(x[0]))}, {"log", F(ct::log(x[0]))}, {"log1p", F(ct::log1p(x[0]))}, {"sqrt", F(ct::sqrt(x[0]))}, {"rsqrt", F(ct::rsqrt(x[0]))},
      {"reciprocal", F(ct::reciprocal(x[0]))}, {"softplus", F(ct::softplus(x[0]))}, {"gelu", F(ct::gelu(x[0]))}, {"silu", F(ct::silu(x[0]))}, {"add", F(x[0] + x[1])},
      {"subtract", F(x[0] - x[1])}, {"multiply", F(x[0] * x[1])}, {"divide", F(x[0] / x[1])}, {"pow", F(ct::pow(x[0], x[1]))}, {"atan2", F(ct::atan2(x[0], x[1]))},
      {"hypot", F(ct::hypot(x[0], x[1]))}, {"minimum", F(ct::minimum(x[0], x[1]))}, {"maximum", F(ct::maximum(x[0], x[1]))}, {"clamp", F(ct::clamp(x[0], -0.55, 0.75))},
      {"where", F(ct::where(x[0] > x[1], x[0], x[1] * x[1]))},
      {"negative", F(-x[0])}, {"detach", F(x[0] * ct::detach(x[0]))}, {"isnan", F(ct::isnan(x[0]))}, {"equal", F(x[0] == x[1])}, {"not_equal", F(x[0] != x[1])}, {"less", F(x[0] < x[1])},
      {"less_equal", F(x[0] <= x[1])}, {"greater", F(x[0] > x[1])}, {"greater_equal", F(x[0] >= x[1])}, {"logical_and", F(x[0] && x[1])}, {"logical_or", F(x[0] || x[1])},
      {"logical_xor", F(ct::logical_xor(x[0], x[1]))}, {"logical_not", F(!x[0])}, {"cast_int64", F(ct::cast<std::int64_t>(x[0]))}, {"cast_bool", F(ct::cast<bool>(x[0]))},
      {"cast_float32", F(ct::cast<float>(x[0]))}, {"pow_2", F(ct::pow(x[0], 2))}, {"pow_3", F(ct::pow(x[0], 3))}, {"pow_-1", F(ct::pow(x[0], -1))}, {"pow_0.5", F(ct::pow(x[0], 0.5))},
      {"pow_of_2", F(ct::pow(2, x[0]))}, {"clamp_of_tensors", F(ct::clamp(x[0], x[1], x[2]))},
      // activations
      {"leaky_relu", F(ct::leaky_relu(x[0]))}, {"leaky_relu_0.2", F(ct::leaky_relu(x[0], 0.2))}, {"elu", F(ct::elu(x[0]))}, {"elu_0.7", F(ct::elu(x[0], 0.7))},
      {"celu_2", F(ct::celu(x[0], 2))}, {"selu", F(ct::selu(x[0]))}, {"mish", F(ct::mish(x[0]))}, {"hardtanh", F(ct::hardtanh(x[0]))},
      {"hardtanh_-0.3_0.6", F(ct::hardtanh(x[0], -0.3, 0.6))}, {"hardsigmoid", F(ct::hardsigmoid(x[0]))}, {"hardswish", F(ct::hardswish(x[0]))}, {"softsign", F(ct::softsign(x[0]))},
      {"tanhshrink", F(ct::tanhshrink(x[0]))}, {"softshrink", F(ct::softshrink(x[0]))}, {"hardshrink", F(ct::hardshrink(x[0]))}, {"log_sigmoid", F(ct::log_sigmoid(x[0]))},
      {"glu", F(ct::glu(x[0]))}, {"glu_0", F(ct::glu(x[0], 0_c))}, {"softmax", F(ct::softmax(x[0]))}, {"softmax_0", F(ct::softmax(x[0], 0_c))}, {"log_softmax", F(ct::log_softmax(x[0]))},
      // reductions
      {"sum", F(ct::sum(x[0]))}, {"sum_1", F(ct::sum(x[0], 1_c))}, {"sum_keepdim", F(ct::sum(x[0], 0_c, ct::keepdim))},
      {"mean", F(ct::mean(x[0]))}, {"mean_1", F(ct::mean(x[0], 1_c))}, {"mean_keepdim", F(ct::mean(x[0], 0_c, ct::keepdim))},
      {"max", F(ct::max(x[0]))}, {"max_1", F(ct::max(x[0], 1_c))}, {"max_keepdim", F(ct::max(x[0], 0_c, ct::keepdim))},
      {"min", F(ct::min(x[0]))}, {"min_1", F(ct::min(x[0], 1_c))}, {"min_keepdim", F(ct::min(x[0], 0_c, ct::keepdim))},
      {"logsumexp", F(ct::logsumexp(x[0]))}, {"logsumexp_1", F(ct::logsumexp(x[0], 1_c))}, {"logsumexp_keepdim", F(ct::logsumexp(x[0], 0_c, ct::keepdim))},
      {"var", F(ct::var(x[0]))}, {"var_1", F(ct::var(x[0], 1_c))}, {"var_keepdim", F(ct::var(x[0], 0_c, ct::keepdim))},
      {"std", F(ct::std_dev(x[0]))}, {"std_1", F(ct::std_dev(x[0], 1_c))}, {"std_keepdim", F(ct::std_dev(x[0], 0_c, ct::keepdim))},
      {"var_correction_0", F(ct::var(x[0], ct::correction<0>, 1_c))}, {"var_correction_2", F(ct::var(x[0], ct::correction<2>, 1_c))},
      {"std_correction_0", F(ct::std_dev(x[0], ct::correction<0>, 1_c))}, {"std_correction_2", F(ct::std_dev(x[0], ct::correction<2>, 1_c))},
      {"norm", F(ct::norm(x[0]))}, {"norm_1", F(ct::norm(x[0], 1_c))}, {"norm_keepdim", F(ct::norm(x[0], 0_c, ct::keepdim))},
      {"norm_of_order_1", F(ct::vector_norm(x[0], 1_c, -1_c))}, {"norm_of_order_3", F(ct::vector_norm(x[0], 3_c, -1_c))}, {"norm_of_order_2.5", F(ct::vector_norm(x[0], 2.5_c, -1_c))},
      {"norm_of_order_inf", F(ct::vector_norm(x[0], ct::infinity, -1_c))}, {"prod_1", F(ct::prod(x[0], 1_c))}, {"any_1", F(ct::any(x[0] > 1, 1_c))}, {"all_1", F(ct::all(x[0] > -1, 1_c))},
      {"count_nonzero_1", F(ct::count_nonzero(ct::relu(x[0]), 1_c))},
      {"prod", F(ct::prod(x[0]))}, {"sum_of_0_and_-1", F(ct::sum(x[0], 0_c, -1_c))}, {"mean_of_0_and_-1", F(ct::mean(x[0], 0_c, -1_c))}, {"max_of_0_and_-1", F(ct::max(x[0], 0_c, -1_c))},
      {"min_of_0_and_-1", F(ct::min(x[0], 0_c, -1_c))}, {"var_of_0_and_-1", F(ct::var(x[0], 0_c, -1_c))}, {"logsumexp_of_0_and_-1", F(ct::logsumexp(x[0], 0_c, -1_c))},
      // products
      {"matmul", F(ct::matmul(x[0], x[1]))}, {"dot", F(ct::dot(x[0], x[1]))}, {"outer", F(ct::outer(x[0], x[1]))}, {"einsum:bij,bjk->bik", F(ct::einsum("bij,bjk->bik"_s, x[0], x[1]))},
      {"einsum:bij,bkj->ikb", F(ct::einsum("bij,bkj->ikb"_s, x[0], x[1]))}, {"einsum:ij,ij->", F(ct::einsum("ij,ij->"_s, x[0], x[1]))}, {"einsum:ijk,jl->ikl", F(ct::einsum("ijk,jl->ikl"_s, x[0], x[1]))},
      {"einsum:ij,jk", F(ct::einsum("ij,jk"_s, x[0], x[1]))}, {"einsum:bhqd,bhkd->bhqk", F(ct::einsum("bhqd,bhkd->bhqk"_s, x[0], x[1]))}, {"einsum:ii->i", F(ct::einsum("ii->i"_s, x[0]))},
      {"einsum:ii", F(ct::einsum("ii"_s, x[0]))}, {"linear", F(ct::linear(x[0], x[1], x[2]))},
      // shapes
      {"slice", F(ct::slice(x[0], 1_c, 1_c, -1_c))}, {"slice_step", F(ct::slice(x[0], 0_c, 1_c, 6_c, 2_c))}, {"select", F(ct::select(x[0], 1_c, -2_c))}, {"flip", F(ct::flip(x[0], 0_c, 1_c))},
      {"roll", F(ct::roll(x[0], 2_c, 1_c))}, {"roll_-1", F(ct::roll(x[0], -1_c, 0_c))}, {"concat", F(ct::concat(1_c, x[0], x[1], x[0] * 2))}, {"stack", F(ct::stack(1_c, x[0], x[1]))},
      {"reshape", F(ct::reshape(x[0], 4_c, -1_c))}, {"flatten", F(ct::flatten(x[0], 1_c))}, {"permute", F(ct::permute(x[0], 2_c, 0_c, 1_c))}, {"unsqueeze", F(ct::unsqueeze(x[0], 1_c))},
      {"pad", F(ct::pad(x[0], -1_c, 2_c, 1_c, 0.5))}, {"tile", F(ct::tile(x[0], 3_c, 0_c))}, {"repeat_interleave", F(ct::repeat_interleave(x[0], 3_c, 1_c))}, {"tril", F(ct::tril(x[0]))},
      {"triu_1", F(ct::triu(x[0], 1_c))}, {"diagonal", F(ct::diagonal(x[0]))}, {"diagonal_1", F(ct::diagonal(x[0], 1_c))}, {"diagonal_-2", F(ct::diagonal(x[0], -2_c))},
      {"diagonal_1_2_0", F(ct::diagonal(x[0], 1_c, 2_c, 0_c))}, {"trace", F(ct::trace(x[0]))}, {"split", F(second(ct::split(x[0], 1_c, 1_c, 3_c, 2_c)) * first(ct::split(x[0], 1_c, 1_c, 3_c, 2_c)))},
      {"unfold_0_3_1", F(squared(ct::unfold(x[0], 0_c, 3_c, 1_c)))}, {"unfold_1_2_2", F(squared(ct::unfold(x[0], 1_c, 2_c, 2_c)))}, {"im2col", F(squared(ct::im2col(x[0], 2_c)))},
      {"im2col_options", F(squared(ct::im2col(x[0], 2_c, ct::dilation<2>, ct::padding<1, 0>, ct::stride<1, 2>)))},
      {"transpose", F(ct::transpose(x[0]))}, {"squeeze", F(ct::squeeze(x[0]))}, {"squeeze_1", F(ct::squeeze(x[0], 1_c))}, {"broadcast_to", F(ct::broadcast_to(x[0], 2_c, 3_c, 4_c))},
      {"chunk", F(second(ct::chunk(x[0], 3_c, -1_c)) * third(ct::chunk(x[0], 3_c, -1_c)))},
      // places that are data
      {"gather_0", F(ct::gather(x[0], 0_c, x[1]))}, {"gather_1", F(ct::gather(x[0], 1_c, x[1]))}, {"index_select_0", F(ct::index_select(x[0], 0_c, x[1]))},
      {"index_select_1", F(ct::index_select(x[0], 1_c, x[1]))}, {"embedding", F(ct::embedding(x[0], x[1]))}, {"take", F(ct::take(x[0], x[1]))}, {"scatter_add_0", F(ct::scatter_add(x[0], 0_c, x[1], x[2]))},
      {"scatter_add_1", F(ct::scatter_add(x[0], 1_c, x[1], x[2]))}, {"segment_sum_4", F(ct::segment_sum(x[0], x[1], 4_c))}, {"one_hot_4", F(ct::one_hot(x[0], 4_c))},
      {"masked_fill", F(ct::masked_fill(x[0], x[1], -1.5))}, {"argmax_0", F(ct::argmax(x[0], 0_c))}, {"argmax_-1", F(ct::argmax(x[0], -1_c))}, {"argmin_0", F(ct::argmin(x[0], 0_c))},
      {"argmin_-1", F(ct::argmin(x[0], -1_c))},
      // layers
      {"multi_head_attention", F((ct::nn::detail::attention_of<2, false>(x[0], x + 1)))}, {"causal_multi_head_attention", F((ct::nn::detail::attention_of<2, true>(x[0], x + 1)))},
      {"transformer_block", F((ct::nn::detail::block_of<2, false>(x[0], x + 1)))}, {"causal_transformer_block", F((ct::nn::detail::block_of<2, true>(x[0], x + 1)))},
      // normalisations and attention
      {"layer_norm", F(ct::layer_norm(x[0], x[1], x[2]))}, {"rms_norm", F(ct::rms_norm(x[0], x[1]))}, {"batch_norm", F(ct::batch_norm(x[0], x[1], x[2]))},
      {"group_norm", F(ct::group_norm(x[0], 2_c, x[1], x[2]))}, {"attention", F(ct::scaled_dot_product_attention(x[0], x[1], x[2]))}, {"causal_attention", F(ct::causal_attention(x[0], x[1], x[2]))},
      // convolutions and pools
      {"conv1d", F(ct::conv1d(x[0], x[1]))}, {"conv1d_bias", F(ct::conv1d(x[0], x[1], x[2]))}, {"conv1d_options", F(ct::conv1d(x[0], x[1], ct::stride<2>, ct::padding<2>, ct::dilation<2>))},
      {"conv1d_groups", F(ct::conv1d(x[0], x[1], ct::padding<1>, ct::groups<2>))}, {"conv2d", F(ct::conv2d(x[0], x[1], x[2]))},
      {"conv2d_options", F(ct::conv2d(x[0], x[1], ct::stride<2, 1>, ct::padding<1>, ct::dilation<1, 2>))},
      {"conv2d_groups", F(ct::conv2d(x[0], x[1], x[2], ct::stride<2>, ct::padding<1, 2>, ct::groups<2>))}, {"conv2d_depthwise", F(ct::conv2d(x[0], x[1], ct::padding<1>, ct::groups<3>))},
      {"conv2d_1x1", F(ct::conv2d(x[0], x[1]))}, {"max_pool1d", F(ct::max_pool1d(x[0], 3_c, ct::stride<2>, ct::padding<1>))}, {"max_pool2d", F(ct::max_pool2d(x[0], 2_c))},
      {"max_pool2d_options", F(ct::max_pool2d(x[0], 3_c, ct::stride<2>, ct::padding<1>))}, {"avg_pool1d", F(ct::avg_pool1d(x[0], 3_c, ct::stride<2>, ct::padding<1>))},
      {"avg_pool2d", F(ct::avg_pool2d(x[0], 2_c))},
      // losses
      {"mse", F(ct::mse(x[0], x[1]))}, {"l1_loss", F(ct::l1_loss(x[0], x[1]))}, {"smooth_l1_loss", F(ct::smooth_l1_loss(x[0], x[1]))}, {"smooth_l1_loss_0.5", F(ct::smooth_l1_loss(x[0], x[1], 0.5))},
      {"huber_loss", F(ct::huber_loss(x[0], x[1]))}, {"huber_loss_0.6", F(ct::huber_loss(x[0], x[1], 0.6))}, {"binary_cross_entropy", F(ct::binary_cross_entropy(x[0], x[1]))},
      {"binary_cross_entropy_with_logits", F(ct::binary_cross_entropy_with_logits(x[0], x[1]))}, {"cross_entropy", F(ct::cross_entropy(x[0], x[1]))}, {"nll_loss", F(ct::nll_loss(x[0], x[1]))},
      {"kl_div", F(ct::kl_div(x[0], x[1]))}, {"binary_cross_entropy_at_ends", F(ct::binary_cross_entropy(x[0], ct::where(x[0] > 0.5, x[0] * 0 + 1, 0)))}, {"kl_div_of_0", F(ct::kl_div(x[0], ct::where(x[0] > 0, x[0] * 0, 0.5)))},
      {"cosine_similarity", F(ct::cosine_similarity(x[0], x[1], 1_c))}, {"cosine_similarity_-1", F(ct::cosine_similarity(x[0], x[1]))},
      // order and running totals
      {"argsort", F(ct::argsort(x[0]))}, {"argsort_descending_0", F(ct::argsort(x[0], 0_c, ct::descending))}, {"sort", F(squared(first(ct::sort(x[0]))))},
      {"sort_descending_0", F(squared(first(ct::sort(x[0], 0_c, ct::descending))))}, {"topk_2", F(squared(first(ct::topk(x[0], 2_c))))}, {"topk_2_places", F(second(ct::topk(x[0], 2_c)))},
      {"topk_3_smallest_0", F(squared(first(ct::topk(x[0], 3_c, 0_c, ct::smallest))))}, {"cumsum_1", F(squared(ct::cumsum(x[0], 1_c)))}, {"cumsum_0", F(squared(ct::cumsum(x[0], 0_c)))},
      {"cumprod_1", F(ct::cumprod(x[0], 1_c))}, {"cumprod_0", F(ct::cumprod(x[0], 0_c))},
      // linear algebra
      {"cholesky", F(ct::cholesky(ct::matmul(x[0], ct::transpose(x[0]))))}, {"triangular_solve_lower", F(ct::triangular_solve(x[0], x[1]))},
      {"triangular_solve_upper_transposed", F(ct::triangular_solve(x[0], x[1], ct::upper, ct::transposed))}, {"triangular_solve_unit", F(ct::triangular_solve(x[0], x[1], ct::unit_diagonal))},
      {"solve", F(ct::solve(x[0], x[1]))}, {"inv", F(ct::inv(x[0]))}, {"det", F(ct::det(x[0]))}, {"logdet", F(ct::logdet(x[0]))}, {"slogdet_sign", F(first(ct::slogdet(x[0])))},
      {"slogdet", F(second(ct::slogdet(x[0])))},
  };
  return table;
}
#undef F

/// Where PyTorch rounds more: its hardsigmoid has 1/6 in float32; its binary_cross_entropy adds 1e-12 to a divisor.
double tolerance_of(std::string const& name, bool single) {
  if (single) return 1e-5;  // float32 rounds each operation, here and there
  if (name == "hardsigmoid") return 1e-8;
  if (name == "binary_cross_entropy") return 1e-9;
  if (name.find("transformer_block") != std::string::npos) return 1e-11;  // sums of long sums, in another order
  return 1e-13;
}

constexpr int most_inputs = 17;
constexpr char names[most_inputs][3] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q"};

/// The largest |a - b| / (1 + |b|); infinite where one is NaN or infinite and the other is not the same.
double distance(numbers const& a, numbers const& b) {
  double most = a.size() == b.size() ? 0 : test::infinity;
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    if (a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]))) continue;
    double const d = std::abs(a[i] - b[i]) / (1 + std::abs(b[i]));
    most = std::isnan(d) ? test::infinity : std::max(most, d);
  }
  return most;
}
std::string text_of(numbers const& n) {
  std::ostringstream text;
  for (double x : n) text << x << ' ';
  return text.str();
}

/// The largest differences of one function: value, gradient, second gradient, each in float64 and float32; and of value and gradient in 16 bits, here and in PyTorch; below zero where there is none.
struct differences {
  double of[3][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
  double narrow[2][2][2] = {{{-1, -1}, {-1, -1}}, {{-1, -1}, {-1, -1}}};
};

/// `v` as `waves` weighs it, with weights of its dtype, summed.
value weighted(value v, double (*wave)(double)) {
  builder& b = *v.b;
  std::int64_t count = 1;
  for (int i = 0; i < v.rank(); ++i) count *= v.shape()[i].constant;
  if (count == 0) return v.constant(0.0);
  auto const weight = [&](std::int64_t i) { return b.real(scalar::from(wave(static_cast<double>(i)), v.type()).real, v.type(), b.intern(shape_of({1}))); };
  node_id weights = weight(1);
  for (std::int64_t i = 2; i <= count; ++i) weights = b.concat(weights, weight(i), 0);
  return sum_of(value{&b, b.reshape(v.id, shape_of({count}))} * value{&b, weights});
}

/// What a case's function is of its inputs: the value, gradients and second gradients, in this order, by the graph after so many passes.
struct computed {
  graph g;
  detail::list<tensor_value> results;
  numbers elements(std::size_t k) const { return numbers_of(results[k], type(k)); }
  dtype type(std::size_t k) const { return g[g.outputs[k]].type; }
};
computed compute(golden_case const& c, int passes) {
  auto const found = formulas().find(c.name);
  BOOST_REQUIRE_MESSAGE(found != formulas().end(), c.name << " is no formula here");
  builder b;
  value inputs[most_inputs];
  detail::list<tensor_value> values;
  for (std::size_t k = 0; k < c.inputs.size(); ++k) {
    inputs[k] = test::symbol(b, names[k], c.inputs[k].type, c.inputs[k].extents);
    values.push_back(tensor(c.inputs[k].type, c.inputs[k].extents, c.inputs[k].elements));
  }
  value const out = found->second(inputs);
  BOOST_REQUIRE_MESSAGE(b.ok(), c.name << ": " << std::string(b.error.view()));
  detail::list<node_id> outputs{out.id};
  if (!c.gradients.empty()) {
    value const loss = weighted(out, [](double x) { return std::cos(x); });
    value first{};
    for (auto const& [k, t] : c.gradients) {
      value const g = gradient(loss, inputs[k]);
      if (!first.b) first = g;
      outputs.push_back(g.id);
    }
    if (!c.seconds.empty()) {
      value const second = weighted(first, [](double x) { return std::sin(x); });
      for (auto const& [k, t] : c.seconds) outputs.push_back(gradient(second, inputs[k]).id);
    }
  }
  BOOST_REQUIRE_MESSAGE(b.ok(), c.name << ": " << std::string(b.error.view()));
  graph g = b.g;
  g.outputs = outputs;
  g = detail::without_dead_nodes(g);
  for (int p = 0; p < passes; ++p) g = detail::graph_passes<>[p].run(g);
  BOOST_REQUIRE_MESSAGE(verify(g, true).empty(), c.name << ": " << std::string(verify(g, true).view()));
  return {g, detail::interpret(g, values, {})};
}

void check(golden_case const& c, differences& worst) {
  computed const here = compute(c, detail::formula_pass_count);
  std::vector<std::pair<golden_tensor const*, int>> expected{{&c.out, 0}};
  for (auto const& [k, t] : c.gradients) expected.push_back({&t, 1});
  for (auto const& [k, t] : c.seconds) expected.push_back({&t, 2});
  bool single = c.out.type == dtype::float32;
  for (auto const& t : c.inputs) single = single || t.type == dtype::float32;
  double const tolerance = tolerance_of(c.name, single);
  for (std::size_t k = 0; k < expected.size(); ++k) {
    auto const& [t, order] = expected[k];
    numbers const seen = here.elements(k);
    BOOST_TEST((here.results[k].extents == t->extents), c.name << ", " << (single ? "float32" : "float64") << ", output " << k << " has another shape");
    double const d = distance(seen, t->elements);
    BOOST_TEST(d <= tolerance, c.name << ", " << (single ? "float32" : "float64") << ", derivative " << order << ", output " << k << ": off by " << d << "\n  of " << text_of(c.inputs[0].elements) << "\n  here    "
                                      << text_of(seen) << "\n  PyTorch " << text_of(t->elements));
    worst.of[order][single] = std::max(worst.of[order][single], d);
  }
  BOOST_TEST((here.type(0) == c.out.type), c.name << " has another dtype");
}

/// The largest distance of `a` from `exact` in units of the last place of `type`, or of 2^-24 where that is more: float16's smallest step, and what float32 leaves of numbers near 1.
/// What `other` has the same infinity for is left out: float32 ends on the way to it, here and there.
double ulps(numbers const& a, numbers const& exact, dtype type, numbers const& other) {
  double most = a.size() == exact.size() ? 0 : test::infinity;
  for (std::size_t i = 0; i < a.size() && i < exact.size(); ++i) {
    bool const ended = std::isnan(exact[i]) ? std::isnan(a[i]) : std::isinf(a[i]) && (a[i] == scalar::from(exact[i], type).real || a[i] == other[i]);
    if (ended) continue;
    double const unit = is_floating(type) ? std::max(std::exp2(std::logb(exact[i]) - (type == dtype::float16 ? 10 : 7)), 0x1p-24) : 1, d = std::abs(a[i] - exact[i]) / unit;
    most = std::isnan(d) ? test::infinity : std::max(most, d);
  }
  return most;
}
/// What is computed in float32 and rounded once is half a unit off, and what float32 itself loses.
double narrow_tolerance_of(std::string const& name, int order) {
  if (order == 1 && name == "tanh") return 1;  // 1 - y^2 where y is nearly 1
  // By biases of keys, which softmax does not see, the gradient is 0, as a sum of terms: here of such near 1, in the block of such near 100.
  if (order == 1 && name.find("multi_head_attention") != std::string::npos) return 20;
  if (order == 1 && name.find("transformer_block") != std::string::npos) return 1000;
  return 0.51;
}

void check_narrow(golden_case const& c, differences& worst) {
  int passes = 0;
  while (detail::graph_passes<>[passes++].name != "widen") {}
  computed const here = compute(c, passes);
  std::vector<std::pair<golden_tensor const*, golden_tensor const*>> expected{{&c.out, &c.exact}};
  for (auto const& [k, t] : c.gradients) expected.push_back({&t, &c.exact_gradients.at(k)});
  bool brain = false;
  for (auto const& t : c.inputs) brain = brain || t.type == dtype::bfloat16;
  std::string const what = c.name + (brain ? ", bfloat16" : ", float16");
  for (std::size_t k = 0; k < expected.size(); ++k) {
    auto const& [t, exact] = expected[k];
    numbers const seen = here.elements(k);
    int const order = k > 0;
    BOOST_TEST((here.type(k) == t->type && here.results[k].extents == t->extents), what << ", output " << k << " has another dtype or shape");
    double const d = ulps(seen, exact->elements, t->type, t->elements), theirs = ulps(t->elements, exact->elements, t->type, seen);
    BOOST_TEST(d <= narrow_tolerance_of(c.name, order), what << ", derivative " << order << ", output " << k << ": off by " << d << " units, PyTorch by " << theirs << "\n  of " << text_of(c.inputs[0].elements)
                                                             << "\n  here    " << text_of(seen) << "\n  PyTorch " << text_of(t->elements) << "\n  exact   " << text_of(exact->elements));
    auto& [ours, pytorch] = worst.narrow[order][brain];
    ours = std::max(ours, d), pytorch = std::max(pytorch, theirs);
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(values_and_gradients) {
  auto const cases = read_cases("pytorch.txt");
  BOOST_TEST(cases.size() > 500u);
  auto const more = read_cases("opinfo.txt");
  BOOST_TEST(more.size() > 100u);
  std::map<std::string, differences> table;
  std::set<std::string> seen;
  for (auto const& c : cases) check(c, table[c.name]), seen.insert(c.name);
  for (auto const& c : more) check(c, table[c.name]);
  auto const narrow = read_cases("narrow.txt");
  std::set<std::string> in_narrow{"one_hot_4", "cholesky", "triangular_solve_lower", "triangular_solve_upper_transposed", "triangular_solve_unit", "solve", "inv", "det", "logdet", "slogdet", "slogdet_sign"};
  BOOST_TEST(in_narrow.size() == 11u);  // which PyTorch has not in 16 bits
  for (auto const& c : narrow) check_narrow(c, table[c.name]), in_narrow.insert(c.name);
  for (auto const& [name, formula] : formulas()) BOOST_TEST((seen.count(name) && in_narrow.count(name)), name << " has no case in a file");
  if (char const* path = std::getenv("CTGRAD_TABLE")) {
    std::ofstream out(path);
    out.precision(2);
    auto const cell = [&](double d) { d < 0 ? out << " | " : d == 0 ? out << " | 0" : out << " | " << d; };
    auto const pair = [&](auto const& d) {
      auto const places = [](double x) { return std::round(100 * x) / 100; };  // what 7 digits of the exact numbers tell
      cell(d[0] < 0 ? d[0] : places(d[0]));
      if (d[0] >= 0) out << " / " << places(d[1]);
    };
    out << "| function | value, float64 | value, float32 | gradient, float64 | gradient, float32 | second, float64 | value, float16 | value, bfloat16 | gradient, float16 | gradient, bfloat16 |\n"
           "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n";
    for (auto const& [name, d] : table) {
      out << "| " << name;
      cell(d.of[0][0]), cell(d.of[0][1]), cell(d.of[1][0]), cell(d.of[1][1]), cell(d.of[2][0]);
      for (auto const& order : d.narrow)
        for (auto const& type : order) pair(type);
      out << " |\n";
    }
  }
}
