// Random functions of dozens of operations on one shape: bodies that are cut into chunks over tiles, compiled and held against the interpreter.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE emission_chains
#include "../emission.hpp"

#include <vector>

using namespace ctgrad::test;

namespace {

/// A map of maps: each operation reads some of the last values, so that many live across a cut.
template <std::uint64_t Seed, int Operations>
struct random_chain {
  template <class... Values>
  static constexpr value trace(value first, Values... others) {
    random_bits r{Seed};
    std::vector<value> pool{first, others...};
    auto recent = [&](int back) { return pool[pool.size() - 1 - static_cast<std::size_t>(r.below(std::min(back, static_cast<int>(pool.size()))))]; };
    for (int i = 0; i < Operations; ++i) {
      value const x = recent(3), y = recent(20);
      switch (r.below(8)) {
        case 0: pool.push_back(ctgrad::tanh(x + y)); break;
        case 1: pool.push_back(ctgrad::sin(x) * y); break;
        case 2: pool.push_back(x * 0.5 - y * 0.25); break;
        case 3: pool.push_back(ctgrad::where(first < r.real(), x, y)); break;
        case 4: pool.push_back(ctgrad::maximum(x, y)); break;
        case 5: pool.push_back(x / (ctgrad::abs(y) + 1.5)); break;
        case 6: pool.push_back(ctgrad::sigmoid(x) - y * 0.5); break;
        default: pool.push_back(ctgrad::exp(ctgrad::sin(x)) * 0.25 + y * 0.5); break;
      }
    }
    return pool.back();
  }
};

template <class E, std::uint64_t Seed, int Operations>
void check_chain() {
  if constexpr (takes_seed(Seed)) {
    constexpr auto out = ctgrad::detail::make_expression<random_chain<Seed, Operations>, std::remove_cvref_t<decltype(matrix_a<E>)>, std::remove_cvref_t<decltype(vector_d<E>)>>();
    constexpr auto loss = ctgrad::sum(out * out);
    check_outputs<E>(ctgrad::compile(out, loss, ctgrad::grad(loss, matrix_a<E>, vector_d<E>)), "chain " + std::to_string(Seed));
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(of_doubles) {
  check_chain<double, 1, 20>();
  check_chain<double, 2, 40>();
  check_chain<double, 3, 60>();
}
BOOST_AUTO_TEST_CASE(of_floats) {
  check_chain<float, 4, 30>();
  check_chain<float, 5, 50>();
}
