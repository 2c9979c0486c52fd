// expect: ctgrad: python::define: a symbol is named out, which is Python's word for where results go
#include <ctgrad/functions.hpp>
#include <ctgrad/python.hpp>

namespace ct = ctgrad;
using namespace ct::literals;
#ifdef CTGRAD_FIXED
constexpr auto x = ct::scalar<float>("x"_s);
#else
constexpr auto x = ct::scalar<float>("out"_s);
#endif
constexpr auto twice = ct::compile(2_c * x);

CTGRAD_PYTHON_MODULE(module, m) { ct::python::define(m, "twice", twice, "twice"); }
