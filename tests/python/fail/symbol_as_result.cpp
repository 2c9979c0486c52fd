// expect: ctgrad: python::define: a result is a symbol itself, and is to be a copy of it: write 1_c * symbol
#include <ctgrad/functions.hpp>
#include <ctgrad/python.hpp>

namespace ct = ctgrad;
using namespace ct::literals;
constexpr auto x = ct::vector<float>("x"_s);
#ifdef CTGRAD_FIXED
constexpr auto same = ct::compile(1_c * x);
#else
constexpr auto same = ct::compile(x);
#endif

CTGRAD_PYTHON_MODULE(module, m) { ct::python::define(m, "same", same, "x"); }
