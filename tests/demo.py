"""Signs one email in every language, beside the snippets of Pylon's docs.

make demo [EMAIL=…] [SECRET_FILE=…]
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NamedTuple, NoReturn

from languages import CLIENTS, SNIPPETS, Question, ask

EXAMPLE_EMAIL = "ada@example.com"
EXAMPLE_SECRET = bytes(range(32)).hex()


class Row(NamedTuple):
    language: str
    signer: str
    email_hash: str
    rejects_changed: bool


def sign(language: str, secret: str, email: str, changed: str) -> Row:
    [[outcome, *rest]] = ask(CLIENTS[language], [Question(secret, email)])
    if outcome == "error":
        stop(f"The secret cannot be used ({rest[0]}). {rest[1]}")
    email_hash = rest[1]
    # A user who edits the email on the page still has only the hash of their own email.
    right, wrong = ask(
        CLIENTS[language],
        [Question(secret, email, email_hash), Question(secret, changed, email_hash)],
    )
    return Row(language, "pylon-identity", email_hash, (right[1], wrong[1]) == ("true", "false"))


def sign_as_docs(language: str, secret: str, email: str, changed: str) -> Row:
    [email_hash], [other_hash] = ask(
        SNIPPETS[language], [Question(secret, email), Question(secret, changed)]
    )
    return Row(language, "docs' snippet", email_hash, other_hash != email_hash)


def stop(message: str) -> NoReturn:
    sys.exit(f"demo: {message}")


def read_secret(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        stop(f"SECRET_FILE={path} cannot be read: {reason}.")


def main() -> None:
    email = os.environ.get("DEMO_EMAIL") or EXAMPLE_EMAIL
    try:
        email.encode()
    except UnicodeEncodeError:
        stop("EMAIL is not UTF-8 text.")
    secret_file = os.environ.get("DEMO_SECRET_FILE")
    secret = read_secret(Path(secret_file)) if secret_file else EXAMPLE_SECRET
    changed = f"x{email}"

    rows = []
    for language in CLIENTS:
        rows.append(sign(language, secret, email, changed))
        if language in SNIPPETS:
            rows.append(sign_as_docs(language, secret, email, changed))

    print(f"\n  email          {email}")
    print(f"  changed email  {changed}   (as somebody might type into the browser console)")
    print(f"  secret         {f'from {secret_file}' if secret_file else 'an example'}\n")
    print(f"  {'language':<10}{'signed by':<16}{'email hash':<66}{'agrees':<8}changed email")
    for row in rows:
        agrees = "yes" if row.email_hash == rows[0].email_hash else "NO"
        rejects = "rejected" if row.rejects_changed else "ACCEPTED"
        print(f"  {row.language:<10}{row.signer:<16}{row.email_hash:<66}{agrees:<8}{rejects}")

    if len({row.email_hash for row in rows}) > 1 or not all(row.rejects_changed for row in rows):
        stop("the languages disagree; this is a bug in pylon-identity.")
    print(f"\n  All {len(rows)} agree.\n")


if __name__ == "__main__":
    main()
