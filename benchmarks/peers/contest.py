"""One case: its contenders are started, compared, and timed in turns.

A contender is a process that prints `ready NAME VALUE@SCALE...`, or one line and status 77 where it cannot take part; then, for each line `run`, the seconds of one call.
While one runs the others are stopped, so that no thread of theirs spins.

SPDX-License-Identifier: BSL-1.0
"""

import math
import os
import pathlib
import select
import signal
import statistics
import subprocess
import tempfile
import time

NOT_AVAILABLE = 77
START_SECONDS, RUN_SECONDS = 600, 300


class Absent(Exception):
    """A contender that cannot take part, for a good reason."""


class Broken(Exception):
    """A contender that should have taken part."""


# Arrays in large pages, and memory that a process has freed stays its own: else contenders that allocate are timed by page faults (PyTorch's layer norm takes four times as long).
MALLOC = "glibc.malloc.hugetlb=1:glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=0x1000000000:glibc.malloc.top_pad=0x4000000"


def environment(threads, settings=()):
    """The environment of a contender: the same number of threads for everybody, and nothing that makes OpenBLAS believe in another processor."""
    e = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        e[name] = str(threads)
    e["GLIBC_TUNABLES"] = MALLOC
    e["XLA_FLAGS"] = f"--xla_cpu_multi_thread_eigen={'true' if threads > 1 else 'false'} intra_op_parallelism_threads={threads}"
    e["JAX_PLATFORMS"], e["CUDA_VISIBLE_DEVICES"] = "cpu", ""
    e["PYTHONDONTWRITEBYTECODE"] = "1"
    e.update(settings)
    return e


def processors(threads):
    """The first processors that this process may use, one for each thread."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[:threads]


class Contender:
    """A running contender; stopped but while it answers."""

    def __init__(self, name, command, threads, settings=()):
        self.name = name
        if not pathlib.Path(command[0]).exists():
            raise Absent(f"{pathlib.Path(command[0]).name} is not there: its library was not found")
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, env=environment(threads, settings),
                                        preexec_fn=lambda: os.sched_setaffinity(0, processors(threads)))
        self.stopped = False
        try:
            self.values = self.ready()
            self.pause()
        except BaseException:
            self.end()
            raise

    def ready(self):
        """The values of the line `ready`; raises Absent or Broken where another comes."""
        text = self.line(START_SECONDS)
        if text.startswith("ready "):
            return parse_ready(text)
        status = self.process.wait(START_SECONDS)
        if status == NOT_AVAILABLE:
            raise Absent(text)
        self.errors.seek(0)
        last = (text + "\n" + self.errors.read()).strip().splitlines()[-1:]
        raise Broken(f"ended with status {status}: {' '.join(last)[:200]}")

    def line(self, seconds):
        """The next line, or what there is when the process ends."""
        text, limit, out = b"", time.monotonic() + seconds, self.process.stdout.fileno()
        while not text.endswith(b"\n"):
            if not select.select([out], [], [], max(0, limit - time.monotonic()))[0]:
                raise Broken(f"no answer in {seconds} seconds")
            part = os.read(out, 1 << 16)
            if not part:
                break
            text += part
        return text.decode(errors="replace").strip()

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)
        self.stopped = True

    def run(self):
        """The seconds of a call, now."""
        self.process.send_signal(signal.SIGCONT)
        self.stopped = False
        self.process.stdin.write(b"run\n")
        self.process.stdin.flush()
        text = self.line(RUN_SECONDS)
        try:
            seconds = float(text)
        except ValueError:
            raise Broken(f"{self.name} said {text[:80]!r}, not how many seconds it took") from None
        self.pause()
        return seconds

    def end(self):
        if self.stopped:
            self.process.send_signal(signal.SIGCONT)
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.errors.close()


def parse_ready(line):
    """[(value, scale)] of a `ready` line."""
    words = line.split()
    try:
        values = [tuple(float(part) for part in word.split("@")) for word in words[2:]]
    except ValueError:
        raise Broken(f"has a value that is no number: {line[:80]!r}") from None
    if not values or any(len(v) != 2 for v in values):
        raise Broken("has no values to compare")
    return values


def difference(values, reference, tolerance):
    """What is wrong with `values`, in words, or None: each has to be within the tolerance of the reference, at its scale."""
    if len(values) != len(reference):
        return f"has {len(values)} values, not {len(reference)}"
    for number, ((a, _), (b, scale)) in enumerate(zip(values, reference)):
        if not math.isfinite(a) or not abs(a - b) <= tolerance * max(scale, abs(b)):
            return f"value {number} is {a:.6g}, and {b:.6g} in the reference (scale {scale:.3g})"
    return None


def rounds_for(seconds, rounds, budget):
    """How many rounds a contender takes part in whose turn takes `seconds`: fewer where it is slow, three at least."""
    return max(3, min(rounds, int(budget / max(seconds, 1e-9))))


def take_turns(contenders, rounds, budget, say):
    """{name: [seconds for each round]}, the order rotated from round to round. The slow leave early, the first never does."""
    ours, last = contenders[0], {}
    for c in contenders:
        start = time.monotonic()
        c.run()  # finds out how many calls are worth measuring
        last[c.name] = rounds if c is ours else rounds_for((time.monotonic() - start) / 2, rounds, budget)
        if last[c.name] < rounds:
            say(f"{c.name}: {last[c.name]} rounds of {rounds}, it is slow")
    times = {c.name: [] for c in contenders}
    for r in range(rounds):
        here = [c for c in contenders if r < last[c.name]]
        for k in range(len(here)):
            c = here[(k + r) % len(here)]
            times[c.name].append(c.run())
    return times


def summarise(times, ours):
    """{name: (median seconds, median of the ratios to `ours`, round by round)}."""
    return {name: (statistics.median(t), statistics.median(a / b for a, b in zip(t, times[ours]))) for name, t in times.items()}


def hold(case, commands, ours, references, threads, rounds, budget, say, settings=()):
    """Holds one case: `commands` by name, `ours` among them and first. Returns ({name: (seconds, ratio)}, names that are broken or wrong)."""
    running, bad = [], []
    try:
        for name, command in commands.items():
            try:
                contender = Contender(name, command, threads, settings)
            except Absent as reason:
                say(f"{name}: skipped: {reason}")
                continue
            except Broken as reason:
                say(f"{name}: FAILED: {reason}")
                bad.append(name)
                continue
            running.append(contender)
        # The reference is ctgrad where it runs, else whoever is first.
        compared = [c for c in running if c.name not in references]
        for c in compared[1:]:
            wrong = difference(c.values, compared[0].values, case.tolerance)
            if wrong:
                say(f"{c.name}: WRONG, not reported: {wrong}; the reference is {compared[0].name}")
                bad.append(c.name)
                c.end()
                running.remove(c)
        if not running or running[0].name != ours:
            return {}, bad
        return summarise(take_turns(running, rounds, budget, say), ours), bad
    finally:
        for c in running:
            c.end()
