// How operations and names are written in LaTeX.
// A table apart from the op rows: only one printer reads it, and every constant evaluation pays for a row's members.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "message.hpp"
#include "op.hpp"

#include <cstdint>
#include <string_view>

namespace ctgrad::detail::latex {

/// What binds how tightly, loosest first.
enum level : std::int8_t { bare = 0, disjunction = 2, conjunction = 4, relation = 6, negation = 7, addition = 8, series = 9, factor = 10, fraction = 12, application = 14, exponent = 16, base = 17, atom = 20 };

/// How an operation is written: `#0`, `#1`, `#2` stand for its operands, which are put in parentheses where they bind less than `operands` say.
struct form {
  op code{};
  std::string_view text;
  level binds = atom;
  level operands[3]{bare, bare, bare};
};

/// What is not here is `\operatorname{name}\left(operands\right)`.
inline constexpr form forms[] = {
    {op::add, "#0 + #1", addition, {negation, addition}},
    {op::subtract, "#0 - #1", addition, {negation, series}},
    {op::multiply, "", factor},
    {op::divide, "\\frac{#0}{#1}", fraction},
    {op::negative, "-#0", negation, {factor}},
    {op::reciprocal, "\\frac{1}{#0}", fraction},
    {op::power, "#0^{#1}", exponent, {base}},
    {op::exp, "e^{#0}", exponent},
    {op::expm1, "e^{#0} - 1", addition},
    {op::log, "\\log\\left(#0\\right)", application},
    {op::log1p, "\\log\\left(1 + #0\\right)", application, {addition}},
    {op::sqrt, "\\sqrt{#0}"},
    {op::rsqrt, "\\frac{1}{\\sqrt{#0}}", fraction},
    {op::cbrt, "\\sqrt[3]{#0}"},
    {op::sin, "\\sin\\left(#0\\right)", application},
    {op::cos, "\\cos\\left(#0\\right)", application},
    {op::tan, "\\tan\\left(#0\\right)", application},
    {op::asin, "\\arcsin\\left(#0\\right)", application},
    {op::acos, "\\arccos\\left(#0\\right)", application},
    {op::atan, "\\arctan\\left(#0\\right)", application},
    {op::sinh, "\\sinh\\left(#0\\right)", application},
    {op::cosh, "\\cosh\\left(#0\\right)", application},
    {op::tanh, "\\tanh\\left(#0\\right)", application},
    {op::sigmoid, "\\sigma\\left(#0\\right)", application},
    {op::relu, "\\max\\left(0, #0\\right)", application},
    {op::abs, "\\left|#0\\right|"},
    {op::floor, "\\left\\lfloor #0 \\right\\rfloor"},
    {op::ceil, "\\left\\lceil #0 \\right\\rceil"},
    {op::sign, "\\operatorname{sgn}\\left(#0\\right)", application},
    {op::minimum, "\\min\\left(#0, #1\\right)", application},
    {op::maximum, "\\max\\left(#0, #1\\right)", application},
    {op::hypot, "\\sqrt{#0^{2} + #1^{2}}", atom, {base, base}},
    {op::where, "\\begin{cases} #1 & \\text{if } #0 \\\\ #2 & \\text{otherwise} \\end{cases}", factor},
    {op::equal, "#0 = #1", relation, {negation, negation}},
    {op::not_equal, "#0 \\ne #1", relation, {negation, negation}},
    {op::less, "#0 < #1", relation, {negation, negation}},
    {op::less_equal, "#0 \\le #1", relation, {negation, negation}},
    {op::greater, "#0 > #1", relation, {negation, negation}},
    {op::greater_equal, "#0 \\ge #1", relation, {negation, negation}},
    {op::logical_and, "#0 \\land #1", conjunction, {conjunction, conjunction}},
    {op::logical_or, "#0 \\lor #1", disjunction, {disjunction, disjunction}},
    {op::logical_xor, "#0 \\oplus #1", relation, {negation, negation}},
    {op::logical_not, "\\lnot #0", application, {application}},
    {op::gradient, "\\nabla_{#1} #0", factor, {application}},
    {op::sum, "\\sum", series, {factor}},
    {op::prod, "\\prod", series, {factor}},
    {op::max, "\\max", application},
    {op::min, "\\min", application},
};
constexpr form const* form_of(op code) {
  for (form const& f : forms)
    if (f.code == code) return &f;
  return nullptr;
}

inline constexpr std::string_view greek_letters[] = {"alpha", "beta", "gamma",  "delta", "epsilon", "zeta", "eta",   "theta", "iota", "kappa", "lambda", "mu",
                                                     "nu",    "xi",   "pi",     "rho",   "sigma",   "tau",  "phi",   "chi",   "psi",  "omega", "Gamma",  "Delta",
                                                     "Theta", "Xi",   "Lambda", "Pi",    "Sigma",   "Phi",  "Omega", "Psi"};
/// A name: one letter or a Greek one in italics, others upright; digits at its end, and what follows an underscore, are its index.
constexpr void print_name(message& out, std::string_view name) {
  auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  std::size_t stem = name.find('_');
  if (stem == std::string_view::npos) {
    stem = name.size();
    while (stem > 1 && is_digit(name[stem - 1])) --stem;
  }
  if (stem == 0) stem = name.size();
  auto upright = [&](std::string_view part, std::string_view command) {
    out << command << '{';
    for (char c : part) {
      if (c == '_' || c == '#' || c == '%' || c == '&' || c == '$' || c == '{' || c == '}') out << '\\';
      out << c;
    }
    out << '}';
  };
  std::string_view const letters = name.substr(0, stem);
  bool greek = false;
  for (auto letter : greek_letters) greek = greek || letter == letters;
  if (greek) out << '\\' << letters;
  else if (letters.size() == 1) out << letters;
  else upright(letters, "\\mathrm");
  if (stem == name.size()) return;
  std::string_view const rest = name.substr(name[stem] == '_' ? stem + 1 : stem);
  if (rest.empty()) return;
  out << "_{";
  if (rest.size() == 1) out << rest;
  else upright(rest, "\\mathrm");
  out << '}';
}

}  // namespace ctgrad::detail::latex
