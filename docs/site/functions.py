#!/usr/bin/env python3
"""Writes the reference of functions and classes from the headers that users include: how each is called, what its comment says, where it is declared.

A public name is one outside of namespaces `detail` with a comment: of `///` above it, or `///<` behind it. Overloads without a comment belong to the one above;
those that only say what is wrong (their body is a static_assert) are left out.

usage: functions.py SOURCE_ROOT OUTPUT_FOLDER
SPDX-License-Identifier: BSL-1.0
"""
import pathlib
import re
import sys

from headers import WORD, declarations, signature, split_arguments, without_template

PAGES = {  # by folder and name of the headers, in the order in which they are read
    "tensors": ["compiler/functions", "symbol", "functions", "shapes", "statistics", "diagonal", "indexing", "sorting", "linalg", "einsum", "random", "call", "constant"],
    "networks": ["layers", "activations", "normalization", "convolution", "losses", "parameter", "initial"],
    "programs": ["fn", "gradient", "program", "results", "workspace", "extern_program", "equivalent", "evaluate", "report", "explain", "text", "write_text", "latex", "profile", "check", "html_report",
                 "instrument", "error", "python"],
    "training": ["parameters", "train", "stream", "optim/sgd", "optim/adam", "optim/rmsprop", "optim/adagrad", "optim/lbfgs", "optim/clip", "optim/schedule", "init", "generator"],
    "arrays": ["compiler/dtype", "compiler/half", "array", "array_factories", "view", "eager", "print", "named_tensor", "npy", "npz", "safetensors", "dlpack"],
}
def traced_arguments(sources):
    """Of the structs that function objects are made of, the names of the tensors that they take; behind them whether axes are kept."""
    found = {}
    for source in sources:
        for struct, body in re.findall(r"struct (\w+)[^\n]*\{\n(.*?)\n\};", source, re.S):
            if trace := re.search(r"static constexpr (?:detail::)?value trace\((.*?)\)", body):
                found[struct] = [re.findall(WORD, a)[-1] for a in split_arguments(trace[1])]
                found["in place: " + struct] = "kept" not in body and "Axes::keep" not in body
    return found


def arities(sources):
    """Of the rows of the op table, how many operands they take."""
    return {"op::" + name: int(arity or 1) for source in sources for name, arity in re.findall(r"struct row<op::(\w+)>[^{]*\{\s*static constexpr op_info info\{(?:[^}]*?\.arity = (\d))?", source)}


def call_of_object(kind, name, said, traced):
    """How an object is used: as its comment writes it, or by its type, as detail::plain_function<detail::mse_function>; options and numbers by their names."""
    if written := re.search(r"\b%s\([^)]*\)" % name.split("::")[-1], said):
        return "ct::" + written[0]
    if not re.search(r"function|moment_of", kind):
        return name
    if row := re.search(r"detail::function<detail::op::(\w+)>", kind):
        return f"{name}({', '.join('xyz'[:traced['op::' + row[1]]])})"
    tensors = next((traced[word] for word in reversed(re.findall(WORD, kind)) if word in traced), ["x"])
    if "last_axis_function" in kind:
        tensors = tensors + ["[axis]"]
    elif re.search(r"axis_function|reduction_function|moment_of", kind):
        tensors = tensors + ["[axes…]", "[ct::keepdim]"][:1 if any(traced.get("in place: " + word) for word in re.findall(WORD, kind)) else 2]
    return f"{name}({', '.join(tensors)})"


def record_entry(record, prefix, text, said, source):
    """A class: how it is declared, its comment, its options or enumerators."""
    values = re.search(r"\{ ?(.*?) ?\};", text)
    options = re.search(r"\n(?:class|struct) %s\b(?:(?!\n\};).)*?\n  struct options \{\n(.*?)\n  \};" % record[2], source, re.S)
    if options:
        said += "\n```cpp\nstruct options {\n" + re.sub("^  ", "", options[1], flags=re.M) + "\n};\n```"
    return [prefix + record[2], [f"{record[1]} {prefix}{record[2]}" + (" { " + values[1] + " }" if record[1].startswith("enum") and values else "")], said]


def public_names(path, traced):
    """[name, calls, comment] for each public function, object and class of a header."""
    entries, comment, of_class, hidden = [], [], None, False
    for scope, indent, text, behind, body in declarations(path):
        if text.startswith("///"):
            comment.append(text[3:].lstrip("<").strip())
            continue
        said, comment = " ".join(comment + [behind] * bool(behind)), []
        if text in ("public:", "private:", "protected:"):
            hidden = text != "public:"
        elif text == "};":
            of_class, hidden = None, False
        if text.startswith("#define"):
            if said:
                entries.append([re.search(WORD, text[8:])[0], [re.search(r"\w+\([^)]*\)", text)[0]], said])
            continue
        parameters, text = without_template(text)
        text = text.replace("operator()(", "of_this(")
        if scope[:1] != ["ctgrad"] or "detail" in scope or re.match(r"(friend|using|static_assert|return|namespace|concept|~)", text):
            continue
        prefix = "::".join(["ct"] + scope[1:]) + "::"
        record = re.match(r"(class|struct|enum class|enum) (\w+)(?: final)?(?: : [^{]*)?( \{|;)", text)
        constant = re.match(r"inline constexpr (.+?) (\w+)(?:\{.*\}| = .*);", text)
        declared = re.search(r"(%s)\(" % WORD, text)
        if indent == 2:
            if of_class and not hidden and said and declared and "operator" not in text[:declared.start() + 12]:
                call = signature(parameters, text, of_class.split("::")[-1] if declared[1] in ("of_this", of_class.split("::")[-1]) else "." + declared[1])
                entries[-1][2] += f"\n\n- `{call}`: {said}" if call else ""
        elif record:
            of_class, hidden = None, record[1] == "class"
            if said and record[3] != ";" and not record[2].endswith("_type"):
                entries.append(record_entry(record, prefix, text, said, path.read_text(encoding="utf-8")))
                of_class = None if text.endswith("};") else prefix + record[2]
        elif constant:
            if said:
                entries.append([prefix + constant[2], [call_of_object(constant[1], prefix + constant[2], said, traced)], said])
        elif declared and "operator" not in text[:declared.start() + 12] and not re.search(r"\) -> \w+<.*>;", text):
            call, known = signature(parameters, text, prefix + declared[1]), entries and entries[-1][0] == prefix + declared[1]
            if call and said and not known:
                entries.append([prefix + declared[1], [call], said])
            elif call and known and (said or not body.startswith("static_assert")):
                entries[-1][1] += [call] * (call not in entries[-1][1])
                entries[-1][2] += "\n\n" * bool(said) + said
    return entries


def main():
    root, output = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    headers = {name: root / (name + ".hpp" if "compiler/" in name else f"include/ctgrad/{name}.hpp") for names in PAGES.values() for name in names}
    traced = traced_arguments(path.read_text(encoding="utf-8") for path in headers.values())
    traced |= arities(path.read_text(encoding="utf-8") for path in (root / "compiler/ops").glob("*.hpp"))
    known = set()
    for page, names in PAGES.items():
        text = f"# Functions: {page}\n\nFrom the headers, by docs/site/functions.py. What stands in brackets may be left out; axes and sizes are constants, as `1_c`.\n"
        for name in names:
            for qualified, calls, comment in public_names(headers[name], traced):
                known.add(qualified.removeprefix("ct::"))
                header = "ctgrad/core.hpp" if "compiler/" in name else f"ctgrad/{name}.hpp"
                text += f"\n## {qualified.removeprefix('ct::')}\n" + "".join(f"`{c}`  \n" for c in calls) + f"\n{comment}\n\n`#include <{header}>`\n"
        (output / f"functions_{page}.md").write_text(text, encoding="utf-8")
    # What the guide lists has to be there.
    listed = {name for names in re.findall(r"`([a-z][\w: \n]+)`", (root / "docs/guide_functions.md").read_text(encoding="utf-8")) for name in names.split()}
    if lost := listed - known:
        sys.exit("docs/site/functions.py: no header has a comment of " + ", ".join(sorted(lost)))


main()
