// Expressions, gradients and programs as LaTeX: `ct::to_latex(ct::grad(loss, w))`.
// Apart from the umbrella, since few programs print formulas.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../../compiler/latex.hpp"
#include "explain.hpp"

#include <string>

namespace ctgrad {

/// The simplified formula of an expression, gradients worked out, in LaTeX's mathematics (amsmath), without dollars. Extents that are summed over stand below the sum.
/// A formula of more than 24 operations names what it uses more than once, and says it after "where"; those and the outputs of a program are the lines of an `aligned`.
template <class T>
std::string to_latex(T const& what) {
  return detail::to_text(detail::print_latex(detail::graph_to_draw(what)));
}

}  // namespace ctgrad
