"""The command line of each package behaves the same; cli/tests tests its behaviour."""

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
    "go install": [str(ROOT / "target" / "clients" / "go-command")],
    "script of the wheel": [str(Path(sys.executable).with_name("pylon-identity"))],
    "npx": ["node", str(ROOT / "node" / "cli.js")],
}
HASH = oracle.sign(bytes.fromhex(oracle.SECRET), oracle.EMAIL.encode()).encode()
JWT_SECRET = "the JWT secret of the tests"
ENVIRONMENT = {
    **os.environ,
    "PYLON_IDENTITY_SECRET": oracle.SECRET,
    "PYLON_JWT_SECRET": JWT_SECRET,
}

start = pytest.mark.parametrize("command", STARTS.values(), ids=STARTS)
# Node opens /dev/null in place of a closed stream, and aborts when its terminal is gone.
start_without_node = pytest.mark.parametrize(
    "command", [command for name, command in STARTS.items() if name != "npx"], ids=list(STARTS)[:-1]
)


def run(
    command: list[str], *arguments: str | bytes, stdin: bytes = b""
) -> tuple[int, bytes, bytes]:
    done = subprocess.run(
        [*command, *arguments], input=stdin, capture_output=True, env=ENVIRONMENT, check=False
    )
    return done.returncode, done.stdout, done.stderr


@start
def test_every_start_does_the_same(command: list[str]) -> None:
    lines = "".join(f"jürgen{i}@example.com\n" for i in range(10_000)).encode()
    token = run(STARTS["native"], "jwt", "a", oracle.EMAIL, "--name", "jürgen")[1]
    questions: list[tuple[int, list[str | bytes], bytes]] = [
        (0, ["sign", oracle.EMAIL], b""),
        (0, ["sign", "-"], lines),
        (0, ["verify", oracle.EMAIL, "-"], HASH),
        (0, ["--help"], b""),
        (0, ["--version"], b""),
        (1, ["verify", oracle.EMAIL, "x"], b""),
        (1, ["--json", "diagnose", oracle.EMAIL.upper(), "-"], HASH),
        (1, ["diagnose", "--page", "-"], b"{email: 'ada@example.com', email_hash: '%b'}" % HASH),
        (0, ["verify-jwt", "a"], token),
        (1, ["verify-jwt", "another"], token),
        (0, ["diagnose", "--page", "-"], b"{app_id: 'a', jwt: '%b'}" % token.strip()),
        (2, ["jwt", "a", oracle.EMAIL, "--expires-in", "901"], b""),
        (2, ["nonsense"], b""),
        (2, ["sign"], b""),
        (2, ["sign", "-"], b"a@example.com\n\xff\n"),
        (2, ["sign", b"\xff@example.com"], b""),
    ]
    for code, arguments, stdin in questions:
        answer = run(command, *arguments, stdin=stdin)
        assert answer == run(STARTS["native"], *arguments, stdin=stdin)
        assert answer[0] == code, arguments
    assert run(command, "sign", oracle.EMAIL) == (0, HASH + b"\n", b"")
    own = run(command, "jwt", "a", oracle.EMAIL)[1]
    assert json.loads(run(STARTS["native"], "verify-jwt", "a", stdin=own)[1])["aud"] == "a"
    code, explained, _ = run(command, "--json", "diagnose", oracle.EMAIL.upper(), "-", stdin=HASH)
    assert json.loads(explained)["causes"] == ["email_case"]
    assert len(bytes.fromhex(run(command, "generate-secret")[1].decode())) == 32


@start_without_node
def test_a_closed_stream_is_an_error(command: list[str]) -> None:
    for redirection, arguments in ((">&-", ["sign", "a"]), ("<&-", ["sign", "-"])):
        shell = ["sh", "-c", f'"$@" {redirection}', "sh"]
        code, out, error = run(shell, *command, *arguments)
        assert (code, out) == (2, b"")
        assert error.endswith(b": it is closed.\n")


@start
def test_a_reader_that_leaves_and_an_interruption_end_it(command: list[str]) -> None:
    for leaves, end in ((True, 0), (False, -signal.SIGINT)):
        with subprocess.Popen(
            [*command, "sign", "-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=ENVIRONMENT,
        ) as process:
            assert process.stdin
            assert process.stdout
            assert process.stderr
            process.stdin.write(b"one@example.com\n")
            process.stdin.flush()
            # Then it waits for the next line.
            assert process.stdout.readline().startswith(b"one@example.com\t")
            if leaves:
                process.stdout.close()
                process.stdin.write(b"two@example.com\n")
                process.stdin.close()
            else:
                process.send_signal(signal.SIGINT)
            assert process.stderr.read() == b""
            assert process.wait(60) == end


@start_without_node
@pytest.mark.parametrize("hangs_up", [False, True])
def test_a_terminal_shows_progress(command: list[str], hangs_up: bool) -> None:
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [*command, "sign", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        env=ENVIRONMENT,
    ) as process:
        assert process.stdin
        os.set_blocking(ours, False)
        shown = b""
        while b"emails signed" not in shown:
            process.stdin.write(b"one@example.com\n" * 4096)
            try:
                shown += os.read(ours, 4096)
            except BlockingIOError:
                assert process.poll() is None
        os.close(theirs)
        if hangs_up:
            os.close(ours)
        process.stdin.close()
        assert process.wait(60) == 0
    if not hangs_up:
        assert (shown + os.read(ours, 4096)).endswith(b"\r\x1b[K")
        os.close(ours)
