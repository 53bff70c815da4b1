"""One small program per language, all of which answer the same questions.

A question is a line: secret, email and email hash, each as the hexadecimal digits of its UTF-8
bytes, separated by tabs. An answer is a line too:

    ok     true or false: does the hash verify    the email hash, once for each way to sign
    error  code                                   message

A fourth field, "diagnose", asks for a diagnosis instead, answered with its causes and its
explanation, the latter as hexadecimal digits too. The snippets of Pylon's docs answer with the
email hash alone. Nothing secret is on a command line.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
BUILT = ROOT / "target" / "clients"

CLIENTS = {
    "Rust": [str(ROOT / "target" / "release" / "client")],
    "Python": [sys.executable, str(ROOT / "tests" / "clients" / "client.py")],
    "Node": ["node", str(ROOT / "tests" / "clients" / "client.js")],
    "Go": [str(BUILT / "go")],
    "C": [str(BUILT / "c")],
}

SNIPPETS = {
    "Python": [sys.executable, str(ROOT / "tests" / "snippets" / "snippet.py")],
    "Node": ["node", str(ROOT / "tests" / "snippets" / "snippet.js")],
    "Go": [str(BUILT / "go-snippet")],
}


class Question(NamedTuple):
    secret: str
    email: str
    email_hash: str = ""
    more: str = ""


def ask(command: list[str], questions: Iterable[Question]) -> list[list[str]]:
    """Return the answer to each question, split into its fields."""
    lines = ["\t".join(f.encode().hex() for f in (*q[:3], *filter(None, q[3:]))) for q in questions]
    done = subprocess.run(
        command, input="\n".join(lines) + "\n", stdout=subprocess.PIPE, encoding="utf-8", check=True
    )
    answers = [line.split("\t") for line in done.stdout.splitlines()]
    if len(answers) != len(lines):
        raise RuntimeError(f"{command[-1]} answered {len(answers)} of {len(lines)} questions")
    return answers
