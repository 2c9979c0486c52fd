// expect: ctgrad: adam takes its settings, learning_rate, beta1, beta2, epsilon, weight_decay, by name: ct::optim::adam({.learning_rate = 1e-3})
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/optim.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

#ifdef CTGRAD_FIXED
auto f() { return ct::optim::adam({.learning_rate = 0.1, .beta2 = 0.99}); }
#else
auto f() { return ct::optim::adam({.lr = 0.1, .betas = {0.9, 0.99}}); }  // here
#endif
