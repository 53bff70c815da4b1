"""Measures pylon-identity beside its rivals.

    make bench

One program per language stays ready. In each round and in changing order, it runs each contender a
given number of times. So all contenders share the noise of the machine. A ratio is the median of
the ratios within the rounds, so a drift does not change it.

The programs first print the hash or token of each contender. All must be the same. Then they answer
each line `contender TAB count` with the nanoseconds that it took. Before a million emails they
collect garbage, which the million before has left.
"""

from __future__ import annotations

import json
import os
import platform
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
OUTPUT = ROOT / "target" / "bench"

SECRET = bytes(range(32)).hex()
EMAIL = "ada.lovelace@example.com"
NOW = 1_800_000_000  # the time in the tokens

ROUNDS = 41
SAMPLE_NS = 8e6  # long enough for the clock, short enough for many rounds
SLOW_ROUNDS = 7  # each signs a million emails
STARTS = 21

PROGRAMS = {
    "Rust": [str(ROOT / "target" / "release" / "bench")],
    "Python": [sys.executable, str(ROOT / "bench" / "bench.py")],
    "Node": ["node", "--expose-gc", str(ROOT / "bench" / "bench.js")],
    "Go": [str(ROOT / "target" / "bench" / "go")],
    "C": [str(ROOT / "target" / "bench" / "c")],
}


class Row(NamedTuple):
    """One contender of ours beside its rivals."""

    language: str
    ours: str
    rivals: list[str]


ROWS = [
    Row("Rust", "sign", ["floor"]),
    Row("Python", "sign", ["snippet", "hmac.digest", "hmac kept", "cryptography"]),
    Row("Python", "drop-in", ["snippet"]),
    Row("Python", "sign_jwt", ["PyJWT"]),
    Row("Node", "sign", ["snippet", "createHmac, Buffer", "createHmac, KeyObject"]),
    Row("Node", "sign, WebAssembly", ["snippet", "createHmac, Buffer"]),
    Row("Node", "drop-in", ["snippet"]),
    Row("Node", "signJwt", ["jsonwebtoken", "jose"]),
    Row("Node", "signJwt, WebAssembly", ["jsonwebtoken", "jose"]),
    Row("Go", "sign", ["snippet", "hmac kept"]),
    Row("Go", "drop-in", ["snippet"]),
    Row("Go", "SignJWT", ["golang-jwt"]),
    Row("C", "sign", ["OpenSSL HMAC()", "OpenSSL EVP_MAC kept"]),
]
# Calls with the signature of sign that sign nothing: with the floor, the least a binding can take.
EMPTY = ["Python", "Node", "Go"]
MANY = ["Rust", "Python", "Node", "Go"]
SIZES = [1, 16, 55, 56, 64, 119, 256, 1024, 4096, 65536, 1048576]
THREADS = [1, 2]
DIAGNOSES = {
    "mistake": "the secret used as text",
    "plain": "unknown",
    "odd": "unknown, an odd email",
    "1 KiB": "unknown, an odd email of 1 KiB",
}

# Programs in files, as backends are: `node -e` loads node:crypto before it starts the clock.
STARTUPS = {
    "Python": (
        sys.executable,
        "import time; start = time.perf_counter_ns()\n{}\n"
        "print(time.perf_counter_ns() - start, hash)",
        {
            "pylon_identity": "from pylon_identity import IdentitySecret\n"
            "hash = IdentitySecret('{secret}').sign('{email}')",
            "hmac, hashlib": "import hmac, hashlib\n"
            "hash = hmac.new(bytes.fromhex('{secret}'), b'{email}', hashlib.sha256).hexdigest()",
        },
    ),
    "Node": (
        "node",
        "const start = process.hrtime.bigint(); {}; "
        "console.log(String(process.hrtime.bigint() - start), hash)",
        {
            "pylon-identity": "const {{ IdentitySecret }} = require('../../node');"
            "const hash = new IdentitySecret('{secret}').sign('{email}')",
            "node:crypto": "const hash = require('node:crypto')"
            ".createHmac('sha256', Buffer.from('{secret}', 'hex')).update('{email}').digest('hex')",
        },
    ),
}


class Program:
    """A language's program, ready to run its contenders."""

    def __init__(self, language: str) -> None:
        self.process = subprocess.Popen(
            PROGRAMS[language],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env={
                **os.environ,
                "BENCH_SECRET": SECRET,
                "BENCH_EMAIL": EMAIL,
                "BENCH_NOW": str(NOW),
            },
        )
        self.says = dict(line.split("\t") for line in iter(self._read, ""))

    def _read(self) -> str:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"bench: {self.process.args!r} ended early")
        return line.strip()

    def run(self, contender: str, count: int) -> float:
        """Return the nanoseconds that one call took, on average of `count`."""
        assert self.process.stdin
        self.process.stdin.write(f"{contender}\t{count}\n")
        self.process.stdin.flush()
        return int(self._read()) / count


Samples = dict[tuple[str, str], list[float]]


def measure(
    programs: dict[str, Program], contenders: list[tuple[str, str]], rounds: int, sample_ns: float
) -> Samples:
    counts = {}
    for language, name in contenders:  # this also warms up
        each = programs[language].run(name, 1)
        for _ in range(2):
            count = max(1, int(sample_ns / each))
            each = programs[language].run(name, count)
        counts[language, name] = max(1, int(sample_ns / each))
    samples: Samples = {contender: [] for contender in contenders}
    for _ in range(rounds):
        for language, name in random.sample(contenders, len(contenders)):
            each = programs[language].run(name, counts[language, name])
            samples[language, name].append(each)
    return samples


def peak(contender: str) -> int | None:
    """Return the most kB that one call takes. Only Linux reports it."""
    program = Program("Rust")
    process = Path("/proc") / str(program.process.pid)

    def kilobytes(field: str) -> int:
        lines = (process / "status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(field))

    try:
        (process / "clear_refs").write_text("5")
        before = kilobytes("VmRSS")
        program.run(contender, 1)
        return kilobytes("VmHWM") - before
    except OSError:
        return None
    finally:
        program.process.kill()


def measure_starts() -> Samples:
    samples: Samples = {}
    OUTPUT.mkdir(parents=True, exist_ok=True)
    script = OUTPUT / "start"
    for _ in range(STARTS):
        for language, (command, frame, contenders) in STARTUPS.items():
            for name, code in contenders.items():
                script.write_text(frame.format(code.format(secret=SECRET, email=EMAIL)))
                done = subprocess.run([command, script], capture_output=True, text=True, check=True)
                samples.setdefault((language, name), []).append(int(done.stdout.split()[0]))
    return samples


def ratio(samples: Samples, rival: tuple[str, str], ours: tuple[str, str]) -> float:
    pairs = zip(samples[rival], samples[ours], strict=True)
    return statistics.median(theirs / own for theirs, own in pairs)


def spread(values: list[float]) -> float:
    """Return half the interquartile range, relative to the median."""
    low, _, high = statistics.quantiles(values, n=4)
    return (high - low) / 2 / statistics.median(values)


def cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def version(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True).stdout.strip()


def main() -> None:
    began = time.monotonic()
    programs = {language: Program(language) for language in PROGRAMS}
    sha = programs["Rust"].says.pop("sha instructions")
    hashes = {(lang, name): h for lang, p in programs.items() for name, h in p.says.items()}
    if len(set(hashes.values())) != 2:  # an email hash and a token
        sys.exit(f"bench: the contenders disagree: {hashes}")

    machine = {
        "cpu": cpu(),
        "processors": os.cpu_count(),
        "SHA instructions": sha == "true",
        "python": platform.python_version(),
        "node": version("node", "--version"),
        "go": version("go", "env", "GOVERSION"),
        "rust": version("rustc", "--version"),
    }
    for name, value in machine.items():
        print(f"{name:>18}  {value}")

    # OpenSSL is not on every machine. Without it, its rows say so.
    rows = [
        row._replace(rivals=[r for r in row.rivals if r == "floor" or (row.language, r) in hashes])
        for row in ROWS
        if (row.language, row.ours) in hashes
    ]
    contenders = {(row.language, name) for row in rows for name in [row.ours, *row.rivals]}
    contenders |= {(language, "empty call") for language in EMPTY}
    samples = measure(programs, sorted(contenders), ROUNDS, SAMPLE_NS)
    results = []
    print(
        f"\n{'one email of ' + str(len(EMAIL)) + ' bytes':<32}{'ns':>8}{'±':>6}   ours is faster by"
    )
    for row in rows:
        ours = (row.language, row.ours)
        for name in [row.ours, *row.rivals]:
            own = samples[row.language, name]
            times = ratio(samples, (row.language, name), ours)
            faster = "" if name == row.ours else f"{times:.2f} ×"
            if name == "floor":
                faster = f"takes {1 / times:.2f} × the floor: two raw compressions of SHA-256"
            label = f"{row.language}: {name}"
            nanoseconds = statistics.median(own)
            print(f"  {label:<30}{nanoseconds:>8.0f}{spread(own):>6.0%}   {faster}")
            results.append(
                {
                    "language": row.language,
                    "contender": name,
                    "ours": name == row.ours,
                    "beside": row.ours,
                    "ns": nanoseconds,
                    "spread": spread(own),
                    "ratio": times,
                }
            )
        if not row.rivals:
            print(f"  {row.language}: no rival here (libcrypto.so.3 is not installed)")

    print(f"\n{'an empty call and the floor':<32}{'ns':>8}{'':>6}   sign takes")
    floors = {}
    for language in EMPTY:
        empty, floor = samples[language, "empty call"], samples["Rust", "floor"]
        least = [a + b for a, b in zip(empty, floor, strict=True)]
        times = statistics.median(
            a / b for a, b in zip(samples[language, "sign"], least, strict=True)
        )
        call, both = statistics.median(empty), statistics.median(least)
        floors[language] = {"empty_ns": call, "floor_ns": both, "times_floor": times}
        label = f"{language}: {call:.0f} ns and {both - call:.0f}"
        print(f"  {label:<30}{both:>8.0f}{'':>6}   {times:.2f} × that")

    slow = [(language, name) for language in MANY for name in ("loop", "many")]
    samples = measure(programs, slow, SLOW_ROUNDS, 1)
    print(f"\n{'a million emails':<32}{'ns each':>8}{'±':>6}")
    many = {}
    for language, name in slow:
        own = samples[language, name]
        times = ratio(samples, (language, "loop"), (language, name))
        many[f"{language} {name}"] = statistics.median(own) / 1e6
        faster = f"{times:.2f} × the loop" if name == "many" else ""
        label = f"{language}: sign {name}"
        print(f"  {label:<30}{many[f'{language} {name}']:>8.0f}{spread(own):>6.0%}   {faster}")

    curve = [("Rust", f"{name} {size}") for size in SIZES for name in ("sign", "floor")]
    samples = measure(programs, curve, 9, SAMPLE_NS)
    print(f"\n{'message in bytes':<32}{'ns':>8}{'ns/byte':>10}{'× floor':>10}")
    sizes = []
    for size in SIZES:
        each = statistics.median(samples["Rust", f"sign {size}"])
        times = 1 / ratio(samples, ("Rust", f"floor {size}"), ("Rust", f"sign {size}"))
        print(f"  {size:<30}{each:>8.0f}{each / size:>10.2f}{times:>10.2f}")
        sizes.append({"bytes": size, "ns": each, "times_floor": times})

    samples = measure(programs, [("Rust", f"threads {n}") for n in THREADS], 15, 5 * SAMPLE_NS)
    print(f"\n{'threads':<32}{'throughput':>8}")
    one = ("Rust", "threads 1")
    threads = {n: n * ratio(samples, one, ("Rust", f"threads {n}")) for n in THREADS}
    for n, throughput in threads.items():
        print(f"  {n:<30}{throughput:>8.2f} ×")

    diagnoses = [("Rust", f"diagnose {name}") for name in DIAGNOSES]
    samples = measure(programs, diagnoses, 15, SAMPLE_NS)
    print(f"\n{'diagnose':<32}{'ms':>8}{'±':>6}")
    diagnosed = {}
    for (name, label), own in zip(DIAGNOSES.items(), samples.values(), strict=True):
        diagnosed[name] = statistics.median(own) / 1e6
        print(f"  {label:<30}{diagnosed[name]:>8.2f}{spread(own):>6.0%}")
    memory = peak("diagnose 1 KiB")
    print(f"  memory of the last at its peak: {memory or 'unknown'} kB")

    samples = measure_starts()
    print(f"\n{'load and sign once, new process':<32}{'ms':>8}{'±':>6}")
    starts = {}
    for (language, name), own in samples.items():
        starts[f"{language} {name}"] = statistics.median(own) / 1e6
        label = f"{language}: {name}"
        print(f"  {label:<30}{statistics.median(own) / 1e6:>8.2f}{spread(own):>6.0%}")

    report = {
        "machine": machine,
        "one": results,
        "bindings": floors,
        "many_ns": many,
        "sizes": sizes,
        "threads": threads,
        "start_ms": starts,
        "diagnose_ms": diagnosed,
        "diagnose_peak_kb": memory,
    }
    (OUTPUT / "bench.json").write_text(json.dumps(report, indent=2) + "\n")
    print(f"\n{time.monotonic() - began:.0f} s; the figures are in target/bench/bench.json.")


if __name__ == "__main__":
    main()
