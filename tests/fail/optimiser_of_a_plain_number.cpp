// expect: ctgrad: sgd takes its settings, learning_rate, momentum, dampening, weight_decay, nesterov, by name: ct::optim::sgd({.learning_rate = 1e-3})
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/optim.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

#ifdef CTGRAD_FIXED
auto f() { return ct::optim::sgd({.learning_rate = 0.1}); }
#else
auto f() { return ct::optim::sgd(0.1); }  // here
#endif
