"""Imports the module that was built, and calls it.

SPDX-License-Identifier: BSL-1.0
"""

import numpy as np
import outside

assert outside.total(A=np.array([[1, 2], [3, 4]], np.float32), B=np.array([[5, 6], [7, 8]], np.float32)) == 134  # 19 + 22 + 43 + 50
