"""Arrays and views of ctgrad in GDB: `print weights` shows dtype, shape and elements, whatever the strides.

    (gdb) source packaging/gdb/ctgrad.py
    (gdb) print w
    $1 = float32[2, 3] {{1, 2, 3}, {4, 5, 6}}

For every session: put the line `source …/ctgrad.py` into ~/.gdbinit. As many elements are shown as `set print elements` allows.

SPDX-License-Identifier: BSL-1.0
"""

import gdb
import gdb.printing

DTYPES = {
    "bool": "bool",
    "int": "int32",
    "long": "int64",
    "long long": "int64",
    "float": "float32",
    "double": "float64",
}


def numbers(array):
    """The elements of a std::array<std::int64_t, Rank>: of libstdc++ or libc++."""
    fields = [f.name for f in array.type.strip_typedefs().fields()]
    if array.type.strip_typedefs().template_argument(1) == 0:
        return []
    elements = array["_M_elems" if "_M_elems" in fields else "__elems_"]
    low, high = elements.type.strip_typedefs().range()
    return [int(elements[i]) for i in range(low, high + 1)]


def pointer(data):
    """What a std::unique_ptr or a plain pointer points to."""
    if data.type.strip_typedefs().code == gdb.TYPE_CODE_PTR:
        return data
    visualizer = gdb.default_visualizer(data)
    if visualizer is not None and hasattr(visualizer, "pointer"):
        return visualizer.pointer
    target = data.type.strip_typedefs().template_argument(0).pointer()
    return data.address.cast(target.pointer()).dereference()  # a pointer and a deleter without members


def row_major(shape):
    strides = [1] * len(shape)
    for axis in range(len(shape) - 1, 0, -1):
        strides[axis - 1] = strides[axis] * shape[axis]
    return strides


class TensorPrinter:
    """A ctgrad::array or ctgrad::view."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        kind = self.value.type.strip_typedefs()
        fields = [f.name for f in kind.fields()]
        shape = numbers(self.value["shape_"])
        strides = numbers(self.value["strides_"]) if "strides_" in fields else row_major(shape)
        data = pointer(self.value["data_"])
        element = str(data.type.target().unqualified().strip_typedefs())
        name = DTYPES.get(element, element) + "[" + ", ".join(map(str, shape)) + "]"
        if int(data) == 0 and 0 not in shape:
            return name + " without memory"
        self.left = gdb.parameter("print elements") or 1 << 30
        try:
            return name + " " + self.elements(data, shape, strides)
        except gdb.MemoryError:
            return name + " at " + str(data) + ", which cannot be read"

    def elements(self, data, shape, strides):
        if not shape:
            self.left -= 1
            return str(data.dereference())
        parts = []
        for i in range(shape[0]):
            if self.left <= 0:
                parts.append("...")
                break
            parts.append(self.elements(data + i * strides[0], shape[1:], strides[1:]))
        return "{" + ", ".join(parts) + "}"


def build():
    printers = gdb.printing.RegexpCollectionPrettyPrinter("ctgrad")
    printers.add_printer("array", "^ctgrad::array<.*>$", TensorPrinter)
    printers.add_printer("view", "^ctgrad::view<.*>$", TensorPrinter)
    return printers


gdb.printing.register_pretty_printer(gdb.current_objfile(), build(), replace=True)
