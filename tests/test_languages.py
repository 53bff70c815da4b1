"""Random secrets and emails, and malformed secrets, get the same answer in every language."""

import hashlib
import hmac
import random
import re
import secrets
from functools import cache

import oracle
import pytest
from languages import CLIENTS, SNIPPETS, Question, ask

CASES = 5000

# A failure names the seed, so that it can be repeated.
SEED = secrets.randbits(64)


@cache
def expected_hash(secret: str, email: str) -> str:
    return hmac.new(bytes.fromhex(secret), email.encode(), hashlib.sha256).hexdigest()


def expected_code(secret: str) -> str | None:
    if secret == "":
        return "secret_empty"
    if not re.fullmatch("[0-9a-fA-F]+", secret):
        return "secret_not_hex"
    if len(secret) % 2:
        return "secret_odd_length"
    return "secret_weak" if len(secret) < 32 or set(secret) == {"0"} else None


def random_text(rng: random.Random) -> str:
    """Return text of any planes and lengths, half of it short ASCII like emails."""
    if rng.random() < 0.5:
        return "".join(chr(rng.randrange(33, 127)) for _ in range(rng.randrange(1, 60)))
    ranges = [(0, 0x80), (0x80, 0x800), (0x800, 0xD800), (0xE000, 0x10000), (0x10000, 0x110000)]
    return "".join(chr(rng.randrange(*rng.choice(ranges))) for _ in range(rng.randrange(300)))


def random_secret(rng: random.Random) -> str:
    digits = rng.randbytes(rng.choice([16, 32, 32, 32, 64, 65, rng.randrange(16, 200)])).hex()
    return "".join(rng.choice((digit, digit.upper())) for digit in digits)


@cache
def random_questions() -> list[Question]:
    rng = random.Random(SEED)  # noqa: S311 (not for secrets)
    questions: list[Question] = []
    for _ in range(CASES):
        secret, email = random_secret(rng), random_text(rng)
        right = expected_hash(secret, email)
        at = rng.randrange(64)
        changed = right[:at] + rng.choice("0123456789abcdefABCDEF g\n") + right[at + 1 :]
        shown = rng.choice([right, right, changed, right.upper(), right[:at], "", random_text(rng)])
        questions.append(Question(secret, email, shown))
    return questions


@cache
def malformed_questions() -> list[Question]:
    rng = random.Random(SEED)  # noqa: S311 (not for secrets)
    strange = " \t\r\n\v\f\0'\"xXgGzZ-+_:,;\u00a0\u2003\ufeff０Ａа٠𝟎é"
    questions: list[Question] = []
    while len(questions) < CASES:
        secret = random_secret(rng)
        at = rng.randrange(len(secret) + 1)
        changed = rng.choice(
            [
                secret[:at],
                secret[:at] + secret[at + 1 :],
                "0" * len(secret),
                secret[:at] + rng.choice(strange) + secret[at:],
                secret[:at] + rng.choice(strange) + secret[at + 1 :],
                rng.choice(["0x", "0X", "\\x", "h'", " ", "\n"]) + secret,
                secret + rng.choice(["\n", "\r\n", " ", "\0", "h", "=", "''"]),
                random_text(rng),
            ]
        )
        if expected_code(changed):
            questions.append(Question(changed, "ada@example.com"))
    return questions


@pytest.mark.parametrize("language", CLIENTS)
def test_signs_and_verifies_as_the_standard_library(language: str) -> None:
    questions = random_questions()
    for question, (outcome, verified, *hashes) in zip(
        questions, ask(CLIENTS[language], questions), strict=True
    ):
        right = expected_hash(question.secret, question.email)
        assert outcome == "ok", (SEED, question)
        assert set(hashes) == {right}, (SEED, question)
        assert verified == str(question.email_hash == right).lower(), (SEED, question)


@cache
def diagnosed_questions() -> list[Question]:
    questions = []
    for row in (oracle.VECTORS / "diagnose.tsv").read_text("ascii").splitlines()[2::4]:
        secret, email, shown = (bytes.fromhex(text).decode() for text in row.split("\t")[1:4])
        questions.append(Question(secret, email, shown, "diagnose"))
    return questions


@pytest.mark.parametrize("language", CLIENTS)
def test_explains_in_the_same_words(language: str) -> None:
    questions = diagnosed_questions()
    answers = ask(CLIENTS["Rust"], questions)
    assert ask(CLIENTS[language], questions) == answers
    explanations = [bytes.fromhex(explanation).decode() for _, explanation in answers]
    assert len(set(explanations)) > 50
    for question, explanation in zip(questions, explanations, strict=True):
        for hidden in question[:3]:
            assert len(hidden) < 10 or hidden not in explanation


@pytest.mark.parametrize("language", SNIPPETS)
def test_agrees_with_the_snippets_of_the_docs(language: str) -> None:
    questions = random_questions()
    for question, (email_hash,) in zip(questions, ask(SNIPPETS[language], questions), strict=True):
        assert email_hash == expected_hash(question.secret, question.email), (SEED, question)


@pytest.mark.parametrize("language", CLIENTS)
def test_refuses_malformed_secrets_with_the_same_code_and_words(language: str) -> None:
    questions = malformed_questions()
    messages = {code: message for _, code, message in ask(CLIENTS["Rust"], questions)}
    assert len(messages) == len(set(messages.values())) == 4
    for question, answer in zip(questions, ask(CLIENTS[language], questions), strict=True):
        code = expected_code(question.secret)
        assert code is not None
        assert answer == ["error", code, messages[code]], (SEED, question)
