// The LSTM by hand: forward over the characters with what backward needs in arrays, then back, a pack of hidden numbers at a time. One sequence is too little for threads.
//
// SPDX-License-Identifier: BSL-1.0
#include "../contender.hpp"
#include "../problems.hpp"
#include "parallel.hpp"

using hand::at, hand::batch, hand::lanes;

struct network {
  static constexpr std::int64_t layers = problem::lstm::layers, size = problem::lstm::size, width = (size + lanes - 1) / lanes * lanes;  // rows are padded to whole packs
  problem::lstm const& in;
  std::int64_t steps = in.characters - 1;
  problem::floats main = rows(in.main, 8 * layers), extra = rows(in.extra, 3), state = rows(in.state, 2 * layers), sequence = rows(in.sequence, in.characters);
  /// Of each step and layer: what came in, hidden and cell before, four gates, tanh of the cell. Of each step: what goes out, and e^ of it.
  static constexpr std::int64_t kept = 8;
  problem::floats memory = problem::floats(steps * layers * kept * width), out = problem::floats(steps * width), powers = out, dmain = main, dextra = extra;
  problem::floats valid = rows(problem::floats(size, 1.0f), 1);

  static problem::floats rows(problem::floats const& x, std::int64_t count) {
    problem::floats padded(count * width);
    for (std::int64_t i = 0; i < count; ++i) std::copy_n(x.data() + i * size, size, padded.data() + i * width);
    return padded;
  }
  static batch sigmoid(batch const& x) { return batch(1.0f) / (batch(1.0f) + xsimd::exp(-x)); }

  float run() {
    for (std::int64_t j = 0; j < width; j += lanes) forward(j);
    double total = 0;
    for (std::int64_t t = 0; t < steps; ++t) {
      batch sum(0.0f), chosen(0.0f), gold(0.0f);
      for (std::int64_t j = 0; j < width; j += lanes) {
        batch const bits = at(sequence.data() + (t + 1) * width + j), y = at(out.data() + t * width + j), e = xsimd::exp(y) * at(valid.data() + j);
        sum += e, chosen = xsimd::fma(bits, y, chosen), gold += bits;
        e.store_unaligned(powers.data() + t * width + j);
      }
      float const all = hand::sum_of_lanes(sum) + 2, ones = hand::sum_of_lanes(gold);
      total += hand::sum_of_lanes(chosen) - ones * std::log(all);
      for (std::int64_t j = 0; j < width; j += lanes) (batch(ones / all) * at(powers.data() + t * width + j)).store_unaligned(powers.data() + t * width + j);
    }
    for (std::int64_t j = 0; j < width; j += lanes) backward(j);
    return static_cast<float>(-total / static_cast<double>(steps * size));
  }

 private:
  float* at_step(std::int64_t t, std::int64_t layer, std::int64_t j) { return memory.data() + (t * layers + layer) * kept * width + j; }

  void forward(std::int64_t j) {
    batch hidden[layers], cell[layers];
    for (std::int64_t k = 0; k < layers; ++k) hidden[k] = at(state.data() + 2 * k * width + j), cell[k] = at(state.data() + (2 * k + 1) * width + j);
    for (std::int64_t t = 0; t < steps; ++t) {
      batch x = at(sequence.data() + t * width + j) * at(extra.data() + j);
      for (std::int64_t k = 0; k < layers; ++k) {
        float const *w = main.data() + 8 * k * width + j, *b = w + 4 * width;
        auto gate = [&](int g, batch const& v) { return xsimd::fma(v, at(w + g * width), at(b + g * width)); };
        batch const forget = sigmoid(gate(0, x)), enter = sigmoid(gate(1, hidden[k])), leave = sigmoid(gate(2, x)), change = xsimd::tanh(gate(3, hidden[k]));
        batch const next = xsimd::fma(cell[k], forget, enter * change), bent = xsimd::tanh(next);
        batch const keep[kept] = {x, hidden[k], cell[k], forget, enter, leave, change, bent};
        for (std::int64_t i = 0; i < kept; ++i) keep[i].store_unaligned(at_step(t, k, j) + i * width);
        cell[k] = next, x = hidden[k] = leave * bent;
      }
      xsimd::fma(x, at(extra.data() + width + j), at(extra.data() + 2 * width + j)).store_unaligned(out.data() + t * width + j);
    }
  }
  void backward(std::int64_t j) {
    batch const share(-1 / static_cast<float>(steps * size)), one(1.0f);
    batch dw[layers][8], dx[3], dhidden[layers], dcell[layers];
    for (auto& layer : dw)
      for (auto& v : layer) v = batch(0.0f);
    for (auto& v : dx) v = batch(0.0f);
    for (std::int64_t k = 0; k < layers; ++k) dhidden[k] = dcell[k] = batch(0.0f);
    for (std::int64_t t = steps - 1; t >= 0; --t) {
      batch const dy = share * (at(sequence.data() + (t + 1) * width + j) - at(powers.data() + t * width + j));
      float const* const last = at_step(t, layers - 1, j);
      dx[1] = xsimd::fma(dy, at(last + 5 * width) * at(last + 7 * width), dx[1]), dx[2] += dy;
      batch up = dy * at(extra.data() + width + j);
      for (std::int64_t k = layers - 1; k >= 0; --k) {
        float const *m = at_step(t, k, j), *w = main.data() + 8 * k * width + j;
        batch const x = at(m), hidden = at(m + width), cell = at(m + 2 * width), forget = at(m + 3 * width), enter = at(m + 4 * width), leave = at(m + 5 * width), change = at(m + 6 * width),
                    bent = at(m + 7 * width);
        batch const dh = dhidden[k] + up, dc = xsimd::fma(dh * leave, xsimd::fnma(bent, bent, one), dcell[k]);
        batch const g[4] = {dc * cell * forget * (one - forget), dc * change * enter * (one - enter), dh * bent * leave * (one - leave), dc * enter * xsimd::fnma(change, change, one)};
        batch const seen[4] = {x, hidden, x, hidden};
        for (int i = 0; i < 4; ++i) dw[k][i] = xsimd::fma(g[i], seen[i], dw[k][i]), dw[k][4 + i] += g[i];
        dcell[k] = dc * forget;
        dhidden[k] = xsimd::fma(g[1], at(w + width), g[3] * at(w + 3 * width));
        up = xsimd::fma(g[0], at(w), g[2] * at(w + 2 * width));
      }
      dx[0] = xsimd::fma(up, at(sequence.data() + t * width + j), dx[0]);
    }
    for (std::int64_t k = 0; k < layers; ++k)
      for (std::int64_t i = 0; i < 8; ++i) dw[k][i].store_unaligned(dmain.data() + (8 * k + i) * width + j);
    for (std::int64_t i = 0; i < 3; ++i) dx[i].store_unaligned(dextra.data() + i * width + j);
  }
};

int main(int argc, char** argv) {
  problem::lstm const in(contender::size(argc, argv, 1));
  network n{in};
  float loss = 0;
  auto packed = [](problem::floats const& padded) {
    problem::floats x;
    for (std::size_t i = 0; i < padded.size(); i += network::width) x.insert(x.end(), padded.data() + i, padded.data() + i + network::size);
    return x;
  };
  return contender::serve("hand", [&] { loss = n.run(); }, [&] { return contender::checksum().scalar(loss).array(packed(n.dmain)).array(packed(n.dextra)); });
}
