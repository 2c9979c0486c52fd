"""Reads C++ headers, as far as clang-format and habit lay them out: declarations, comments, arguments. No parser: names stand at the left, members two spaces in.

SPDX-License-Identifier: BSL-1.0
"""
import re

WORD = r"[A-Za-z_]\w*"


def declarations(path):
    """The declarations and comments of a header, each as one line: (namespaces, indent, text, comment behind it, the next line)."""
    scope, found, lines = [], [], path.read_text(encoding="utf-8").split("\n")
    i = 0
    while i < len(lines):
        line = lines[i]
        i += 1
        if opened := re.match(r"(?:inline )?namespace ([\w:]+) \{$", line):
            scope += [opened[1].split("::")]
        elif line.startswith("}  // namespace"):
            scope.pop()
        elif re.match(r"( {2})?(///|#define CTGRAD_|template|inline|constexpr|class|struct|enum|concept|explicit|\[\[nodiscard|[A-Za-z_~])", line) and not line.endswith(":"):
            indent = len(line) - len(line.lstrip())
            text, behind = line.strip(), ""
            while not text.startswith(("///", "#")) and not re.search(r"[;{}]( *//.*)?$", text) and i < len(lines) and not re.match(r"#|$|///|.*:$", lines[i]):
                text += " " + lines[i].strip()
                i += 1
            if not text.startswith("///") and "///<" in text:
                text, behind = (part.strip() for part in text.split("///<", 1))
            found.append(([n for names in scope for n in names], indent, text, behind, lines[i].strip() if i < len(lines) else ""))
        elif re.match(r"( public:| private:| protected:|\};|)$", line):
            found.append(([], 0 if line == "};" else 2, line.strip(), "", ""))
    return found


def split_arguments(text):
    """The parts of a parameter list, at commas outside of brackets."""
    parts, depth = [""], 0
    for c in text:
        depth += (c in "<([{") - (c in ">)]}")
        if c == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += c
    return [p.strip() for p in parts if p.strip()]


def snake(name):
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def inside(text, start):
    """What is in the brackets that open at `start`, and the place behind them."""
    depth = 0
    for i in range(start, len(text)):
        depth += (text[i] in "<([{") - (text[i] in ">)]}")
        if depth == 0:
            return text[start + 1:i], i + 1
    return text[start + 1:], len(text)


def without_template(text):
    """A declaration's template parameters, and the declaration behind them and their requirements."""
    parameters = []
    if text.startswith("template <"):
        found, end = inside(text, text.index("<"))
        parameters, text = split_arguments(found), text[end:].strip()
    while text.startswith(("requires", "&&", "||")):
        text = re.sub(r"^(requires|&&|\|\|) ?", "", text)
        if text.startswith("requires"):
            continue
        if not text.startswith("("):
            text = re.sub(r"^!?(\w|::|<[^()]*?>)+", "", text)
        if text.startswith("("):
            text = text[inside(text, 0)[1]:]
        text = text.strip()
    return parameters, text


def signature(parameters, text, qualified):
    """A function as it is called: ct::slice(x, axis, first[, last]); or None where the text declares none."""
    call = re.search(r"(%s|operator\S+?)\(" % WORD, text)
    if not call or "= delete" in text:
        return None
    arguments, _ = inside(text, call.end() - 1)
    names = []
    for argument in split_arguments(arguments):
        plain, _, default = argument.partition(" = ")
        if array := re.search(r"\((?:const )?&(\w*)\)\[", plain):
            name = "{" + (array[1] or "shape") + "…}"
        else:
            words = [w for w in re.findall(WORD, re.sub(r"<.*>|%s::" % WORD, "", plain)) if w not in ("const", "auto")]
            name = words[-1] if words else "x"
            name = {"keepdim_type": "ct::keepdim"}.get(name, "ct::" + name[:-5] if name.endswith("_type") else snake(name) if len(words) == 1 else name)
            name += "…" if "..." in re.sub(r"<.*>", "", plain) else ""
        names.append(f"[{name}]" if default else name)
    told = [p.partition(" = ") for p in parameters if not re.search(r"\b%s\b" % re.findall(WORD, p.partition(" = ")[0])[-1], arguments)]
    told = [(f"[{{}}]" if default and default != "void" else "{}").format(re.findall(WORD, p)[-1]) for p, _, default in told]
    return f"{qualified}{'<' + ', '.join(told) + '>' if told else ''}({', '.join(names)})"
