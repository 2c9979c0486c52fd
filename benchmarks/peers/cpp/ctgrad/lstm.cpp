// ADBench's LSTM (Srajer, Kukelova, Fitzgibbon 2018), whose gates see one number each: what it says of the next character, for each of a text, and the gradients by its parameters.
// The text is unrolled, so its length is known while compiling.
//
// SPDX-License-Identifier: BSL-1.0
#include "../contender.hpp"
#include "../problems.hpp"

#include <ctgrad/ctgrad.hpp>

#include <array>

namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto characters = 8_c;
constexpr auto main_parameters = ct::tensor<float>("main_parameters"_s, 16_c, 14_c);  // of each layer the weights of four gates, then their biases
constexpr auto extra_parameters = ct::tensor<float>("extra_parameters"_s, 3_c, 14_c);
constexpr auto state = ct::tensor<float>("state"_s, 4_c, 14_c);
constexpr auto sequence = ct::tensor<float>("sequence"_s, characters, 14_c);

constexpr auto rows = [](auto x, auto count) { return boost::hana::unpack(ct::chunk(x, count, 0_c), [](auto... row) { return std::array{row...}; }); };

constexpr auto network = ct::fn([](auto main_parameters, auto extra_parameters, auto state, auto sequence) {
  auto const main = rows(main_parameters, 16_c);
  auto const extra = rows(extra_parameters, 3_c);
  auto const first = rows(state, 4_c);
  auto const text = rows(sequence, characters);
  std::array hidden{first[0], first[2]}, cell{first[1], first[3]};
  auto const seen = [&](std::size_t t) {  // of character t, what is said of the next
    auto x = text[t] * extra[0];
    for (std::size_t k = 0; k < 2; ++k) {
      auto const *weight = &main[8 * k], *bias = weight + 4;
      cell[k] = cell[k] * ct::sigmoid(x * weight[0] + bias[0]) + ct::sigmoid(hidden[k] * weight[1] + bias[1]) * ct::tanh(hidden[k] * weight[3] + bias[3]);
      x = hidden[k] = ct::sigmoid(x * weight[2] + bias[2]) * ct::tanh(cell[k]);
    }
    auto const y = x * extra[1] + extra[2];
    return ct::sum(text[t + 1] * (y - ct::log(ct::sum(ct::exp(y)) + 2)));
  };
  auto total = seen(0);
  for (std::size_t t = 1; t + 1 < text.size(); ++t) total = total + seen(t);
  return total / (-14.0 * (text.size() - 1));
});

constexpr auto loss = network(main_parameters, extra_parameters, state, sequence);
constexpr auto dmain = ct::grad(loss, main_parameters);
constexpr auto dextra = ct::grad(loss, extra_parameters);
constexpr auto step = ct::compile(loss, dmain, dextra);
static_assert(ct::report(step).nests == 2);  // forward over the characters, with the sums of each; back over all of them

int main(int argc, char** argv) {
  problem::lstm const in(contender::size(argc, argv, 1));
  constexpr auto count = decltype(characters)::integer;
  if (in.characters != count) {
    std::printf("compiled for %d characters, not %d\n", static_cast<int>(count), static_cast<int>(in.characters));
    return contender::not_available;
  }
  auto space = step.workspace();
  float l = 0;
  problem::floats gm(in.main.size()), ge(in.extra.size());
  auto of = [](auto& x) { return ct::view<std::conditional_t<std::is_const_v<std::remove_reference_t<decltype(x)>>, float const, float>, 2>(x.data(), {static_cast<std::int64_t>(x.size()) / 14, 14}); };
  return contender::serve(
      "ctgrad",
      [&] {
        step.into(space, main_parameters = of(in.main), extra_parameters = of(in.extra), state = of(in.state), sequence = of(in.sequence), loss = l, dmain = of(gm), dextra = of(ge));
      },
      [&] { return contender::checksum().scalar(l).array(gm).array(ge); });
}
