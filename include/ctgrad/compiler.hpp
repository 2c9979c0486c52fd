// The one door to the compiler.
// Everything under compiler/ is private; what a user needs of it is named in the other headers of this folder.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../../compiler/pipeline.hpp"
