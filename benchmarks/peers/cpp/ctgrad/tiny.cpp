// Four inputs of eight floats, a value and four gradients: what a call costs besides its arithmetic.
//
// SPDX-License-Identifier: BSL-1.0
#include "../contender.hpp"
#include "../problems.hpp"

#include <ctgrad/ctgrad.hpp>

namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto a = ct::tensor<float>("a"_s, 8_c);
constexpr auto b = ct::tensor<float>("b"_s, 8_c);
constexpr auto c = ct::tensor<float>("c"_s, 8_c);
constexpr auto d = ct::tensor<float>("d"_s, 8_c);
constexpr auto loss = ct::sum((a * b + c) * ct::tanh(d));
constexpr auto da = ct::grad(loss, a);
constexpr auto db = ct::grad(loss, b);
constexpr auto dc = ct::grad(loss, c);
constexpr auto dd = ct::grad(loss, d);
constexpr auto step = ct::compile(loss, da, db, dc, dd);
static_assert(ct::report(step).nests == 1 && ct::report(step).temporaries == 0);

int main() {
  problem::tiny const in;
  auto space = step.workspace();
  float l = 0;
  problem::floats ga(8), gb(8), gc(8), gd(8);
  return contender::serve("ctgrad", [&] { step.into(space, a = in.a, b = in.b, c = in.c, d = in.d, loss = l, da = ga, db = gb, dc = gc, dd = gd); },
                          [&] { return contender::checksum().scalar(l).array(ga).array(gb).array(gc).array(gd); });
}
