"""Properties of every input, with the standard library and PyJWT as oracles."""

import hashlib
import hmac
import json
import os
import re
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jwt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.configuration import set_hypothesis_home_dir

from pylon_identity import (
    IdentityError,
    IdentitySecret,
    JwtSecret,
    chat_settings_script,
    diagnose,
    diagnose_jwt,
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

# Sizes around the share of a thread and the chunk of a batch.
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


JWT_SECRETS = st.builds("a{}z".format, st.text(min_size=14))
IDS = ["name", "account_external_id", "contact_external_id"]
JWT_USERS = st.fixed_dictionaries(
    {"app_id": PRESENT, "email": PRESENT}, optional=dict.fromkeys(IDS, TEXT)
)
HEADER = {"alg": "HS256", "typ": "JWT"}
short_keys = pytest.mark.filterwarnings("ignore::jwt.InsecureKeyLengthWarning")


@short_keys
@given(JWT_SECRETS, JWT_USERS, st.integers(1, 900), st.integers(0, 2**53 - 1000))
def test_signs_a_jwt_for_any_text(
    secret: str, user: dict[str, Any], expires_in: int, now: int
) -> None:
    token = JwtSecret(secret).sign_jwt(**user, expires_in=expires_in, now=now)
    app_id = user["app_id"]
    claims = {"aud": app_id, "iat": now, "exp": now + expires_in}
    claims |= {name: value for name, value in user.items() if name != "app_id" and value}
    if PLANTED and any(max(value, default="") > "\uffff" for value in user.values()):
        claims["email"] = ""
    decoded = jwt.decode_complete(
        token,
        secret,
        algorithms=["HS256"],
        audience=app_id,
        options={"verify_exp": False, "verify_iat": False},  # its clock cannot be set
    )
    assert (decoded["header"], decoded["payload"]) == (HEADER, claims)
    assert JwtSecret(secret).verify_jwt(token, app_id=app_id, now=now) == claims


WRONG_TYPES = (
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.lists(st.just("app"))
)
CLAIMS = {
    "email": PRESENT,
    "iat": st.integers(-20, 4).map(lambda at: at * 100 - 50),  # from now
    "lifetime": st.integers(1, 1800),
}
WRONG_CLAIMS = {
    **CLAIMS,
    "email": PRESENT | st.sampled_from(FILLERS) | WRONG_TYPES,
    "aud": st.just("app"),
    **dict.fromkeys(IDS, TEXT | WRONG_TYPES),
}
ANY_CLAIMS = st.one_of(
    st.fixed_dictionaries(CLAIMS | {"aud": st.just("app")}, optional=dict.fromkeys(IDS, TEXT)),
    st.fixed_dictionaries(CLAIMS, optional={"aud": st.just("App")}),
    st.fixed_dictionaries({}, optional=WRONG_CLAIMS),
)
CODES: list[tuple[type[Exception], str]] = [
    (jwt.InvalidAlgorithmError, "jwt_algorithm"),
    (jwt.InvalidSignatureError, "jwt_signature"),
    (jwt.ExpiredSignatureError, "jwt_expired"),
    (jwt.ImmatureSignatureError, "jwt_not_yet_valid"),
    (jwt.InvalidAudienceError, "jwt_audience"),
]


def code_by_pyjwt(token: str, secret: str) -> str | None:
    """Return our code for the verdict of PyJWT, which judges times and claims in our order."""
    try:
        jwt.decode(token, secret, algorithms=["HS256"], audience="app")
    except jwt.MissingRequiredClaimError as error:
        return "jwt_audience" if error.claim == "aud" else "jwt_malformed"
    except jwt.InvalidTokenError as error:
        return next(code for kind, code in CODES if isinstance(error, kind))
    return None


@short_keys
@given(
    JWT_SECRETS,
    ANY_CLAIMS,
    st.sampled_from([*["HS256"] * 9, "HS384", "HS512", "none"]),
    st.sampled_from([*[""] * 9, "x"]),
    st.dictionaries(TEXT, TEXT | WRONG_TYPES),
)
def test_judges_a_jwt_as_pyjwt_does(
    secret: str, claims: dict[str, Any], algorithm: str, other_key: str, more: dict[str, Any]
) -> None:
    now = time.time()
    lifetime = claims.pop("lifetime", None)
    if "iat" in claims:
        claims["iat"] += int(now)
        if lifetime:
            claims["exp"] = claims["iat"] + lifetime
    claims = {**more, **claims}
    key: Any = None if algorithm == "none" else secret + other_key
    token = jwt.encode(claims, key, algorithm)
    expected = code_by_pyjwt(token, secret)
    if expected not in ("jwt_algorithm", "jwt_signature"):
        email = claims.get("email")
        has_email = isinstance(email, str) and email.strip() not in FILLERS
        has_texts = all(isinstance(claims.get(name, ""), str) for name in IDS)
        if not has_email or not has_texts or "exp" not in claims:
            expected = "jwt_malformed"
        elif expected is None and lifetime > 900:
            expected = "jwt_lifetime"
    code = None
    try:
        verified = JwtSecret(secret).verify_jwt(token, app_id="app", now=now)
        assert verified.items() <= claims.items()
    except IdentityError as error:
        code = error.code
    assert code == expected
    assert diagnose_jwt(secret, "app", token, now=now).matches is (code is None)


@given(JWT_SECRETS | ANYTHING, JWT_USERS, ANYTHING, st.integers(0, 500))
def test_verifies_only_the_right_jwt(
    secret: str, user: dict[str, Any], other: str, at: int
) -> None:
    try:
        own = JwtSecret(secret)
    except IdentityError:
        own = None
    right = (own or JwtSecret("a" * 32)).sign_jwt(**user, now=0)
    at %= len(right)
    parts = right.split(".")
    changed = [
        right[:at],
        right[:at] + other,
        right[:at] + other + right[at:],
        right[:at] + right[at + 1 :],
    ]
    changed += [other, f"{right}.", f"{right}=", right.swapcase(), ".".join([*parts, *parts])]
    changed += [right[:at] + "A" + right[at + 1 :], f"{other}.{parts[1]}.{parts[2]}"]
    for shown in (*changed, right):
        code = "malformed" if own is None else None
        try:
            if own is not None:
                own.verify_jwt(shown, app_id=user["app_id"], now=0)
        except IdentityError as error:
            code = error.code
        assert (code is None) is (own is not None and shown == right)
        diagnosis = diagnose_jwt(secret, user["app_id"], shown, now=0)
        assert diagnosis.matches is (code is None)
        said = f"{diagnosis!r} {diagnosis.causes} {diagnosis.explanation}"
        assert len(secret) < 20 or secret not in said
