"""That the packages keep to the ways of each runtime: threads, forks, workers, signals, memory."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from check import (
    BUILT,
    ROOT,
    SENTINEL,
    Broken,
    Check,
    build_c,
    build_go,
    build_rust,
    caught,
    run,
)

HERE = ROOT / "harden" / "runtimes"
OUT = BUILT / "runtimes"
ENV = {"HARDEN_SECRET": SENTINEL, "PYTHONPATH": str(ROOT / "python")}


def last_line(text: str) -> str:
    return text.splitlines()[-1] if text else ""


# --- Python ---

IDENTIFY = """
import sys, sysconfig
if sys.implementation.name == "cpython" and not sysconfig.get_config_var("Py_GIL_DISABLED"):
    print("{0}.{1}".format(*sys.version_info))
"""


@cache
def pythons() -> dict[str, Path]:
    """A CPython of each version from 3.10 on: the project's own, in PATH, or one of pyenv's."""
    folders = [Path(folder) for folder in os.environ["PATH"].split(os.pathsep)]
    folders += (Path.home() / ".pyenv" / "versions").glob("*/bin")
    candidates = [Path(sys.executable)]
    for folder in folders:
        candidates += (path for path in folder.glob("python3.*") if path.suffix[1:].isdigit())
    found: dict[str, Path] = {}
    for path in candidates:
        # What pyenv has in PATH fails, unless the version is switched on.
        version = run([path, "-c", IDENTIFY], expect=None).strip()
        if re.fullmatch(r"3\.\d\d", version):
            found.setdefault(version, path)
    return dict(sorted(found.items()))


def in_python(scenario: str, python: Path) -> str:
    command = [python, "-W", "ignore", HERE / "scenarios.py", scenario]
    return last_line(run(command, env=ENV, timeout=120))


PYTHON = ("threads", "forks", "processes", "interpreters", "signals", "exits", "exits_failing")
PYTHON_PLANTED = {
    "planted_mistake": "AssertionError",
    "planted_lock": "the child of a fork hung",
    "planted_abort": "40 children were aborted",
    "planted_interpreter": "not refused",
    "planted_deafness": "the batch went on after the signal",
    "planted_crash": "ended with -11",
}


def python_keeps() -> str:
    for version, python in pythons().items():
        for scenario in PYTHON:
            try:
                in_python(scenario, python)
            except (Broken, subprocess.TimeoutExpired) as broken:
                raise Broken(f"Python {version}, {scenario}: {broken}") from None
    return f"{', '.join(PYTHON)} in {', '.join(pythons())}"


def python_caught() -> str:
    for scenario, sign in PYTHON_PLANTED.items():
        caught(sign, in_python, scenario, Path(sys.executable))
    return (
        "a wrong hash in a thread, a lock held over a fork, children that abort, an interpreter "
        "let in, a signal ignored and a crash at exit: caught"
    )


# --- Node ---


def in_node(scenario: str, code: int) -> str:
    command = ["node", "--expose-gc", HERE / "node.mjs", scenario]
    return last_line(run(command, env=ENV, expect=code, timeout=300))


NODE = {
    "only in a worker": 0,
    "ESM and CommonJS": 0,
    "a secret wiped in mid-batch": 0,
    "secrets are collected": 0,
    "exit in mid-batch": 7,
    "exit while a worker is in mid-batch": 7,
}
NODE_WORKERS = {
    "workers": 0,
    "terminate in mid-batch": 0,
    "a worker exits in mid-batch": 0,
}


def node_keeps() -> str:
    for scenario, code in NODE.items():
        in_node(scenario, code)
    return ", ".join(NODE)


def node_caught() -> str:
    caught("ended with 0, not 7", in_node, "planted exit code", 7)
    caught("ended with 1, not 0", in_node, "planted mistake", 0)
    return "another exit code and a wrong hash from a worker: caught"


def workers_keep() -> str:
    return "; ".join(
        f"{scenario}: {in_node(scenario, code)}" for scenario, code in NODE_WORKERS.items()
    )


def workers_caught() -> str:
    caught("ended with -11, not 0", in_node, "planted crash", 0)
    return "a worker that crashes: caught"


# --- Go ---

GO = HERE / "go"


def go_program(name: str, *flags: str, env: dict[str, str] | None = None) -> Path:
    return build_go(GO, OUT / name, *flags, env=env)


def in_go(program: Path, *args: str) -> str:
    # Collect as often as can be, and overwrite what was freed.
    collect = {"GOGC": "1", "GODEBUG": "clobberfree=1"}
    done = subprocess.run(
        [program, *args],
        env={**os.environ, **ENV, **collect, "GORACE": "halt_on_error=1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=300,
    )
    if done.returncode:  # Go says what is wrong first, and then much about each goroutine
        raise Broken("\n".join(done.stdout.splitlines()[:20]))
    return last_line(done.stdout)


COLLECT = """package pylonidentity

import (
	"runtime"
	"time"
)

// collect collects garbage, and lets cleanups run, which wipe keys that nobody holds.
func collect() {
	runtime.GC()
	time.Sleep(time.Millisecond)
}
"""

POINTER_CALL = re.compile(
    r"C\.pylon_identity_(secret_init|sign|verify|diagnose|chat_settings)\w*\("
)


def collect_before_calls(text: str) -> tuple[str, int]:
    """Put a collection between the making of the arguments of C functions and the calls."""
    done, calls = "", 0
    while found := POINTER_CALL.search(text):
        arguments, depth, at = [""], 1, found.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(text[at], 0)
            if text[at] == "," and depth == 1:
                arguments.append("")
            elif depth:
                arguments[-1] += text[at]
            at += 1
        names = ", ".join(f"a{i}" for i in range(len(arguments)))
        done += text[: found.start()] + (
            f"func() C.pylon_identity_status {{ {names} := {', '.join(map(str.strip, arguments))}; "
            f"collect(); return {found.group()}{names}) }}()"
        )
        text, calls = text[at:], calls + 1
    return done + text, calls


# After a call of C. SignMany has one after a loop that would look at the key again anyway.
KEEP = "))\n\truntime.KeepAlive(k)"
FORGET = KEEP.replace("KeepAlive(k)", "Gosched()")


@cache
def collecting(forgotten: int = 0) -> tuple[Path, int, int]:
    """Build a program that collects garbage before calls, and count these and those with a KEEP.

    Its binding does not keep a key alive at the forgotten place, counted from 1.
    """
    name = f"forgetful-{forgotten}" if forgotten else "collecting"
    folder = OUT / name
    folder.mkdir(parents=True, exist_ok=True)
    sources, calls, kept = {"collect.go": COLLECT}, 0, 0
    for source in sorted((ROOT / "go").glob("*.go")):
        if not source.name.endswith("_test.go"):
            text, *rest = source.read_text().split(KEEP)
            for part in rest:
                kept += 1
                text += (FORGET if kept == forgotten else KEEP) + part
            sources[source.name], found = collect_before_calls(text)
            calls += found
    if not calls or not kept:
        raise Broken("found no call in the binding to collect garbage before, or no key kept alive")
    for file, text in sources.items():
        (folder / file).write_text(text)
    replaced = {str(ROOT / "go" / file): str(folder / file) for file in sources}
    overlay = folder / "overlay.json"
    overlay.write_text(json.dumps({"Replace": replaced}))
    return go_program(f"{name}-go", "-overlay", str(overlay)), calls, kept


@cache
def go_with_races_found() -> Path:
    return go_program("race-go", "-race")


CGOCHECK = {"GOEXPERIMENT": "cgocheck2"}


@cache
def go_with_pointers_checked() -> Path:
    return go_program("cgocheck-go", env=CGOCHECK)


def go_keeps() -> str:
    run(["go", "test", "-race", "./..."], cwd=ROOT / "go", timeout=300)
    run(["go", "test", "./..."], cwd=ROOT / "go", env=CGOCHECK, timeout=300)
    seen = in_go(go_with_races_found(), "share", "10")
    in_go(go_with_pointers_checked(), "share", "10")
    return f"the tests and {seen}, with -race and with cgocheck2"


def go_caught() -> str:
    caught("DATA RACE", in_go, go_with_races_found(), "planted race")
    caught(
        "Go pointer stored into non-Go memory",
        in_go,
        go_with_pointers_checked(),
        "planted pointer",
    )
    return "a race of two goroutines: caught by -race; a Go pointer in C memory: by cgocheck2"


def go_collects() -> str:
    program, calls, _ = collecting()
    seen = in_go(program, "share", "2")
    return f"{seen}, garbage collected between arguments and call at {calls} places"


def go_collects_caught() -> str:
    _, _, kept = collecting()
    for place in range(1, kept + 1):
        program, _, _ = collecting(forgotten=place)
        caught("panic", in_go, program, "share", "2")
    return f"a binding without runtime.KeepAlive, at each of {kept} places: caught"


# --- memory ---

CALLS = 10_000_000
LIMIT = 1024  # kB
BATCHES = (250_000, 1_000_000)


@cache
def memory_programs() -> dict[str, list[str | Path]]:
    """The command of each language that measures memory."""
    return {
        "Python": [sys.executable, HERE / "memory.py"],
        # Else V8 keeps more memory in store than what is measured here.
        "Node": ["node", "--expose-gc", "--max-semi-space-size=1", HERE / "memory.mjs"],
        "Go": [go_program("go")],
        "C": [build_c(HERE / "memory.c", OUT / "c")],
        "Rust": [build_rust("client", "memory")],
    }


def measure(language: str, *args: str) -> list[list[str]]:
    env = {**ENV, "MALLOC_ARENA_MAX": "1"}  # nor does the system's allocator
    said = run([*memory_programs()[language], *args], env=env, timeout=1200)
    return [line.split() for line in said.splitlines()]


def grown(language: str, calls: int, *planted: str) -> int:
    """How many kB the process grew at most in so many calls of a kind, below the limit."""
    measured = measure(language, "memory", str(calls), *planted)
    if not {"sign", "verify", "secrets"} <= {kind for kind, *_ in measured}:
        raise Broken(f"{language} did not measure each kind of calls: {measured}")
    most = 0
    for kind, times, before, after in measured:
        most = max(most, growth := int(after) - int(before))
        if growth >= LIMIT:
            raise Broken(f"{language} grew by {growth} kB in {times} calls of {kind}")
    return most


def in_each_language(work: Callable[[str], str]) -> str:
    with ThreadPoolExecutor(2) as pool:  # memory is the same on a busy machine
        return ", ".join(pool.map(work, memory_programs()))


def memory_keeps() -> str:
    figures = in_each_language(lambda language: f"{language} {grown(language, CALLS)} kB")
    return f"at most {figures} in {CALLS:,} calls each of sign, verify and new secrets"


def memory_caught() -> str:
    leaking = CALLS // 20
    for language in memory_programs():
        caught("grew by", grown, language, leaking, "leak")
    return f"8 bytes leaked per call, seen within {leaking:,} calls in each language: caught"


def beyond(language: str, *planted: str) -> str:
    """How many kB batches take beyond emails and hashes: a larger one no more than a smaller."""
    taken = [int(measure(language, "batch", str(size), *planted)[0][1]) for size in BATCHES]
    small, large = (max(kB, 0) for kB in taken)
    if large - small >= LIMIT:
        raise Broken(
            f"{language} took {small} kB beyond the hashes, and for a larger batch {large} kB"
        )
    return f"{language} {small} and {large} kB"


def batches_keep() -> str:
    sizes = " and ".join(f"{size:,}" for size in BATCHES)
    return f"beyond {sizes} emails and hashes: {in_each_language(beyond)}"


def batches_caught() -> str:
    for language in memory_programs():
        caught("for a larger batch", beyond, language, "waste")
    return "100 bytes more per email, held for a moment, in each language: caught"


CHECKS = [
    Check("Python: each version, its threads, forks, signals and end", python_keeps, python_caught),
    Check("Node: modules, workers' own addons and exits", node_keeps, node_caught, quick=True),
    Check("Node: 1,000 workers started and ended", workers_keep, workers_caught),
    Check("Go: races and pointers", go_keeps, go_caught),
    Check("Go: garbage collected during calls", go_collects, go_collects_caught),
    Check("memory does not grow", memory_keeps, memory_caught),
    Check("memory of batches is constant", batches_keep, batches_caught),
]
