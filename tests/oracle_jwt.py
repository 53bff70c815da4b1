"""The test vectors of Pylon's JWT, for oracle.py; Python's standard library is the oracle.

Times are Unix seconds. Claims are compared as JSON, in the order of the token.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable

Row = tuple[str, ...]

SECRET = "pylon-jwt-secret-of-the-tests"
HEX_SECRET = bytes(range(32)).hex()
APP_ID = "app-1"
EMAIL = "O'Brien+chat@Example.com"
NOW = 1_800_000_000
HEADER = '{"alg":"HS256","typ":"JWT"}'

CAUSES = [
    "jwt_missing",
    "jwt_is_hash",
    "jwt_malformed",
    "jwt_algorithm",
    "jwt_secret_hex_decoded",
    "jwt_secret_base64",
    "jwt_secret_wrapped",
    "jwt_signature",
    "jwt_audience",
    "jwt_email_missing",
    "jwt_differs",
    "jwt_times_missing",
    "jwt_milliseconds",
    "jwt_expired",
    "jwt_not_yet_valid",
    "jwt_lifetime",
]

# RFC 7515, appendix A.1.
RFC_7515_KEY = (
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
)
RFC_7515_TOKEN = (
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
)


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def signed(
    payload: str, key: str | bytes = SECRET, header: str = HEADER, algorithm: str = "sha256"
) -> str:
    """Sign any payload and header."""
    key = key.encode() if isinstance(key, str) else key
    token = f"{encode(header.encode())}.{encode(payload.encode())}"
    return f"{token}.{encode(hmac.new(key, token.encode(), algorithm).digest())}"


def dumps(claims: object) -> str:
    """Write JSON as the core does: in printable ASCII, safe inside HTML."""
    text = json.dumps(claims, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def claims(**changed: object) -> dict[str, object]:
    """The claims of a right token; None leaves one out."""
    right = {"email": EMAIL, "aud": APP_ID, "iat": NOW, "exp": NOW + 600} | changed
    return {name: value for name, value in right.items() if value is not None}


def token(key: str | bytes = SECRET, **changed: object) -> str:
    return signed(dumps(claims(**changed)), key)


def hexed(text: str | None) -> str:
    return "-" if text is None else text.encode("utf-8", "surrogatepass").hex()


def secret_rows() -> Iterable[Row]:
    for name, secret, code in [
        ("empty", "", "jwt_secret_empty"),
        ("white space", " \n", "jwt_secret_empty"),
        ("a filler", "undefined", "jwt_secret_empty"),
        ("a long filler", "[object Promise]", "jwt_secret_empty"),
        ("15 bytes", "a" * 15, "jwt_secret_weak"),
        ("a newline after it", SECRET + "\n", "jwt_secret_wrapped"),
        ("a space before it", " " + SECRET, "jwt_secret_wrapped"),
        ("a byte order mark", "\ufeff" + SECRET, "jwt_secret_wrapped"),
        ("a no-break space", SECRET + "\xa0", "jwt_secret_wrapped"),
        ("single quotes", f"'{SECRET}'", "jwt_secret_wrapped"),
        ("double quotes", f'"{SECRET}"', "jwt_secret_wrapped"),
        ("back quotes", f"`{SECRET}`", "jwt_secret_wrapped"),
        ("short, in quotes", '"abc"', "jwt_secret_wrapped"),
    ]:
        yield name, hexed(secret), code


SECRETS = {
    "16 bytes": "a" * 16,
    "64 digits": HEX_SECRET,
    "65 bytes": "b" * 65,
    "131 bytes": "c" * 131,
    "base64": "cHlsb24tand0LXNlY3JldC1vZi10aGUtdGVzdHM=",
    "a quote at one end": SECRET + '"',
    "other characters": "schlüssel-🦀-" + "x" * 8,
    "a space inside": "two words of a secret",
}


def sign_rows(emails: dict[str, str], nasty: dict[str, str]) -> Iterable[Row]:
    def row(
        title: str,
        error: str = "",
        secret: str = SECRET,
        expires_in: int = 600,
        now: int = NOW,
        **given: str | None,
    ) -> Row:
        user = {"app_id": APP_ID, "email": EMAIL} | given
        columns = ["app_id", "email", "name", "account_external_id", "contact_external_id"]
        values = {
            "email": user["email"],
            "aud": user["app_id"],
            "iat": now,
            "exp": now + expires_in,
        }
        optional = {column: user[column] for column in columns[2:] if user.get(column)}
        made = error or signed(dumps(values | optional), secret)
        shown = [hexed(user.get(column)) for column in columns]
        return title, hexed(secret), *shown, str(expires_in), str(now), made

    yield row("required claims")
    yield row("all claims", name="Ada", account_external_id="42", contact_external_id="u-7")
    yield row("empty texts", name="", account_external_id="", contact_external_id="")
    yield row("account only", account_external_id="42")
    yield row("contact only", contact_external_id="u-7")
    for name, secret in SECRETS.items():
        yield row(f"secret: {name}", secret=secret)
    for name, email in emails.items():
        yield row(f"email: {name}", email=email)
    for column in ["app_id", "name", "account_external_id", "contact_external_id"]:
        for name, value in nasty.items():
            yield row(f"{column}: {name}", **{column: value})  # type: ignore[arg-type]
    for expires_in in [1, 899, 900]:
        yield row(f"{expires_in} seconds", expires_in=expires_in)
    for expires_in in [0, 901, 3600, 600_000]:
        yield row(f"{expires_in} seconds", "jwt_lifetime", expires_in=expires_in)
    yield row("long ago", now=1)
    yield row("in the year 2100", now=4_102_444_800)
    yield row("beyond what numbers hold", "jwt_lifetime", now=2**53 - 1)
    for filler in ["", " ", "undefined", "null", "[object Object]"]:
        yield row(f"email {filler!r}", "email_empty", email=filler)
        yield row(f"app ID {filler!r}", "app_id_empty", app_id=filler)


def verify_rows() -> Iterable[Row]:
    def row(
        name: str,
        text: str,
        outcome: str | dict[str, object],
        now: int = NOW,
        app_id: str = APP_ID,
        secret: str = SECRET,
    ) -> Row:
        shown = outcome if isinstance(outcome, str) else dumps(outcome).encode().hex()
        return name, hexed(secret), hexed(text), hexed(app_id), str(now), shown

    right = token()
    header, payload, signature = right.split(".")
    yield row("right", right, claims())
    more = {"name": "Ada <b>", "account_external_id": "42", "contact_external_id": "🦀"}
    yield row("all claims", token(**more), claims(**more))
    yield row("unknown claims", token(sub="x", jti=[1, {"a": None}]), claims())
    yield row("an empty name", token(name=""), claims())
    for name, secret in SECRETS.items():
        yield row(f"secret: {name}", token(secret), claims(), secret=secret)
    spaced = json.dumps(claims(name="é"), indent=2, ensure_ascii=False)
    yield row("white space in the JSON", signed(spaced), claims(name="é"))
    spaced = '{ "typ" : "JWT",\r\n"alg":"HS256" , "kid":"1"}'
    yield row("another order in the header", signed(dumps(claims()), header=spaced), claims())
    yield row("without a type", signed(dumps(claims()), header='{"alg":"HS256"}'), claims())

    for name, seconds in {"at the start": 0, "in the last second": 599}.items():
        yield row(name, right, claims(), NOW + seconds)
    yield row("expired", right, "jwt_expired", NOW + 600)
    yield row("expired long ago", right, "jwt_expired", NOW + 10**6)
    yield row("a second too early", right, "jwt_not_yet_valid", NOW - 1)
    yield row("not before", token(nbf=NOW + 1), "jwt_not_yet_valid")
    yield row("not before now", token(nbf=NOW), claims())
    yield row("another app ID", right, "jwt_audience", app_id="app-2")
    yield row("no app ID", right, "jwt_audience", app_id="")
    yield row("no audience", token(aud=None), "jwt_audience")
    yield row("15 minutes", token(exp=NOW + 900), claims(exp=NOW + 900))
    yield row("a second more", token(exp=NOW + 901), "jwt_lifetime")
    yield row("issued before 1970", token(iat=-1), "jwt_lifetime")
    yield row("expires before it is issued", token(exp=NOW - 1), "jwt_expired")
    milliseconds = token(iat=NOW * 1000, exp=NOW * 1000 + 600_000)
    yield row("milliseconds", milliseconds, "jwt_not_yet_valid")

    yield row("another secret", token("another secret of 16"), "jwt_signature")
    yield row(
        "the decoded secret", token(bytes.fromhex(HEX_SECRET)), "jwt_signature", secret=HEX_SECRET
    )
    other = token(email="eve@example.com").split(".")[1]
    yield row("changed claims", f"{header}.{other}.{signature}", "jwt_signature")
    yield row("half a signature", right[:-23], "jwt_signature")
    yield row("no signature", f"{header}.{payload}.", "jwt_signature")
    yield row(
        "a signature of SHA-512", signed(dumps(claims()), algorithm="sha512"), "jwt_signature"
    )
    for algorithm in ["none", "None", "HS384", "HS512", "RS256", "hs256", "", "HS256 "]:
        made = signed(dumps(claims()), header=dumps({"alg": algorithm}))
        yield row(f"algorithm {algorithm!r}", made, "jwt_algorithm")
        yield row(
            f"algorithm {algorithm!r}, unsigned", made[: made.rindex(".") + 1], "jwt_algorithm"
        )
    for name, odd in {
        "no algorithm": "{}",
        "algorithm 1": '{"alg":1}',
        "a list of algorithms": '{"alg":["HS256"]}',
    }.items():
        yield row(name, signed(dumps(claims()), header=odd), "jwt_algorithm")
    for name, odd in {
        "a critical extension": '{"alg":"HS256","crit":["b64"],"b64":false}',
        "two algorithms": '{"alg":"none","alg":"HS256"}',
        "two equal names in the header": '{"alg":"HS256","\\u0061lg":"HS256"}',
        "a header that is a list": '["HS256"]',
        "a header that is no JSON": "HS256",
        "an empty header": "",
        "text behind the header": HEADER + "x",
    }.items():
        yield row(name, signed(dumps(claims()), header=odd), "jwt_malformed")
    text = dumps(claims())
    for name, odd in {
        "an email twice": text[:-1] + ',"email":"eve@example.com"}',
        "an email twice, escaped": text[:-1] + ',"\\u0065mail":"eve@example.com"}',
        "a name twice, deeper": text[:-1] + ',"x":{"a":1,"a":2}}',
        "a lone surrogate": text.replace("O'Brien", "\\ud800"),
        "claims that are a list": f"[{text}]",
        "claims that are no JSON": "email",
        "no claims": "",
        "text behind the claims": text + "x",
        "a comma at the end": text[:-1] + ",}",
        "deep claims": text[:-1] + ',"x":' + "[" * 100 + "]" * 100 + "}",
        "an exponent": text.replace(str(NOW), f"{NOW}e0"),
        "a fraction": text.replace(str(NOW), f"{NOW}.0"),
        "a zero before a number": text.replace(str(NOW), f"0{NOW}"),
    }.items():
        yield row(name, signed(odd), "jwt_malformed")
    wrong_types: dict[str, list[object]] = {
        "email": [None, 1, "", " ", "undefined", ["a@example.com"], True],
        "iat": [None, str(NOW), NOW + 0.5, True, [NOW]],
        "exp": [None, str(NOW + 600), NOW + 600.5, 2**53, 10**30],
        "nbf": [str(NOW), NOW - 0.5],
        "aud": [[APP_ID], 1],
        "name": [1, ["Ada"]],
        "account_external_id": [42],
        "contact_external_id": [{}],
    }
    for name, wrong in wrong_types.items():
        for value in wrong:
            made = signed(dumps(claims(**{name: value})))
            yield row(f"{name} {value!r}", made, "jwt_malformed")
    yield row("email null", signed(dumps(claims() | {"email": None})), "jwt_malformed")

    for name, odd in {
        "nothing": "",
        "one part": header,
        "two parts": f"{header}.{payload}",
        "four parts": f"{right}.x",
        "empty parts": "..",
        "padding": f"{header}==.{payload}.{signature}",
        "padding of the signature": right + "=",
        "a space before it": " " + right,
        "a newline after it": right + "\n",
        "Bearer": "Bearer " + right,
        "quotes": f'"{right}"',
        "base64 that is not of URLs": f"{header}.{payload}.{signature[:-2]}+/",
        "JSON serialisation": dumps(
            {"payload": payload, "protected": header, "signature": signature}
        ),
        "an email hash": "ab" * 32,
        "another character": right[:-1] + "é",
    }.items():
        yield row(name, odd, "jwt_malformed")
    # The last character of 32 bytes in base64url has two bits that are not used.
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    odd = alphabet[alphabet.index(right[-1]) + 1]
    yield row("unused bits", right[:-1] + odd, "jwt_malformed")
    rfc_key = decode(RFC_7515_KEY)
    head, body, _ = RFC_7515_TOKEN.split(".")
    digest = hmac.new(rfc_key, f"{head}.{body}".encode(), hashlib.sha256).digest()
    assert encode(digest) == RFC_7515_TOKEN.split(".")[2], "the oracle disagrees with RFC 7515"
    yield row("the example of RFC 7515, other secret", RFC_7515_TOKEN, "jwt_signature")


def diagnose_rows() -> Iterable[Row]:
    def row(
        name: str,
        text: str,
        *causes: str,
        secret: str = SECRET,
        app_id: str = APP_ID,
        email: str | None = EMAIL,
        now: int = NOW,
    ) -> Row:
        known = [
            "secret_on_page",
            "app_id_missing",
            "secret_missing",
            "secret_truncated",
            *CAUSES,
        ]
        listed = ",".join(sorted(causes, key=known.index)) or "none"
        return name, hexed(secret), hexed(app_id), hexed(text), hexed(email), str(now), listed

    right = token()
    header, payload, _ = right.split(".")
    yield row("right", right)
    yield row("right, no email on the page", right, email=None)
    yield row("right, an empty email on the page", right, email="")
    yield row("right, a filler for the email on the page", right, email="undefined")
    yield row("right, of a weak secret", token("a" * 15), "secret_truncated", secret="a" * 15)
    yield row(
        "right, all claims", token(name="a", account_external_id="1", contact_external_id="2")
    )
    for name, secret in SECRETS.items():
        yield row(f"right, secret: {name}", token(secret), secret=secret)
    yield row("right, the last second", right, now=NOW + 599)
    yield row("right, 15 minutes", token(exp=NOW + 900))

    for name, text in {
        "nothing": "",
        "a space": " ",
        "undefined": "undefined",
        "null": "null",
    }.items():
        yield row(name, text, "jwt_missing")
    yield row("a promise", "[object Promise]", "jwt_missing")
    yield row("the secret", SECRET, "secret_on_page")
    yield row("an email hash", hashlib.sha256(b"x").hexdigest(), "jwt_is_hash")
    yield row("63 digits", "a" * 63, "jwt_malformed")
    yield row("an email", EMAIL, "jwt_malformed")
    for name, text in {
        "a newline after it": right + "\n",
        "quotes around it": f'"{right}"',
        "Bearer": "Bearer " + right,
    }.items():
        yield row(name, text, "jwt_malformed")
    yield row("padding", right + "=", "jwt_malformed")
    yield row("two parts", f"{header}.{payload}", "jwt_malformed")
    yield row("claims that are no JSON", signed("x"), "jwt_malformed")
    yield row("a claim twice", signed(dumps(claims())[:-1] + ',"email":"x"}'), "jwt_malformed")
    yield row("a number for a name", token(name=1), "jwt_malformed")
    critical = signed(dumps(claims()), header='{"alg":"HS256","crit":["x"],"x":1}')
    yield row("a critical extension", critical, "jwt_malformed")
    for algorithm in ["none", "HS512", "RS256"]:
        made = signed(dumps(claims()), header=dumps({"alg": algorithm}), algorithm="sha512")
        yield row(f"algorithm {algorithm}", made, "jwt_algorithm")
    yield row(
        "another algorithm, expired",
        signed(dumps(claims()), header='{"alg":"none"}'),
        "jwt_algorithm",
        "jwt_expired",
        now=NOW + 600,
    )

    key = bytes.fromhex(HEX_SECRET)
    yield row("decoded from hex", token(key), "jwt_secret_hex_decoded", secret=HEX_SECRET)
    yield row(
        "decoded from hex, a newline around the secret",
        token(key),
        "jwt_secret_hex_decoded",
        secret=HEX_SECRET + "\n",
    )
    upper = HEX_SECRET.upper()
    yield row("decoded from upper case hex", token(key), "jwt_secret_hex_decoded", secret=upper)
    raw = b"\xfb\xff\xbe\xfe" * 8  # its base64 has the digits in which the alphabets differ
    for name, text in {
        "base64": base64.b64encode(raw).decode(),
        "base64 without padding": base64.b64encode(raw).decode().rstrip("="),
        "base64url": base64.urlsafe_b64encode(raw).decode(),
        "base64url without padding": encode(raw),
    }.items():
        yield row(f"decoded from {name}", token(raw), "jwt_secret_base64", secret=text)
    yield row("encoded in base64", token(base64.b64encode(SECRET.encode())), "jwt_secret_base64")
    for name, text in {
        "a newline": SECRET + "\n",
        "CR LF": SECRET + "\r\n",
        "a space": SECRET + " ",
        "double quotes": f'"{SECRET}"',
        "single quotes": f"'{SECRET}'",
    }.items():
        yield row(f"signed with {name}", token(text), "jwt_secret_wrapped")
        yield row(f"signed without {name}", right, "jwt_secret_wrapped", secret=text)
        yield row(f"{name} here and there", token(text), "jwt_secret_wrapped", secret=text)
    named = f"PYLON_JWT_SECRET={SECRET}"
    yield row("signed with the name of the variable", token(named), "jwt_secret_wrapped")
    for filler in ["", "undefined", "null", "None"]:
        yield row(f"signed with {filler!r}", token(filler), "secret_missing")
    yield row("another secret", token("another secret of 16"), "jwt_signature")
    yield row("half a signature", right[:-23], "jwt_signature")
    yield row("no secret here", right, "secret_missing", secret="")
    yield row("a filler for the secret here", right, "secret_missing", secret="undefined")
    yield row("the first half of the secret", token(SECRET[:14]), "jwt_signature")
    yield row("the key in another case", token(SECRET.upper()), "jwt_signature")

    yield row("another app ID", right, "jwt_audience", app_id="app-2")
    yield row("no audience", token(aud=None), "jwt_audience")
    yield row("a list of audiences", token(aud=[APP_ID]), "jwt_audience")
    yield row("no app ID on the page", right, "app_id_missing", app_id="")
    yield row("no email in the token", token(email=None), "jwt_email_missing")
    yield row("a filler for an email", token(email="undefined"), "jwt_email_missing", email=None)
    yield row("a number for an email", token(email=7), "jwt_email_missing", email=None)
    yield row("another email on the page", right, "jwt_differs", email="eve@example.com")
    yield row("another case on the page", right, "jwt_differs", email=EMAIL.lower())
    yield row("no iat", token(iat=None), "jwt_times_missing")
    yield row("no exp", token(exp=None), "jwt_times_missing")
    yield row("times as text", token(iat=str(NOW), exp=str(NOW + 600)), "jwt_times_missing")
    yield row("a fraction", token(iat=NOW + 0.5), "jwt_times_missing")
    yield row("milliseconds", token(iat=NOW * 1000, exp=NOW * 1000 + 600_000), "jwt_milliseconds")
    yield row("iat in milliseconds", token(iat=NOW * 1000), "jwt_milliseconds")
    yield row("exp in milliseconds", token(exp=(NOW + 600) * 1000), "jwt_milliseconds")
    yield row(
        "milliseconds, an hour",
        token(iat=NOW * 1000, exp=NOW * 1000 + 3_600_000),
        "jwt_milliseconds",
        "jwt_lifetime",
    )
    last = 10**11  # of the times that are seconds for certain
    yield row("last", token(iat=last - 600, exp=last), "jwt_not_yet_valid", now=1)
    late = token(iat=NOW * 100, exp=NOW * 100 + 99)
    yield row("a hundred times too late", late, "jwt_not_yet_valid")
    yield row("expired", right, "jwt_expired", now=NOW + 600)
    yield row("issued in the future", right, "jwt_not_yet_valid", now=NOW - 1)
    yield row("not before", token(nbf=NOW + 60), "jwt_not_yet_valid")
    yield row("an hour", token(exp=NOW + 3600), "jwt_lifetime")
    yield row("16 minutes", token(exp=NOW + 901), "jwt_lifetime")
    yield row("no time at all", token(exp=NOW), "jwt_expired", "jwt_lifetime")
    yield row(
        "many mistakes",
        token(key, aud="x", email=EMAIL.lower(), exp=NOW + 3600),
        "jwt_secret_hex_decoded",
        "jwt_audience",
        "jwt_differs",
        "jwt_lifetime",
        secret=HEX_SECRET,
    )
