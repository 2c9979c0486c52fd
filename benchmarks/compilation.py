"""One compilation of a source: what it costs, what it makes, and which limit of the compiler it breaks where it fails.

SPDX-License-Identifier: BSL-1.0
"""

import os
import pathlib
import re
import resource
import subprocess
import tempfile
from dataclasses import dataclass, field

# What compilers say where one of their limits is met.
LIMITS = [
    ("constexpr steps", r"hit maximum step limit|operation count exceeds limit"),
    ("constexpr loop turns", r"loop iteration count exceeds limit"),
    ("constexpr depth", r"evaluation depth exceeds maximum|exceeded maximum depth"),
    ("template depth", r"template instantiation depth|template instantiation exceeded maximum depth"),
]
# Functions and constants that a message about a limit names, and the pass that they are of.
PLACES = {"simplify": "simplify", "differentiate": "differentiate", "adjoints": "differentiate", "sum_before_products": "sum before products", "prepare": "prepare", "sinker": "prepare", "sum_mirrored": "sum mirrored",
          "axis_classes": "axis classes", "schedule_with_room": "fuse", "fuse": "fuse", "fuser": "fuse", "plan_memory": "plan memory", "in_place": "in place",
          "leaf_planner": "plan of a vector loop"}
MEMORY_LIMIT = 12 << 30


@dataclass
class Compilation:
    """Processor seconds of the user, peak memory in MB, bytes of the object; `failure` in words where there is no object."""

    seconds: float
    megabytes: float
    bytes: int = 0
    failure: str | None = None


@dataclass
class Compiler:
    """A command, and what each of its runs is given."""

    command: str
    options: list = field(default_factory=list)

    @property
    def name(self):
        return pathlib.Path(self.command).name

    @property
    def is_clang(self):
        return "clang" in self.name

    def version(self):
        return subprocess.run([self.command, "-dumpversion"], capture_output=True, text=True, check=True).stdout.strip()

    def compile(self, source, target, *options, limit_s=600):
        """Compiles `source` to the object `target`, in at most so many processor seconds."""
        first_error = "-ferror-limit=1" if self.is_clang else "-fmax-errors=1"  # of a large program one has a hundred megabytes of notes
        command = [self.command, *self.options, first_error, *options, "-c", str(source), "-o", str(target)]
        with tempfile.TemporaryFile("w+", errors="replace") as errors:
            process = subprocess.Popen(command, stderr=errors, env={**os.environ, "LC_ALL": "C"}, preexec_fn=lambda: limit_resources(limit_s))
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = status
            errors.seek(0)
            failure = explain("\n".join(line[:400] for line in errors), usage.ru_utime >= limit_s - 1) if status != 0 else None
        return Compilation(usage.ru_utime, usage.ru_maxrss / 1024, os.path.getsize(target) if failure is None and "-fsyntax-only" not in options else 0, failure)


def limit_resources(seconds):
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))


def explain(errors, out_of_time=False):
    """Why a compiler failed: the limit, and the pass that broke it, or its first error."""
    limit = next((name for name, pattern in LIMITS if re.search(pattern, errors)), None)
    if not limit and out_of_time:
        return "takes too long"
    if not limit:
        first = re.search(r"error: (.*)", errors)
        return f"does not compile: {first.group(1)[:120] if first else 'no message'}"
    named = re.findall(r"in call to '(?:\w+::)*~?(\w+)|expansion of '(?:ctgrad::detail::)?(\w+)|variable '(\w+)|detail::(schedule_with_room|axis_classes)\b", errors)
    place = next((PLACES[name] for names in named for name in names if name in PLACES), None)
    return f"breaks the limit of {limit}" + (f" in {place}" if place else "")


def longest_symbol(target):
    """The length of the longest name in an object, as linkers see it."""
    names = subprocess.run(["nm", "-P", str(target)], capture_output=True, text=True, check=True).stdout.splitlines()
    return max((len(line.split(" ", 1)[0]) for line in names), default=0)


def instantiations(clang, source, target, *options):
    """Instantiations of templates, classes and functions, that clang makes of `source`, at -O0. Nothing where it does not compile."""
    trace = pathlib.Path(target).with_suffix(".json")
    made = clang.compile(source, target, "-O0", f"-ftime-trace={trace}", "-ftime-trace-granularity=0", *options)
    if made.failure:
        return None
    return len(re.findall(r'"name":"Instantiate(?:Class|Function)"', trace.read_text()))


def constexpr_steps(compiler, source, target, *options, first=1 << 17, accuracy=0.02, most=1 << 30):
    """The least limit on the steps of one constant evaluation with which `source` compiles, by bisection up to so much; of clang's steps, or g++'s operations."""
    option = "-fconstexpr-steps=" if compiler.is_clang else "-fconstexpr-ops-limit="
    enough = lambda steps: compiler.compile(source, target, "-fsyntax-only", f"{option}{steps}", *options).failure is None
    low, high = 0, first
    while not enough(high):
        low, high = high, 2 * high
        if high > most:
            return None
    while high - low > accuracy * high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
