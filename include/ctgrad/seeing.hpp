// All that shows what a program is and does: loops as pseudo-code, graphs and formulas, profiles, checks, pages.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "check.hpp"
#include "explain.hpp"
#include "html_report.hpp"
#include "latex.hpp"
#include "profile.hpp"
