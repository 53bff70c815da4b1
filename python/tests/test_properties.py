"""Properties of every input, with the standard library as oracle."""

import hashlib
import hmac
import json
import os
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.configuration import set_hypothesis_home_dir

from pylon_identity import (
    IdentityError,
    IdentitySecret,
    chat_settings_script,
    diagnose,
    sign_message_with_hmac,
)

# How many inputs each property gets. A planted fault makes the oracle wrong about text beyond the
# Basic Multilingual Plane; the properties must notice.
INPUTS = int(os.environ.get("PYLON_IDENTITY_INPUTS", "100"))
PLANTED = "PYLON_IDENTITY_PLANTED_FAULT" in os.environ

set_hypothesis_home_dir(Path(__file__).parents[2] / "target" / "hypothesis")
settings.register_profile(
    "here", max_examples=INPUTS, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("here")

TEXT = st.text()
SECRETS = st.from_regex("([0-9a-fA-F]{2}){15,100}[1-9a-fA-F]{2}", fullmatch=True)
DIGITS = st.text("0123456789abcdefABCDEF", max_size=130)
ANYTHING = st.text(st.characters(exclude_categories=[]))  # with lone surrogates
EMAILS = TEXT | st.builds(lambda text, times: text * times, TEXT, st.integers(0, 1000))
PLACES = st.integers(0, 63)

# Around the share of a thread and the chunk of a batch.
LIMITS = st.builds(lambda n, more: max(0, n * 1024 + more), st.integers(0, 17), st.integers(-1, 1))


def oracle(secret: str, email: str) -> str:
    message = email.encode()
    if PLANTED and max(message, default=0) >= 0xF0:
        message = b""
    return hmac.new(bytes.fromhex(secret), message, hashlib.sha256).hexdigest()


def is_unicode(text: str) -> bool:
    return not any(0xD800 <= ord(character) < 0xE000 for character in text)


@given(SECRETS, EMAILS)
def test_signs_any_text(secret: str, email: str) -> None:
    assert IdentitySecret(secret).sign(email) == oracle(secret, email)
    assert sign_message_with_hmac(email, secret) == oracle(secret, email)


@given(SECRETS, ANYTHING)
def test_refuses_text_without_a_utf_8_form(secret: str, email: str) -> None:
    own = IdentitySecret(secret)
    if is_unicode(email):
        assert own.sign_many([email]) == [own.sign(email)] == [oracle(secret, email)]
        return
    for sign in (
        own.sign,
        lambda text: own.sign_many(["", text]),
        lambda text: sign_message_with_hmac(text, secret),
    ):
        with pytest.raises(UnicodeEncodeError):
            sign(email)
    assert own.verify(email, oracle(secret, "")) is False


@given(SECRETS, TEXT, ANYTHING, PLACES, st.characters(exclude_categories=[]))
def test_verifies_only_the_right_hash(
    secret: str, email: str, other: str, at: int, character: str
) -> None:
    own, right = IdentitySecret(secret), oracle(secret, email)
    digit = "0123456789abcdef"[ord(character) % 16]
    changed = [right[:at] + new + right[at + 1 :] for new in (character, digit)]
    changed += [right[:at], right[at + 1 :], right[:at] + digit + right[at:], right.upper()]
    for shown in (*changed, f"{right}{character}", f"{character}{right}", other, right):
        assert own.verify(email, shown) is (shown == right)


@given(ANYTHING | DIGITS | st.tuples(DIGITS, ANYTHING, DIGITS).map("".join))
def test_refuses_any_malformed_secret(secret: str) -> None:
    expected = None
    if not secret:
        expected = "secret_empty"
    elif not set(secret) <= set("0123456789abcdefABCDEF"):
        expected = "secret_not_hex"
    elif len(secret) % 2:
        expected = "secret_odd_length"
    elif len(secret) < 32 or set(secret) == {"0"}:
        expected = "secret_weak"
    if expected is None:
        assert IdentitySecret(secret).sign("") == oracle(secret, "")
        return
    for use in (IdentitySecret, lambda bad: sign_message_with_hmac("", bad)):
        with pytest.raises(IdentityError) as raised:
            use(secret)
        assert raised.value.code == expected


@given(SECRETS, st.lists(TEXT, min_size=1), LIMITS)
def test_signs_many_as_each(secret: str, texts: list[str], count: int) -> None:
    own = IdentitySecret(secret)
    assert own.sign_many(texts) == [oracle(secret, email) for email in texts]
    emails = [f"{texts[i % len(texts)]}{i}" for i in range(count)]
    assert own.sign_many(iter(emails)) == [own.sign(email) for email in emails]


class Page(HTMLParser):
    """Collects the script of a page, as a browser finds it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.code = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.code += data


OPTIONAL = dict.fromkeys(("avatar_url", "account_id", "account_external_id"), TEXT)
FILLERS = [
    "",
    "undefined",
    "null",
    "None",
    "nil",
    "NaN",
    "%s",
    "[object Object]",
    "[object Promise]",
]
PRESENT = TEXT.filter(lambda text: text.strip() not in FILLERS)
REQUIRED = {"app_id": PRESENT, "email": PRESENT, "name": TEXT}


@given(SECRETS, st.fixed_dictionaries(REQUIRED, optional=OPTIONAL), st.none() | st.just("r4n="))
def test_the_page_has_the_signed_email(
    secret: str, user: dict[str, str], nonce: str | None
) -> None:
    made = IdentitySecret(secret).chat_settings(**user)
    assert made == {**user, "email_hash": oracle(secret, user["email"])}
    script = chat_settings_script(made, nonce)
    page = Page(f"<head>{script}</head>")
    assert page.tags == ["head", "script"]
    assert re.fullmatch("[ -~]*", page.code)
    assert not re.search("[<>&]", page.code)
    json_text = page.code.removeprefix("window.pylon = ").removesuffix(";")
    assert json.loads(json_text) == {"chat_settings": made}


@given(st.dictionaries(TEXT.filter(lambda name: name != "__proto__"), TEXT, min_size=1))
def test_the_script_takes_any_names(fields: dict[str, str]) -> None:
    code = Page(chat_settings_script(fields)).code
    assert re.fullmatch("[ -~]*", code)
    assert not re.search("[<>&]", code)
    json_text = code.removeprefix("window.pylon = ").removesuffix(";")
    assert json.loads(json_text) == {"chat_settings": fields}


@given(ANYTHING)
def test_a_nonce_is_base64_text(nonce: str) -> None:
    settings = {"app_id": "app"}
    if re.fullmatch(r"(?!nonce-)[A-Za-z0-9+/_-]+={0,2}", nonce):
        assert f'nonce="{nonce}"' in chat_settings_script(settings, nonce)
        return
    with pytest.raises(IdentityError):
        chat_settings_script(settings, nonce)


@given(SECRETS | ANYTHING, TEXT, ANYTHING, PLACES)
def test_diagnoses_anything(secret: str, email: str, other: str, at: int) -> None:
    try:
        own = IdentitySecret(secret)
        right = own.sign(email)
    except IdentityError:
        own, right = None, "0" * 64
    for shown in (right, right[:at] + other, right.upper(), other):
        diagnosis = diagnose(secret, email, shown)
        assert diagnosis.matches is (own is not None and own.verify(email, shown))
        assert diagnosis.matches is (diagnosis.causes == [])
        said = f"{diagnosis!r} {diagnosis.causes} {diagnosis.explanation}"
        assert not re.search("[0-9a-fA-F]{8}", said)
        assert len(secret) < 10 or secret not in said
