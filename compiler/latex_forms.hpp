// The forms that the op rows have for LaTeX, and how names are written in it.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "message.hpp"
#include "ops.hpp"

namespace ctgrad::detail::latex {

template <op Code>
constexpr form const* form_in_row() {
  if constexpr (requires { row<Code>::in_latex; }) return &row<Code>::in_latex;
  else return nullptr;
}
/// The form in a row, or null.
constexpr form const* form_of(op code) {
  constexpr auto forms = []<std::size_t... Codes>(std::index_sequence<Codes...>) {
    return std::array<form const*, op_count>{form_in_row<static_cast<op>(Codes)>()...};
  }(std::make_index_sequence<op_count>{});
  return forms[static_cast<std::size_t>(code)];
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
