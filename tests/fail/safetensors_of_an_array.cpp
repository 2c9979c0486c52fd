// expect: ctgrad: safetensors::save takes parameters, or arrays by name: ct::safetensors::save("model.safetensors", {{"w", w}})
// needs: nlohmann/json.hpp
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/safetensors.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

#ifdef CTGRAD_FIXED
void f(ct::array<float, 1>& w) { ct::safetensors::save("model.safetensors", {{"w", w}}); }
#else
void f(ct::array<float, 1>& w) { ct::safetensors::save("model.safetensors", w); }  // here
#endif
