// The tiny graph in Sacado's reverse mode.
//
// SPDX-License-Identifier: BSL-1.0
#include "../contender.hpp"
#include "../problems.hpp"
#include "number.hpp"

int main() {
  problem::tiny const in;
  using number = Sacado::Rad::ADvar<float>;
  float loss = 0, gradient[4][8];
  return contender::serve(
      "sacado",
      [&] {
        number v[4][8], total = 0.0f;
        problem::floats const* const inputs[] = {&in.a, &in.b, &in.c, &in.d};
        for (int k = 0; k < 4; ++k)
          for (int i = 0; i < 8; ++i) v[k][i] = (*inputs[k])[i];
        for (int i = 0; i < 8; ++i) total += (v[0][i] * v[1][i] + v[2][i]) * tanh(v[3][i]);
        Sacado::Rad::ADcontext<float>::Gradcomp();
        loss = total.val();
        for (int k = 0; k < 4; ++k)
          for (int i = 0; i < 8; ++i) gradient[k][i] = v[k][i].adj();
      },
      [&] {
        contender::checksum sums;
        sums.scalar(loss);
        for (auto const& g : gradient) sums.array(g, 8);
        return sums;
      });
}
