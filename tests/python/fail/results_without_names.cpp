// expect: ctgrad: python::define needs a name for each result of the program
#include <ctgrad/functions.hpp>
#include <ctgrad/python.hpp>

namespace ct = ctgrad;
using namespace ct::literals;
constexpr auto x = ct::scalar<float>("x"_s);
constexpr auto both = ct::compile(2_c * x, 3_c * x);

CTGRAD_PYTHON_MODULE(module, m) {
#ifdef CTGRAD_FIXED
  ct::python::define(m, "both", both, "twice", "thrice");
#else
  ct::python::define(m, "both", both, "twice");
#endif
}
