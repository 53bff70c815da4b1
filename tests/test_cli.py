"""The command line is the same, however it was installed; cli/tests has what it does."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import oracle
import pytest

ROOT = Path(__file__).parents[1]
STARTS = {
    "native": [str(ROOT / "target" / "release" / "pylon-identity")],
    "python -m": [sys.executable, "-m", "pylon_identity"],
    "script of the wheel": [str(Path(sys.executable).with_name("pylon-identity"))],
    "npx": ["node", str(ROOT / "node" / "cli.js")],
}
RIGHT = oracle.sign(bytes.fromhex(oracle.SECRET), oracle.EMAIL.encode())
ENVIRONMENT = {**os.environ, "PYLON_IDENTITY_SECRET": oracle.SECRET}

start = pytest.mark.parametrize("command", STARTS.values(), ids=STARTS)


def run(
    command: list[str], *arguments: str | bytes, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*command, *arguments], input=stdin, capture_output=True, env=ENVIRONMENT, check=False
    )


@start
def test_every_command(command: list[str]) -> None:
    def ask(*arguments: str) -> tuple[int, str]:
        done = run(command, *arguments)
        assert done.stderr == b""
        return done.returncode, done.stdout.decode()

    assert ask("sign", oracle.EMAIL) == (0, f"{RIGHT}\n")
    assert ask("verify", oracle.EMAIL, RIGHT)[0] == 0
    diagnosed, explained = ask("--json", "diagnose", oracle.EMAIL.upper(), RIGHT)
    assert (diagnosed, json.loads(explained)["causes"]) == (1, ["email_case"])
    generated, secret = ask("generate-secret")
    assert (generated, len(bytes.fromhex(secret))) == (0, 32)
    assert ask("--help") == (0, run(STARTS["native"], "--help").stdout.decode())
    assert ask("--version")[0] == 0


@start
def test_no_is_1_and_cannot_is_2(command: list[str]) -> None:
    for arguments in (["verify", oracle.EMAIL, "x"], ["nonsense"], ["sign"]):
        done, native = run(command, *arguments), run(STARTS["native"], *arguments)
        assert (done.returncode, done.stdout, done.stderr) == (
            native.returncode,
            native.stdout,
            native.stderr,
        )
    assert run(command, "verify", oracle.EMAIL, "x").returncode == 1
    assert run(command, "nonsense").returncode == 2


@start
def test_signs_lines_of_any_text(command: list[str]) -> None:
    emails = [f"jürgen{i}@example.com" for i in range(10_000)]
    done = run(command, "sign", "-", stdin="\n".join(emails).encode())
    key = bytes.fromhex(oracle.SECRET)
    lines = [f"{email}\t{oracle.sign(key, email.encode())}" for email in emails]
    assert done.stdout.decode().splitlines() == lines
    assert done.returncode == 0


@start
def test_a_pipe_that_breaks_is_no_error(command: list[str]) -> None:
    process = subprocess.Popen(
        [*command, "sign", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdin.write(b"one@example.com\n")
    process.stdin.flush()
    assert process.stdout.readline().startswith(b"one@example.com\t")
    process.stdout.close()
    process.stdin.write(b"two@example.com\n")
    process.stdin.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 0


@start
def test_control_c_ends_it_while_it_waits(command: list[str]) -> None:
    process = subprocess.Popen(
        [*command, "sign", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"one@example.com\n")
    process.stdin.flush()
    process.stdout.readline()  # now it waits for the next line
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == -signal.SIGINT
    process.stdin.close()
    process.stdout.close()


@start
def test_text_that_is_not_utf_8_is_refused(command: list[str]) -> None:
    assert run(command, "sign", "-", stdin=b"\xff\n").returncode == 2
    assert run(command, "sign", b"\xff@example.com").returncode == 2
