// The exceptions that ctgrad throws at run time.
// One type for each kind of mistake, so that callers catch what they can mend; every message is one line.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <stdexcept>

namespace ctgrad {

/// The base of all exceptions of ctgrad.
struct error : std::runtime_error { using std::runtime_error::runtime_error; };

/// Extents that are negative, too large, or do not fit each other; a wrong rank.
struct shape_error : error { using error::error; };

/// Strides that do not allow what was asked for, such as a reshape without a copy.
struct stride_error : error { using error::error; };

/// An element type that is not the expected one, or that ctgrad does not know.
struct dtype_error : error { using error::error; };

/// A value that cannot be bound to a symbol or a view: a null pointer, memory of another device.
struct binding_error : error { using error::error; };

/// A destination that overlaps its source, or itself, in a way that would change the result.
struct overlap_error : error { using error::error; };

/// A file that cannot be read or written, or whose contents are malformed.
struct io_error : error { using error::error; };

/// An index or an axis that is out of range.
struct index_error : error { using error::error; };

}  // namespace ctgrad
