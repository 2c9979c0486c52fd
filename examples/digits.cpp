// Trains a 64-128-10 network on handwritten digits: expressions, gradients taken by the compiler, Adam.
// The main example: it reads .npy files by mapping, trains in under two seconds, and shows the loops that did it.
//
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/ctgrad.hpp>
#include <ctgrad/explain.hpp>
#include <ctgrad/npy.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <numeric>
#include <random>
#include <unistd.h>
#include <vector>

namespace ct = ctgrad;
using namespace ct::literals;

// The network.
constexpr auto N = ct::dim("N"_s);
constexpr auto images = ct::tensor<float>("images"_s, N, 64_c);
constexpr auto labels = ct::tensor<std::int64_t>("labels"_s, N);
constexpr auto W1 = ct::tensor<float>("W1"_s, 64_c, 128_c);
constexpr auto b1 = ct::tensor<float>("b1"_s, 128_c);
constexpr auto W2 = ct::tensor<float>("W2"_s, 128_c, 10_c);
constexpr auto b2 = ct::tensor<float>("b2"_s, 10_c);

constexpr auto hidden = ct::relu(ct::matmul(images, W1) + b1);
constexpr auto logits = ct::matmul(hidden, W2) + b2;
constexpr auto loss = ct::cross_entropy(logits, labels);

// The programs.
constexpr auto classify = ct::compile(logits);
constexpr auto step = ct::compile(loss, ct::grad(loss, W1, b1, W2, b2));
static_assert(ct::report(step).products == 5);  // two forward, three backward: no product is computed twice

namespace {

/// Weights as torch.nn.Linear draws them: uniform in ±1/sqrt(inputs).
ct::array<float, 2> uniform(std::int64_t inputs, std::int64_t outputs, std::mt19937& random) {
  float const limit = 1 / std::sqrt(static_cast<float>(inputs));
  std::uniform_real_distribution<float> draw(-limit, limit);
  auto a = ct::empty<float>(inputs, outputs);
  for (std::int64_t i = 0; i < inputs; ++i)
    for (std::int64_t j = 0; j < outputs; ++j) a(i, j) = draw(random);
  return a;
}

/// The share of rows whose largest logit is the label's.
template <class Parameters>
double accuracy(Parameters& p, ct::view<float const, 2> x, ct::view<std::int64_t const, 1> y) {
  auto [scores] = classify(images = x, W1 = p[W1].value, b1 = p[b1].value, W2 = p[W2].value, b2 = p[b2].value);
  std::int64_t right = 0;
  for (std::int64_t i = 0; i < y.size(); ++i) {
    auto const row = scores[i];
    right += std::max_element(row.data(), row.data() + 10) - row.data() == y(i);
  }
  return static_cast<double>(right) / static_cast<double>(y.size());
}

void show_progress(int epoch, int epochs, float loss_value, double train, double held_out, double seconds) {
  constexpr int width = 30;
  int const filled = width * epoch / epochs;
  std::printf("%sepoch %2d/%d [%.*s%.*s] loss %.4f  training %5.1f%%  held out %5.1f%%  %.2f s%s", isatty(1) ? "\r" : "", epoch, epochs, filled,
              "##############################", width - filled, "..............................", static_cast<double>(loss_value), 100 * train, 100 * held_out, seconds,
              isatty(1) ? "" : "\n");
  std::fflush(stdout);
}

}  // namespace

int main() try {
  using clock = std::chrono::steady_clock;
  auto const x_file = ct::npy::map<float, 2>(CTGRAD_EXAMPLES "/data/digits_images.npy");
  auto const y_file = ct::npy::map<std::int64_t, 1>(CTGRAD_EXAMPLES "/data/digits_labels.npy");
  std::int64_t const count = x_file.view().extent(0), held_out_count = count / 5, train_count = count - held_out_count;

  // Shuffled with a fixed seed; the last fifth is held out. Pixels are scaled to [0, 1].
  std::mt19937 random(1);
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), random);
  auto x = ct::empty<float>(count, 64);
  auto y = ct::empty<std::int64_t>(count);
  for (std::int64_t i = 0; i < count; ++i) {
    x[i].assign(x_file.view()[order[static_cast<std::size_t>(i)]]);
    y(i) = y_file.view()(order[static_cast<std::size_t>(i)]);
  }
  x = x / 16.0f;
  auto const x_train = x.slice(0, 0, train_count), x_held_out = x.slice(0, train_count, count);
  auto const y_train = y.slice(0, 0, train_count), y_held_out = y.slice(0, train_count, count);

  auto p = ct::parameters(W1 = uniform(64, 128, random), b1 = ct::zeros<float>(128), W2 = uniform(128, 10, random), b2 = ct::zeros<float>(10));
  auto adam = ct::optim::adam({.learning_rate = 3e-3});
  constexpr int epochs = 30;
  constexpr std::int64_t batch = 32;
  auto train = ct::train_step(loss, p, adam);  // forward, backward and Adam's update, one program
  auto space = train.workspace(N = batch);

  std::printf("%lld images to train on, %lld held out; %lld parameters\n", static_cast<long long>(train_count), static_cast<long long>(held_out_count),
              static_cast<long long>(p.size()));
  double training_seconds = 0, held_out = 0;
  std::vector<std::int64_t> batches(static_cast<std::size_t>((train_count + batch - 1) / batch));
  std::iota(batches.begin(), batches.end(), 0);
  for (int epoch = 1; epoch <= epochs; ++epoch) {
    auto const start = clock::now();
    std::shuffle(batches.begin(), batches.end(), random);
    float total = 0;
    for (auto number : batches) {
      std::int64_t const first = number * batch, last = std::min(first + batch, train_count);
      total += train.into(space, images = x_train.slice(0, first, last), labels = y_train.slice(0, first, last));
    }
    training_seconds += std::chrono::duration<double>(clock::now() - start).count();
    held_out = accuracy(p, x_held_out, y_held_out);
    show_progress(epoch, epochs, total / static_cast<float>(batches.size()), accuracy(p, x_train, y_train), held_out, training_seconds);
  }
  std::printf("\ntrained in %.2f s; %.1f%% of the held-out digits are right\n\n", training_seconds, 100 * held_out);

  std::cout << "The loops of one step (loss and all gradients):\n" << ct::explain(step) << '\n';
  std::ofstream("digits.dot") << ct::to_dot(step);
  if (std::system("command -v dot > /dev/null 2>&1") == 0 && std::system("dot -Tsvg digits.dot -o digits.svg") == 0) std::printf("The graph is in digits.svg.\n");
  else std::printf("The graph is in digits.dot; Graphviz (dot) would draw it.\n");
  return held_out >= 0.97 ? EXIT_SUCCESS : EXIT_FAILURE;
} catch (std::exception const& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return EXIT_FAILURE;
}
