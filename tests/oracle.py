"""Writes the shared test vectors; Python's standard library is the oracle.

    python tests/oracle.py

Every language's test suite reads the files in place. They are tab-separated: the first line says
how many cases follow, the second names the columns. Text that may hold any character is given as
the hexadecimal digits of its UTF-8 bytes, so that every language, C included, reads it in a few
lines without loss.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import re
import unicodedata
from collections.abc import Callable, Iterable
from itertools import product
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, quote_plus, unquote_plus

import oracle_jwt

VECTORS = Path(__file__).parent / "vectors"

Row = tuple[str, ...]

SECRET = bytes(range(32)).hex()
EMAIL = "ada@example.com"

# https://docs.usepylon.com/pylon-docs/chat-widget/identity-verification, the snippets' own names.
DOCS_EMAIL = "CHAT_USER_EMAIL"
DOCS_SECRET = "GENERATED_IDENTITY_SECRET"

# RFC 4231, sections 4.2 to 4.8: key, data, HMAC-SHA-256 as published (case 5 is truncated there).
RFC_4231 = [
    (
        b"\x0b" * 20,
        b"Hi There",
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
    ),
    (
        b"Jefe",
        b"what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    (
        b"\xaa" * 20,
        b"\xdd" * 50,
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
    ),
    (
        bytes(range(1, 26)),
        b"\xcd" * 50,
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
    ),
    (b"\x0c" * 20, b"Test With Truncation", "a3b6167473100ee06e0c796c2955552b"),
    (
        b"\xaa" * 131,
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ),
    (
        b"\xaa" * 131,
        b"This is a test using a larger than block-size key and a larger than block-size data. "
        b"The key needs to be hashed before being used by the HMAC algorithm.",
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
    ),
]

# Lengths around the block size of SHA-256, where the padding changes.
MESSAGE_LENGTHS = [0, 1, 55, 56, 63, 64, 65, 119, 120, 1024, 1024 * 1024]
KEY_LENGTHS = [16, 20, 32, 63, 64, 65, 131]

# A shorter key is no secret.
MIN_KEY_LENGTH = 16

EMAILS = {
    "plain": EMAIL,
    "plus sign": "ada+chat@example.com",
    "upper case": "Ada.Lovelace@Example.COM",
    "single quote": "o'brien@example.com",
    "double quotes": '"ada lovelace"@example.com',
    "umlauts": "jürgen.müller@exämple.de",
    "emoji": "🦀+🧪@example.com",
    "right-to-left": "عادة@مثال.إختبار",
    "combining marks": "rene\u0301@example.com",
    "precomposed": "ren\u00e9@example.com",
    "NUL inside": "ada\0@example.com",
    "only NUL": "\0",
    "replacement character": "\ufffd@example.com",
    "beyond the BMP": "\U0010ffff\U00010000@example.com",
    "line ends": "ada@example.com\r\n",
    "white space around": " ada@example.com\t",
    "markup": "<ada&bob>@example.com",
    "percent-encoded": "ada%40example.com",
    "Chinese": "用户@例子.广告",
    "line separators": "a\u2028b\u2029@example.com",
}

MALFORMED_SECRETS = {
    "empty": ("", "secret_empty"),
    "one digit": ("0", "secret_odd_length"),
    "three digits": ("abc", "secret_odd_length"),
    "last digit missing": (SECRET[:-1], "secret_odd_length"),
    "one digit extra": (SECRET + "0", "secret_odd_length"),
    "131 digits": ("a" * 131, "secret_odd_length"),
    "one space": (" ", "secret_not_hex"),
    "two spaces": ("  ", "secret_not_hex"),
    "space before": (" " + SECRET, "secret_not_hex"),
    "space after": (SECRET + " ", "secret_not_hex"),
    "spaces around": (f" {SECRET} ", "secret_not_hex"),
    "space inside": (SECRET[:32] + " " + SECRET[32:], "secret_not_hex"),
    "bytes apart": (" ".join(SECRET[i : i + 2] for i in range(0, 64, 2)), "secret_not_hex"),
    "space for a digit": (SECRET[:-1] + " ", "secret_not_hex"),
    "newline after": (SECRET + "\n", "secret_not_hex"),
    "newline before": ("\n" + SECRET, "secret_not_hex"),
    "only a newline": ("\n", "secret_not_hex"),
    "CR LF after": (SECRET + "\r\n", "secret_not_hex"),
    "tab after": (SECRET + "\t", "secret_not_hex"),
    "no-break space after": (SECRET + "\u00a0", "secret_not_hex"),
    "byte order mark before": ("\ufeff" + SECRET, "secret_not_hex"),
    "NUL after": (SECRET + "\0", "secret_not_hex"),
    "two NULs": ("\0\0", "secret_not_hex"),
    "0x before": ("0x" + SECRET, "secret_not_hex"),
    "0X before": ("0X" + SECRET, "secret_not_hex"),
    "only 0x": ("0x", "secret_not_hex"),
    "0x and one digit": ("0x0", "secret_not_hex"),
    "\\x before": ("\\x" + SECRET, "secret_not_hex"),
    "single quotes": (f"'{SECRET}'", "secret_not_hex"),
    "double quotes": (f'"{SECRET}"', "secret_not_hex"),
    "angle brackets": (f"<{SECRET}>", "secret_not_hex"),
    "zz": ("zz", "secret_not_hex"),
    "z": ("z", "secret_not_hex"),
    "g at the end": (SECRET[:-1] + "g", "secret_not_hex"),
    "g at the start": ("g" + SECRET[1:], "secret_not_hex"),
    "O for 0": ("O" + SECRET[1:], "secret_not_hex"),
    "colons": (":".join(SECRET[i : i + 2] for i in range(0, 64, 2)), "secret_not_hex"),
    "dashes": ("-".join(SECRET[i : i + 8] for i in range(0, 64, 8)), "secret_not_hex"),
    "minus sign": ("-" + SECRET[1:], "secret_not_hex"),
    "plus sign": ("+" + SECRET[1:], "secret_not_hex"),
    "underscore": (SECRET[:2] + "_" + SECRET[3:], "secret_not_hex"),
    "full-width digits": ("０１" * 32, "secret_not_hex"),
    "Arabic-Indic digits": ("٠١" * 32, "secret_not_hex"),
    "superscript digits": ("¹²" * 32, "secret_not_hex"),
    "mathematical digits": ("𝟎𝟏" * 32, "secret_not_hex"),
    "umlaut": ("ä" * 32, "secret_not_hex"),
    "the docs' placeholder": (DOCS_SECRET, "secret_not_hex"),
    "variable not expanded": ("$PYLON_IDENTITY_SECRET", "secret_not_hex"),
    "base64": (base64.b64encode(bytes(range(32))).decode(), "secret_not_hex"),
    "the word undefined": ("undefined", "secret_not_hex"),
    "the word None": ("None", "secret_not_hex"),
    "two digits": ("ab", "secret_weak"),
    "fifteen bytes": (SECRET[-30:], "secret_weak"),
    "half of the digits, upper case": (SECRET[-30:].upper(), "secret_weak"),
    "two zeros": ("00", "secret_weak"),
    "sixteen zero bytes": ("00" * 16, "secret_weak"),
    "32 zero bytes": ("00" * 32, "secret_weak"),
    "65 zero bytes": ("00" * 65, "secret_weak"),
    "31 zeros": ("0" * 31, "secret_odd_length"),
}


def sign(key: bytes, message: bytes) -> str:
    return hmac.new(key, message, hashlib.sha256).hexdigest()


def sign_row(name: str, secret: str, unit: bytes, repeat: int = 1) -> Row:
    digest = sign(bytes.fromhex(secret), unit * repeat)
    return name, secret, unit.hex(), str(repeat), digest


def is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def sign_rows() -> Iterable[Row]:
    yield sign_row("docs example", SECRET, DOCS_EMAIL.encode())
    for number, (key, data, _) in enumerate(RFC_4231, 1):
        if is_text(data) and len(key) >= MIN_KEY_LENGTH:
            yield sign_row(f"RFC 4231 case {number}", key.hex(), data)
    for key_length in KEY_LENGTHS:
        key = bytes((7 * i + key_length) % 256 for i in range(key_length))
        for length in MESSAGE_LENGTHS:
            name = f"key of {key_length} bytes, message of {length} bytes"
            if length < 1024:
                message = bytes(33 + i % 94 for i in range(length))
                yield sign_row(name, key.hex(), message)
            else:
                yield sign_row(name, key.hex(), b"0123456789abcdef", length // 16)
    for name, email in EMAILS.items():
        yield sign_row(f"email: {name}", SECRET, email.encode())
    yield sign_row("secret: upper case", SECRET.upper(), EMAIL.encode())
    yield sign_row("secret: mixed case", "aBcDeF" * 8, EMAIL.encode())
    yield sign_row("secret: all zero but the last bit", "00" * 31 + "01", EMAIL.encode())
    yield sign_row("secret: all zero but the first bit", "80" + "00" * 15, EMAIL.encode())
    yield sign_row("secret: 4096 bytes", "5a" * 4096, EMAIL.encode())


def sign_bytes_rows() -> Iterable[Row]:
    for number, (key, data, _) in enumerate(RFC_4231, 1):
        if not is_text(data):
            yield sign_row(f"RFC 4231 case {number}", key.hex(), data)
    yield sign_row("every byte", SECRET, bytes(range(256)))
    yield sign_row("Latin-1 umlaut", SECRET, b"j\xfcrgen@example.com")
    yield sign_row("lone surrogate in UTF-8 form", SECRET, b"\xed\xa0\x80@example.com")


def verify_rows() -> Iterable[Row]:
    right = sign(bytes.fromhex(SECRET), EMAIL.encode())

    def row(name: str, hash_: str, *, email: str = EMAIL, expected: bool = False) -> Row:
        return name, SECRET, email.encode().hex(), hash_.encode().hex(), str(expected).lower()

    for name, email in EMAILS.items():
        digest = sign(bytes.fromhex(SECRET), email.encode())
        yield row(f"right: {name}", digest, email=email, expected=True)
    yield row("right: the empty email", sign(bytes.fromhex(SECRET), b""), email="", expected=True)
    for length in range(131):
        yield row(f"{length} digits", (right * 3)[:length], expected=length == 64)
    for i, digit in enumerate(right):
        flipped = f"{int(digit, 16) ^ 1:x}"
        yield row(f"digit {i} flipped", right[:i] + flipped + right[i + 1 :])
    for i, digit in enumerate(right):
        if digit.isalpha():
            yield row(f"digit {i} in upper case", right[:i] + digit.upper() + right[i + 1 :])
    yield row("all upper case", right.upper())
    yield row("truncated to half", right[:32])
    yield row("reversed", right[::-1])
    yield row("all zero", "0" * 64)
    yield row("space before", " " + right)
    yield row("newline after", right + "\n")
    yield row("space for the last digit", right[:-1] + " ")
    yield row("0x before", "0x" + right)
    yield row("0x for the first digits", "0x" + right[2:])
    yield row("sha256= before", "sha256=" + right)
    yield row("NUL after", right + "\0")
    yield row("NUL for the last digit", right[:-1] + "\0")
    yield row("64 letters that are no digits", "z" * 64)
    yield row("full-width digits", "０" * 64)
    yield row("64 bytes of UTF-8, no digits", "ä" * 32)
    yield row("base64", base64.b64encode(bytes.fromhex(right)).decode())
    yield row("of another email", sign(bytes.fromhex(SECRET), b"eve@example.com"))
    yield row("of the email in upper case", sign(bytes.fromhex(SECRET), EMAIL.upper().encode()))
    yield row("of the secret as text", sign(SECRET.encode(), EMAIL.encode()))
    yield row("of an empty key", sign(b"", EMAIL.encode()))
    yield row("without a key", hashlib.sha256(EMAIL.encode()).hexdigest())
    yield row("of another secret", sign(bytes(32), EMAIL.encode()))


def malformed_rows() -> Iterable[Row]:
    for name, (secret, code) in MALFORMED_SECRETS.items():
        yield name, secret.encode().hex(), code


# --- diagnoses: the usual mistakes, made here in their order, and never by searching ---

MIXED = "O'Brien&Co+Chat@Example.com"
HASHES = {"sha256": hashlib.sha256, "sha512": hashlib.sha512}


class Key(NamedTuple):
    given: str
    used: bytes
    causes: tuple[str, ...] = ()


class Message(NamedTuple):
    given: str
    used: str
    causes: tuple[str, ...] = ()


KEYS = {
    "right key": Key(SECRET, bytes.fromhex(SECRET)),
    "key as text": Key(SECRET, SECRET.encode(), ("secret_used_as_text",)),
    "key as upper-case text": Key(
        SECRET.upper(), SECRET.upper().encode(), ("secret_used_as_text",)
    ),
    "key cut at a letter": Key(SECRET[:20] + "g" + SECRET, bytes(range(10)), ("secret_truncated",)),
    "key cut within a byte": Key(SECRET[:21], bytes(range(10)), ("secret_truncated",)),
    "key cut at a quote": Key(SECRET + '"', bytes.fromhex(SECRET), ("secret_truncated",)),
    "empty key": Key(SECRET, b"", ("secret_empty_key",)),
    "empty key for 0x": Key("0x" + SECRET, b"", ("secret_empty_key",)),
    "empty key for no secret": Key("", b"", ("secret_empty_key",)),
    "newline after the secret": Key(SECRET + "\n", bytes.fromhex(SECRET), ("secret_whitespace",)),
    "spaces around the secret": Key(f" {SECRET} ", bytes.fromhex(SECRET), ("secret_whitespace",)),
    "spaces within the secret": Key(
        SECRET[:32] + " " + SECRET[32:], bytes.fromhex(SECRET), ("secret_whitespace",)
    ),
    "key as text with a newline": Key(
        SECRET, SECRET.encode() + b"\n", ("secret_used_as_text", "secret_whitespace")
    ),
    "key as text, spaces and all": Key(
        f" {SECRET} ", f" {SECRET} ".encode(), ("secret_used_as_text", "secret_whitespace")
    ),
}

MESSAGES = {
    "right email": Message(MIXED, MIXED),
    "lowercased": Message(MIXED, MIXED.lower(), ("email_case",)),
    "uppercased": Message(MIXED, MIXED.upper(), ("email_case",)),
    "domain lowercased": Message(MIXED, "O'Brien&Co+Chat@example.com", ("email_case",)),
    "umlauts lowercased": Message("JÜRGEN@EXÄMPLE.DE", "jürgen@exämple.de", ("email_case",)),
    "newline added": Message(MIXED, MIXED + "\n", ("email_whitespace",)),
    "CR LF added": Message(MIXED, MIXED + "\r\n", ("email_whitespace",)),
    "space added": Message(MIXED, MIXED + " ", ("email_whitespace",)),
    "space added before": Message(MIXED, " " + MIXED, ("email_whitespace",)),
    "trimmed": Message(f" {MIXED}\n", MIXED, ("email_whitespace",)),
    "quote": Message(MIXED, quote(MIXED), ("email_encoded",)),
    "quote_plus": Message("ada b@example.com", quote_plus("ada b@example.com"), ("email_encoded",)),
    "encodeURIComponent": Message(MIXED, quote(MIXED, safe="-_.!~*'()"), ("email_encoded",)),
    "encodeURI": Message(
        "jürgen@example.com", quote("jürgen@example.com", safe="@"), ("email_encoded",)
    ),
    "unquote": Message(quote(MIXED), MIXED, ("email_encoded",)),
    "plus as a space": Message(
        "ada+chat@example.com", unquote_plus("ada+chat@example.com"), ("email_encoded",)
    ),
    "html.escape": Message(MIXED, html.escape(MIXED), ("email_encoded",)),
    "HTML as Go escapes it": Message(
        MIXED, html.escape(MIXED).replace("&#x27;", "&#39;"), ("email_encoded",)
    ),
    "html.unescape": Message(html.escape(MIXED), MIXED, ("email_encoded",)),
    "json.dumps": Message(MIXED, json.dumps(MIXED), ("email_encoded",)),
    "json.dumps, ASCII only": Message(
        "jürgen🦀@example.com", json.dumps("jürgen🦀@example.com"), ("email_encoded",)
    ),
    "JSON.stringify": Message(
        "jürgen🦀@example.com",
        json.dumps("jürgen🦀@example.com", ensure_ascii=False),
        ("email_encoded",),
    ),
    "lowercased and trimmed": Message(
        f"{MIXED} ", MIXED.lower(), ("email_case", "email_whitespace")
    ),
    "lowercased, then quoted": Message(
        MIXED, quote(MIXED.lower()), ("email_case", "email_encoded")
    ),
    "quoted, then lowercased": Message(
        MIXED, quote(MIXED).lower(), ("email_case", "email_encoded")
    ),
    "newline added, then quoted": Message(
        MIXED, quote(MIXED + "\n"), ("email_whitespace", "email_encoded")
    ),
    "quoted, then newline added": Message(
        MIXED, quote(MIXED) + "\n", ("email_whitespace", "email_encoded")
    ),
    "trimmed, uppercased, escaped": Message(
        f"\t{MIXED} ",
        html.escape(MIXED.upper()),
        ("email_case", "email_whitespace", "email_encoded"),
    ),
}


def b64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def url64(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).decode()


FORMS: dict[str, tuple[Callable[[bytes], str], tuple[str, ...]]] = {
    "lower case": (bytes.hex, ()),
    "upper case": (lambda digest: digest.hex().upper(), ("hash_uppercase",)),
    "base64": (b64, ("hash_base64",)),
    "base64 without padding": (lambda digest: b64(digest).rstrip("="), ("hash_base64",)),
    "base64url": (url64, ("hash_base64",)),
    "base64url without padding": (lambda digest: url64(digest).rstrip("="), ("hash_base64",)),
    "base64 of the digits": (
        lambda digest: b64(digest.hex().encode()),
        ("hash_base64", "hash_reformatted"),
    ),
    "sha256=": (lambda digest: f"sha256={digest.hex()}", ("hash_prefixed",)),
    "0x": (lambda digest: f"0x{digest.hex()}", ("hash_prefixed",)),
    "v1:": (lambda digest: f"v1:{digest.hex()}", ("hash_prefixed",)),
    "newline": (lambda digest: f"{digest.hex()}\n", ("hash_malformed",)),
    "quotes": (lambda digest: f'"{digest.hex()}"', ("hash_malformed",)),
    "sha256=, upper case": (
        lambda digest: f"sha256={digest.hex().upper()}",
        ("hash_uppercase", "hash_prefixed"),
    ),
    "sha256=, base64": (lambda digest: f"sha256={b64(digest)}", ("hash_base64", "hash_prefixed")),
    "sha256=, newline": (
        lambda digest: f"sha256={digest.hex()}\n",
        ("hash_prefixed", "hash_malformed"),
    ),
    "upper case, newline": (
        lambda digest: f"{digest.hex().upper()}\n",
        ("hash_uppercase", "hash_malformed"),
    ),
    "base64, newline": (lambda digest: f"{b64(digest)}\n", ("hash_base64", "hash_malformed")),
}

# The order in which causes are listed.
CAUSES = [
    "secret_on_page",
    "settings_missing",
    "settings_unknown",
    "settings_late",
    "settings_misplaced",
    "settings_misnamed",
    "settings_ignored",
    "settings_repeated",
    "app_id_missing",
    "jwt_with_hash",
    "account_with_hash",
    "secret_missing",
    "secret_used_as_text",
    "secret_truncated",
    "secret_empty_key",
    "secret_whitespace",
    "secret_decoded_to_text",
    "secret_encoded",
    "email_missing",
    "email_case",
    "email_whitespace",
    "email_encoded",
    "email_unicode",
    "email_not_hashed",
    "arguments_swapped",
    "hash_unkeyed",
    "hash_concatenated",
    "hash_missing",
    "hash_is_jwt",
    "hash_uppercase",
    "hash_base64",
    "hash_prefixed",
    "hash_reformatted",
    "hash_truncated",
    "hash_wrong_algorithm",
    "hash_malformed",
    *oracle_jwt.CAUSES,
    "unknown",
]


def diagnose_row(name: str, secret: str, email: str, hash_: str, *causes: str) -> Row:
    listed = ",".join(sorted(causes, key=CAUSES.index)) or "none"
    return name, secret.encode().hex(), email.encode().hex(), hash_.encode().hex(), listed


class Made(NamedTuple):
    """A digest, its origin, and the mistakes."""

    name: str
    secret: str
    email: str
    digest: bytes
    causes: tuple[str, ...]


def made() -> Iterable[Made]:
    for algorithm, wrong in [("sha256", ()), ("sha512", ("hash_wrong_algorithm",))]:
        for (key_name, key), (name, message) in product(KEYS.items(), MESSAGES.items()):
            yield Made(
                f"{algorithm}, {key_name}, {name}",
                key.given,
                message.given,
                hmac.digest(key.used, message.used.encode(), algorithm),
                (*wrong, *key.causes, *message.causes),
            )
        for name, message in MESSAGES.items():
            yield Made(
                f"{algorithm} without a key, {name}",
                SECRET,
                message.given,
                HASHES[algorithm](message.used.encode()).digest(),
                (*wrong, "hash_unkeyed", *message.causes),
            )
            yield Made(
                f"{algorithm}, swapped, {name}",
                SECRET,
                message.given,
                hmac.digest(message.used.encode(), SECRET.encode(), algorithm),
                (*wrong, "arguments_swapped", *message.causes),
            )
        yield Made(
            f"{algorithm}, swapped, spaces around the secret",
            f" {SECRET}\n",
            EMAIL,
            hmac.digest(EMAIL.encode(), f" {SECRET}\n".encode(), algorithm),
            (*wrong, "arguments_swapped", "secret_whitespace"),
        )
        for causes, email, key_bytes in [  # as Node decodes the email
            (("secret_truncated",), EMAIL, b"\xad"),
            (("secret_empty_key",), "xavier@example.com", b""),
        ]:
            yield Made(
                f"{algorithm}, swapped and decoded, {causes[0]}",
                SECRET,
                email,
                hmac.digest(key_bytes, SECRET.encode(), algorithm),
                (*wrong, "arguments_swapped", *causes),
            )


# The texts that people configure in place of the digits.
WRAPPED: dict[str, Callable[[str], str]] = {
    "double quotes": lambda hex_: f'"{hex_}"',
    "single quotes": lambda hex_: f"'{hex_}'",
    "0x": lambda hex_: f"0x{hex_}",
    "a name": lambda hex_: f"PYLON_IDENTITY_SECRET={hex_}",
    "a name and quotes": lambda hex_: f'PYLON_IDENTITY_SECRET="{hex_}"',
    "byte order mark": lambda hex_: f"\ufeff{hex_}",
    "UTF-16": lambda hex_: hex_.encode("utf-16-le").decode(),
    "base64": lambda hex_: b64(hex_.encode()),
    "base64 of a line": lambda hex_: b64(f"{hex_}\n".encode()),
    "base64 twice": lambda hex_: b64(b64(hex_.encode()).encode()),
    "twice": lambda hex_: hex_ * 2,
}

# Texts of the page, texts that were signed in their place, and the cause.
OTHER_EMAILS = {
    "URL-encoded twice": ("a+b@x.com", quote(quote("a+b@x.com")), "email_encoded"),
    "URL-encoded twice on the page": (quote(quote("a+b@x.com")), "a+b@x.com", "email_encoded"),
    "a space for a plus": ("a b@x.com", "a+b@x.com", "email_encoded"),
    "&#39;": ("o'b@x.com", "o&#39;b@x.com", "email_encoded"),
    "&#039;": ("o'b@x.com", "o&#039;b@x.com", "email_encoded"),
    "&#x27; on the page": ("o&#x27;b@x.com", "o'b@x.com", "email_encoded"),
    "&#x2B; on the page": ("a&#x2B;b@x.com", "a+b@x.com", "email_encoded"),
    "&apos;": ("o'b@x.com", "o&apos;b@x.com", "email_encoded"),
    "&amp;#39;": ("o'b@x.com", "o&amp;#39;b@x.com", "email_encoded"),
    "&amp;#39; on the page": ("o&amp;#39;b@x.com", "o'b@x.com", "email_encoded"),
    "Go's plus": ("a+b'c@x.com", "a&#43;b&#39;c@x.com", "email_encoded"),
    "\\u002B": ("a+b@x.com", r"a\u002Bb@x.com", "email_encoded"),
    "\\u002b in quotes": ("a+b@x.com", r'"a\u002bb@x.com"', "email_encoded"),
    "\\u002B on the page": (r"a\u002Bb@x.com", "a+b@x.com", "email_encoded"),
    "\\u00fc": ("jürgen@x.com", r"j\u00fcrgen@x.com", "email_encoded"),
    "bytes of Python": (EMAIL, f"b'{EMAIL}'", "email_encoded"),
    "bytes of Python on the page": (f"b'{EMAIL}'", EMAIL, "email_encoded"),
    "NFD": (
        "rené.müller@x.com",
        unicodedata.normalize("NFD", "rené.müller@x.com"),
        "email_unicode",
    ),
    "NFD on the page": (
        unicodedata.normalize("NFD", "Đặng.Ồ@x.vn"),
        "Đặng.Ồ@x.vn",
        "email_unicode",
    ),
    "Punycode": ("ada@bücher.example", "ada@xn--bcher-kva.example", "email_unicode"),
    "Punycode on the page": ("ada@xn--bcher-kva.example", "ada@bücher.example", "email_unicode"),
    "Punycode of Chinese": (
        "ada@例子.广告",
        f"ada@{'例子.广告'.encode('idna').decode()}",
        "email_unicode",
    ),
    "zero-width space on the page": ("ada@example.com\u200b", EMAIL, "email_unicode"),
    "soft hyphen inside": (EMAIL, "ada@exam\u00adple.com", "email_unicode"),
    "byte order mark": (EMAIL, f"\ufeff{EMAIL}", "email_unicode"),
    "UTF-8 read as Latin-1": (
        "rené@x.com",
        "rené@x.com".encode().decode("latin-1"),
        "email_unicode",
    ),
    "UTF-8 read as Windows-1252": (
        "5€@x.com",
        "5€@x.com".encode().decode("cp1252"),
        "email_unicode",
    ),
    "undefined": (EMAIL, "undefined", "email_missing"),
    "no email": (EMAIL, "", "email_missing"),
    "[object Promise]": (EMAIL, "[object Promise]", "email_missing"),
}

# Emails that look like a mistake but belong to another person.
OTHER_PEOPLE = [
    "ad4@example.com",
    "ada@example.co",
    "undefined@example.com",
    "ada+@example.com",
    "a da@example.com",
]

# Other forms of a digest.
REFORMATTED: dict[str, Callable[[bytes], str]] = {
    "dashes": lambda digest: digest.hex("-"),
    "dashes, upper case": lambda digest: digest.hex("-").upper(),
    "colons": lambda digest: digest.hex(":"),
    "spaces": lambda digest: digest.hex(" "),
    "bytes of Python": lambda digest: f"b'{digest.hex()}'",
    "base64 as bytes of Python": lambda digest: f"b'{b64(digest)}'",
    "Buffer in JSON": lambda digest: json.dumps({"type": "Buffer", "data": list(digest)}),
    "Buffer of console.log": lambda digest: f"<Buffer {digest.hex(' ')}>",
    "a list": lambda digest: str(list(digest)),
    "Java's signed bytes": lambda digest: str([byte - 256 * (byte > 127) for byte in digest]),
    "numbers": lambda digest: ",".join(map(str, digest)),
    "hex of hex": lambda digest: digest.hex().encode().hex(),
    "URL-encoded base64": lambda digest: quote(b64(digest), safe=""),
    "bytes without leading zeros": lambda digest: "".join(f"{byte:x}" for byte in digest),
}


def new_mistakes() -> Iterable[Row]:
    key = bytes.fromhex(SECRET)
    email = EMAIL.encode()
    right = sign(key, email)

    def row(name: str, hash_: str, *causes: str, secret: str = SECRET, page: str = EMAIL) -> Row:
        return diagnose_row(f"{name}; {causes[0]}", secret, page, hash_, *causes)

    for name, (page, signed, cause) in OTHER_EMAILS.items():
        yield row(name, sign(key, signed.encode()), cause, page=page)
        text = sign(SECRET.encode(), signed.encode())
        yield row(f"{name}, key as text", text, cause, "secret_used_as_text", page=page)
    yield row(
        "Latin-1", sign(key, "rené@x.com".encode("latin-1")), "email_unicode", page="rené@x.com"
    )
    for other in OTHER_PEOPLE:
        yield row(f"of {other}", sign(key, other.encode()), "unknown")

    high = "f0e1d2c3" * 8  # bytes that are not text
    for name, text in {
        "UTF-8, replaced": bytes.fromhex(high).decode(errors="replace"),
        "UTF-8, ignored": bytes.fromhex(high).decode(errors="ignore") + "",
        "Latin-1": bytes.fromhex(high).decode("latin-1"),
        "ASCII, replaced": bytes.fromhex(high).decode("ascii", errors="replace"),
        "ASCII of Node": bytes(byte & 127 for byte in bytes.fromhex(high)).decode(),
    }.items():
        cause = "secret_decoded_to_text" if text else "secret_empty_key"
        yield row(name, sign(text.encode(), email), cause, secret=high)
    partly = "c3a9ff61" * 8
    text = bytes.fromhex(partly).decode(errors="replace")
    part = sign(text.encode(), email)
    yield row("UTF-8 in part, replaced", part, "secret_decoded_to_text", secret=partly)
    mixed = bytes.fromhex(high + "41")
    yield row(
        "another key as text", sign(mixed.decode("latin-1").encode(), email), "unknown", secret=high
    )

    for name, wrap in WRAPPED.items():
        wrapped = wrap(SECRET)
        if name not in ("byte order mark", "twice"):
            yield row(f"{name}, configured", right, "secret_encoded", secret=wrapped)
        used = sign(wrapped.encode(), email)
        yield row(f"{name}, used", used, "secret_used_as_text", "secret_encoded")
        yield row(f"{name} of another secret", sign(wrap(high).encode(), email), "unknown")
    yield row("pasted twice, configured", right, "secret_encoded", secret=SECRET * 2)
    yield row("pasted twice, in quotes", right, "secret_encoded", secret=f'"{SECRET * 2}"')
    yield row("pasted twice, used", sign(key * 2, email), "secret_encoded")
    used = sign(SECRET.upper().encode(), email)
    yield row("upper case, used", used, "secret_used_as_text", "secret_encoded")
    yield row("read as base64", sign(base64.b64decode(SECRET), email), "secret_encoded")

    for name, show in REFORMATTED.items():
        shown, causes = show(bytes.fromhex(right)), ["hash_reformatted"]
        causes += ["hash_base64"] * ("base64" in name) + ["hash_uppercase"] * ("upper" in name)
        yield row(name, shown, *causes)
        other = show(hmac.digest(b"another", email, "sha256"))
        found = ["unknown", *causes] if "without" not in name else ["hash_malformed"]
        yield row(f"{name} of another hash", other, *found)
    zero = next(
        address
        for address in (f"user{i}@example.com" for i in range(1000))
        if sign(key, address.encode()).startswith("0")
    )
    shown = f"{int(sign(key, zero.encode()), 16):x}"
    yield row("a number", shown, "hash_reformatted", page=zero)
    for label in ["SHA2-256(stdin)= ", "hmac-sha256:", "HMAC-SHA256(stdin)= "]:
        yield row(f"label {label}", f"{label}{right}", "hash_prefixed")
    for name, part in {
        "half": right[:32],
        "one digit missing": right[:-1],
        "the end": right[32:],
    }.items():
        yield row(name, part, "hash_truncated")
    yield row(
        "half, key as text",
        sign(SECRET.encode(), email)[:40],
        "hash_truncated",
        "secret_used_as_text",
    )

    for name, nothing in {
        "empty": "",
        "white space": " \n",
        "undefined": "undefined",
        "null": "null",
        "None": "None",
        "[object Promise]": "[object Promise]",
        "the email": EMAIL,
        "quoted": '"undefined"',
    }.items():
        yield row(f"hash {name}", nothing, "hash_missing")
    for filler in ["undefined", "null", "None", "[object Object]"]:
        yield row(f"key {filler}", sign(filler.encode(), email), "secret_missing")
    other_hash = sign(b"another", email)
    yield row("no secret given", other_hash, "secret_missing", secret="")
    yield row("a filler given", other_hash, "secret_missing", secret="undefined")
    yield row("no email given", other_hash, "email_missing", page="")
    yield row("a key like a filler", sign(b"undefine", email), "unknown")

    for name, secret in {"text": SECRET.encode(), "bytes": key}.items():
        for order, joined in {"before": secret + email, "after": email + secret}.items():
            plain = hashlib.sha256(joined).hexdigest()
            yield row(f"{name} {order}", plain, "hash_concatenated")
    apart = hashlib.sha256(email + b"another").hexdigest()
    yield row("joined with another secret", apart, "unknown")
    nothing_signed = sign(key, b"")
    yield row("Go's Sum", (email + bytes.fromhex(nothing_signed)).hex(), "email_not_hashed")
    text = sign(SECRET.encode(), b"")
    yield row(
        "Go's Sum, key as text",
        (email + bytes.fromhex(text)).hex(),
        "email_not_hashed",
        "secret_used_as_text",
    )
    somebody = (b"eve@example.com" + bytes.fromhex(nothing_signed)).hex()
    yield row("Go's Sum of somebody else", somebody, "hash_malformed")

    yield row("the secret", SECRET, "secret_on_page")
    yield row("the secret in upper case", SECRET.upper(), "secret_on_page")
    yield row("the secret in base64", b64(key), "secret_on_page")
    yield row("the secret in quotes", f'"{SECRET}"', "secret_on_page")
    yield row("another secret as the hash", high, "unknown")
    token = ".".join(
        base64.urlsafe_b64encode(part).decode().rstrip("=")
        for part in [b'{"alg":"HS256","typ":"JWT"}', b'{"email":"ada@example.com"}', key]
    )
    yield row("a token", token, "hash_is_jwt")
    yield row("a token of two parts", token.rpartition(".")[0], "hash_malformed")
    yield row("three words", "ada.example.com", "hash_malformed")


def diagnose_rows() -> Iterable[Row]:
    seen: set[frozenset[str]] = set()
    for origin, (form, (show, more)) in product(list(made()), FORMS.items()):
        causes = frozenset((*origin.causes, *more))
        # Each way to make one mistake, and one way to make each pair and each three.
        if len(causes) < 2 or (len(causes) < 4 and causes not in seen):
            seen.add(causes)
            name, shown = f"{origin.name}; {form}", show(origin.digest)
            yield diagnose_row(name, origin.secret, origin.email, shown, *causes)

    key = bytes.fromhex(SECRET)
    right = sign(key, EMAIL.encode())

    def row(name: str, hash_: str, *causes: str, secret: str = SECRET) -> Row:
        return diagnose_row(name, secret, EMAIL, hash_, *causes)

    for algorithm in ["md5", "sha1", "sha224", "sha384"]:
        digest = hmac.digest(key, EMAIL.encode(), algorithm)
        yield row(f"HMAC with {algorithm}", digest.hex(), "hash_wrong_algorithm")
    yield row("SHA-512 of something else", "ab" * 64, "hash_wrong_algorithm")
    for name, malformed in {
        "one digit extra": right + "0",
        "too few digits to tell": right[:15],
        "half of another hash": sign(b"another", EMAIL.encode())[:30],
        "a letter that is no digit": "g" + right[1:],
        "full-width digits": "０" * 64,
        "an email": "eve@example.com",
        "a version": "1.2.3",
        "a prefix of nothing": "sha256=",
        "NUL after": right + "\0",
        "64 letters of base64": "z" * 64,
    }.items():
        yield row(name, malformed, "hash_malformed")
    other = sign(b"another", EMAIL.encode())
    yield row("another secret", other, "unknown")
    yield row("another email", sign(key, b"eve@example.com"), "unknown")
    yield row("another secret, upper case", other.upper(), "hash_uppercase", "unknown")
    yield row("another secret, a prefix", f"sha256={other}", "hash_prefixed", "unknown")
    yield row("another secret, this one malformed", other, "unknown", secret="zz")
    yield from new_mistakes()
    for title, weak, cause in [
        ("a secret of 15 bytes", SECRET[:30], "secret_truncated"),
        ("a secret of zeros", "00" * 32, "secret_empty_key"),
    ]:
        yield row(title, sign(bytes.fromhex(weak), EMAIL.encode()), cause, secret=weak)


# --- pages: the mistakes that people make around a hash ---

# In spite of these, the widget finds an email and its hash.
WARNINGS = {"settings_ignored", "settings_repeated", "jwt_with_hash", "account_with_hash"}

# The year 2100, since a page is judged by the system's clock.
LATER = {"iat": 4_102_444_800, "exp": 4_102_445_400}
TOKEN = oracle_jwt.token(SECRET, **LATER)

WIDGET = "https://widget.usepylon.com/widget/app-1"
LOADER = f'<script src="{WIDGET}"></script>'
# In Pylon's own snippet, the widget starts when the page has loaded.
SNIPPET = (
    "<script>(function(){var e=window,t=document,n=function(){n.e(arguments)};n.q=[];e.Pylon=n;"
    'var r=function(){var e=t.createElement("script");e.setAttribute("src","' + WIDGET + '");'
    't.head.appendChild(e)};if(t.readyState==="complete"){r()}'
    'else{e.addEventListener("load",r,false)}})();</script>'
)


def literal(settings: dict[str, str]) -> str:
    """Write an object as the consoles of browsers show it."""
    escaped = {
        name: value.replace("\\", "\\\\").replace("'", "\\'") for name, value in settings.items()
    }
    fields = ", ".join(f"{name}: '{value}'" for name, value in escaped.items())
    return "{" + fields + ",}"


def tag(code: str, attributes: str = "") -> str:
    return f"<script{attributes}>{code}</script>"


def assigned(settings: dict[str, str]) -> str:
    return f"window.pylon = {json.dumps({'chat_settings': settings})};"


# The forms of a page that people pass to diagnose_page.
PAGES: dict[str, Callable[[dict[str, str]], str]] = {
    "JSON of window.pylon": lambda fields: json.dumps({"chat_settings": fields}),
    "JSON of chat_settings": json.dumps,
    "JSON over many lines": lambda fields: json.dumps({"chat_settings": fields}, indent=2) + "\n",
    "JSON in quotes": lambda fields: json.dumps(json.dumps({"chat_settings": fields})),
    "JSON with a byte order mark": lambda fields: "\ufeff" + json.dumps({"chat_settings": fields}),
    "a literal": lambda fields: "{chat_settings: " + literal(fields) + "}",
    "a literal of chat_settings": literal,
    "a literal with its name": lambda fields: f"chat_settings: {literal(fields)}",
    "a literal with comments": lambda fields: (
        "{ // it's the user\n chat_settings /* } */ : " + literal(fields) + "}"
    ),
    "an assignment": lambda fields: f"window.pylon = {{chat_settings: {literal(fields)}}};",
    "the script tag": lambda fields: script(fields, "r4nd0m"),
    "a page": lambda fields: (
        "<!doctype html><html><head><title>It's</title>" + script(fields, None) + LOADER
    ),
    "a page with fields": lambda fields: tag(
        "window.pylon = window.pylon || {};\nwindow.pylon.chat_settings = {}\n"
        + "\n".join(
            f"window.pylon.chat_settings.{name} = {json.dumps(value)}"
            for name, value in fields.items()
        )
    ),
    "a page with names in brackets": lambda fields: tag(
        f"window['pylon'] = {{}}; window[\"pylon\"]['chat_settings'] = {literal(fields)}"
    ),
}


def page_row(name: str, page: str, *causes: str, secret: str = SECRET) -> Row:
    listed = ",".join(sorted(causes, key=CAUSES.index)) or "none"
    matches = str(WARNINGS.issuperset(causes)).lower()
    return name, secret.encode().hex(), page.encode().hex(), matches, listed


def renamed(settings: dict[str, str], **names: str) -> dict[str, str]:
    return {names.get(name, name): value for name, value in settings.items()}


def page_rows() -> Iterable[Row]:
    key = bytes.fromhex(SECRET)
    email = "O'Brien+chat@Example.com"

    def settings(hash_: str | None = None, **more: str) -> dict[str, str]:
        hash_ = sign(key, more.get("email", email).encode()) if hash_ is None else hash_
        fields = {"app_id": "app-1", "email": email, "name": 'Ada "A" <b>', "email_hash": hash_}
        return fields | more

    def without(*names: str, **more: str) -> dict[str, str]:
        return {name: value for name, value in settings(**more).items() if name not in names}

    right = settings()
    text_key = sign(SECRET.encode(), email.encode())
    lower = sign(SECRET.encode(), email.lower().encode())
    camel = {"app_id": "appId", "email_hash": "emailHash"}
    mistakes: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
        "right": (right, ()),
        "an emoji": (settings(email="🦀é@example.com"), ()),
        "another setting": (settings(hide_default_launcher="x", emails="a"), ()),
        "the word emailHash in a value": (settings(name="emailHash: appId, window.pylon = {}"), ()),
        "key as text": (settings(text_key), ("secret_used_as_text",)),
        "key as text, lowercased": (settings(lower), ("secret_used_as_text", "email_case")),
        "no hash": (without("email_hash"), ("hash_missing",)),
        "an empty hash": (settings(""), ("hash_missing",)),
        "no email": (without("email"), ("email_missing",)),
        "a filler for an email": (settings(email="undefined"), ("email_missing",)),
        "a visitor": (without("email", "email_hash"), ("email_missing", "hash_missing")),
        "camelCase": (renamed(right, **camel), ("settings_misnamed",)),
        "camelCase, key as text": (
            renamed(settings(text_key), **camel),
            ("settings_misnamed", "secret_used_as_text"),
        ),
        "camelCase beside the right names": (right | {"appId": "x", "emailHash": "y"}, ()),
        "camelCase of an account": (settings(accountId="x"), ("settings_ignored",)),
        "no app ID": (without("app_id"), ("app_id_missing",)),
        "an empty app ID": (settings(app_id=""), ("app_id_missing",)),
        "a filler for an app ID": (settings(app_id="null"), ("app_id_missing",)),
        "a JWT beside the hash": (settings(jwt=TOKEN), ("jwt_with_hash",)),
        "a JWT for the hash": (settings(TOKEN), ("hash_is_jwt",)),
        "a JWT alone": ({"app_id": "app-1", "jwt": TOKEN}, ("jwt_not_yet_valid",)),
        "an old JWT": (
            {"app_id": "app-1", "jwt": oracle_jwt.token(SECRET, iat=1, exp=601)},
            ("jwt_expired",),
        ),
        "a JWT and its email": (
            {"app_id": "app-1", "email": oracle_jwt.EMAIL, "jwt": TOKEN},
            ("jwt_not_yet_valid",),
        ),
        "a JWT and another email": (
            {"app_id": "app-1", "email": "eve@example.com", "jwt": TOKEN},
            ("jwt_differs", "jwt_not_yet_valid"),
        ),
        "a JWT and another account": (
            {
                "app_id": "app-1",
                "account_external_id": "42",
                "jwt": oracle_jwt.token(SECRET, account_external_id="43", **LATER),
            },
            ("jwt_differs", "jwt_not_yet_valid"),
        ),
        "a JWT and no app ID": (
            {"jwt": TOKEN},
            ("app_id_missing", "jwt_not_yet_valid"),
        ),
        "a JWT of the decoded secret": (
            {"app_id": "app-1", "jwt": oracle_jwt.token(key, **LATER)},
            ("jwt_secret_hex_decoded", "jwt_not_yet_valid"),
        ),
        "the hash as a JWT": (
            {"app_id": "app-1", "jwt": right["email_hash"]},
            ("jwt_is_hash",),
        ),
        "the JWT secret elsewhere": (
            {"app_id": "app-1", "name": SECRET, "jwt": TOKEN},
            ("secret_on_page", "jwt_not_yet_valid"),
        ),
        "an account": (settings(account_external_id="42"), ("account_with_hash",)),
        "an empty account": (settings(account_external_id=""), ()),
        "Pylon's account": (settings(account_id="42", avatar_url="https://a.example/b?c&d"), ()),
        "an account, key as text": (
            settings(text_key, account_external_id="42"),
            ("account_with_hash", "secret_used_as_text"),
        ),
        "the secret as the hash": (settings(SECRET), ("secret_on_page",)),
        "the secret elsewhere": (settings(name=SECRET.upper()), ("secret_on_page",)),
        "another secret": (settings(sign(b"another", email.encode())), ("unknown",)),
        "upper case": (settings(right["email_hash"].upper()), ("hash_uppercase",)),
    }
    for (name, (fields, causes)), (form, show) in product(mistakes.items(), PAGES.items()):
        # A form for each mistake, and each form for some.
        if (
            name in ("right", "an emoji", "camelCase, key as text")
            or form == "JSON of window.pylon"
        ):
            yield page_row(f"{name}; {form}", show(fields), *causes)
    yield page_row(
        "the word emailHash in a value; a page",
        script(mistakes["the word emailHash in a value"][0], None),
    )

    def row(name: str, page: str, *causes: str) -> Row:
        return page_row(name, page, *causes)

    for name, nothing in {
        "an empty text": "",
        "undefined": "undefined",
        "null": "null",
        "{}": "{}",
        "no settings in window.pylon": '{"chat_settings": {}}',
        "other JSON": '{"user": {"email": "ada@example.com"}}',
        "a list": "[1, 2]",
        "a page of text": "<html><body><p>window.pylon = {chat_settings: {}}</p></body></html>",
        "a page with the widget only": LOADER,
        "settings in a comment of HTML": f"<!-- {script(right, None)} -->{LOADER}",
        "settings in a comment of JavaScript": tag(f"/* {assigned(right)} */ // {assigned(right)}"),
        "settings in a string": tag(f"var code = {json.dumps(assigned(right))}"),
        "settings in a text area": f"<textarea>{script(right, None)}</textarea>",
        "settings in an attribute": f"<p title='{script({'app_id': 'a'}, None)}'>",
        "settings in a script of JSON": tag(assigned(right), ' type="application/json"'),
    }.items():
        yield row(name, nothing, "settings_missing")

    outside = dict(right)
    inside = {"app_id": outside.pop("app_id")}
    beside = {"chat_settings": inside, **outside}
    yield row("beside chat_settings", json.dumps(beside), "settings_misplaced", "settings_ignored")
    yield row(
        "no chat_settings",
        tag(f"window.pylon = {json.dumps(right)}"),
        "settings_misplaced",
        "settings_ignored",
    )
    yield row(
        "chatSettings",
        json.dumps({"chatSettings": settings(text_key)}),
        "settings_misnamed",
        "secret_used_as_text",
    )
    yield row(
        "a copy beside chat_settings",
        json.dumps({"chat_settings": right, "email": "x", "appId": ""}),
    )

    set_ = tag(assigned(right))
    yield row("after the widget", LOADER + set_, "settings_late")
    yield row(
        "after an async widget",
        f"<SCRIPT async SRC={WIDGET}></SCRIPT>" + tag(assigned(settings(text_key))),
        "settings_late",
        "secret_used_as_text",
    )
    yield row("after a deferred widget", f'<script defer src="{WIDGET}"></script>' + set_)
    yield row("before the widget", set_ + LOADER)
    yield row("after the snippet, which waits", SNIPPET + set_)
    yield row("after a snippet in a comment", f"<!-- {LOADER} -->{set_}")
    yield row("after another script", '<script src="/widget/usepylon.js"></script>' + set_)
    yield row(
        "after a snippet that does not wait",
        tag(
            f"let s = document.createElement('script'); s.src = `{WIDGET}`; document.head.append(s)"
        )
        + set_,
        "settings_late",
    )
    yield row(
        "a module before the widget", tag(assigned(right), " type=module") + LOADER, "settings_late"
    )
    rest = tag("window.pylon.chat_settings.email_hash = '" + right["email_hash"] + "'")
    before = tag(assigned(without("email_hash")))
    yield row("the hash after the widget", before + LOADER + rest, "settings_late")
    yield row("the hash in a second tag", before + rest + LOADER)
    yield row(
        "the name after the widget", set_ + LOADER + tag("window.pylon.chat_settings.name = 'Eve'")
    )

    visitor = tag(assigned({"app_id": "app-1"}))
    yield row("set twice, right at last", visitor + set_, "settings_repeated")
    yield row(
        "set twice, a visitor at last",
        set_ + visitor,
        "settings_repeated",
        "email_missing",
        "hash_missing",
    )
    yield row("set twice in one tag", tag(assigned({"app_id": "app-1"}) + assigned(right)))
    yield row("kept if set", set_ + tag("window.pylon = window.pylon || {chat_settings: {}}"))
    yield row(
        "kept if set, by an operator",
        set_ + tag("window.pylon ||= {}; window.pylon.chat_settings ??= {}"),
    )
    yield row(
        "added by Object.assign",
        before
        + tag(
            f"Object.assign(window.pylon.chat_settings, {{email_hash: '{right['email_hash']}'}})"
        ),
    )

    computed = {
        "a variable": "user.email",
        "a call": "getEmail('ada@example.com', {a: [1, 2]})",
        "a sum": "'ada@' + domain",
        "a template with an expression": "`${user}@example.com`",
        "a method of a literal": "'Ada@example.com'.toLowerCase()",
        "an ellipsis": "…",
        "a regular expression": "text.match(/[/'\"]/)[0]",
    }
    cast = assigned(right).replace("window", "(window as any)")
    for name, code in {
        "settings by a cast": cast,
        "settings of another object": assigned(right).replace("window", "config"),
        "settings in brackets": "(window.pylon = window.pylon || {}).chat_settings = {}",
        "a comparison": "if (window.pylon == {chat_settings: {email: 'a'}}) {}",
    }.items():
        yield row(name, tag(code), "settings_unknown")
    for name, expression in computed.items():
        code = f"app_id: 'app-1', email: {expression}, email_hash: '{right['email_hash']}'"
        yield row(
            f"email of {name}",
            tag(f"window.pylon = {{chat_settings: {{{code}}}}}"),
            "settings_unknown",
        )
    yield row(
        "a JWT of a call",
        tag("window.pylon = {chat_settings: {app_id: 'app-1', jwt: await getToken()}}"),
        "settings_unknown",
    )
    late = tag(assigned({"app_id": "app-1", "jwt": TOKEN}))
    yield row("a JWT after the widget", LOADER + late, "settings_late", "jwt_not_yet_valid")
    misplaced = json.dumps({"chat_settings": {"app_id": "app-1"}, "jwt": TOKEN})
    yield row("a JWT beside", misplaced, "settings_misplaced", "jwt_not_yet_valid")
    variable = assigned(right).replace('"app-1"', "appId")
    yield row("an app ID of a variable", tag(variable))
    yield row("shorthands", "{chat_settings: {app_id, email, email_hash}}", "settings_unknown")
    yield row(
        "a spread",
        tag("window.pylon = {chat_settings: {...settings, app_id: 'a'}}"),
        "settings_unknown",
    )
    yield row("settings of a function", tag("window.pylon = makeSettings()"), "settings_unknown")
    yield row("a closed object", "{chat_settings: {…}}", "settings_unknown")
    yield row("cut JSON", json.dumps({"chat_settings": right})[:60], "settings_unknown")
    yield row(
        "a variable, and no hash",
        tag("window.pylon = {chat_settings: {app_id: 'a', email: user.email}}"),
        "settings_unknown",
        "hash_missing",
    )
    promise = json.dumps({"chat_settings": settings() | {"email_hash": {}}})
    yield row("a promise for the hash", promise, "hash_missing")
    digest = list(bytes.fromhex(right["email_hash"]))
    buffer = {"email_hash": {"type": "Buffer", "data": digest}}
    yield row(
        "a Buffer for the hash",
        json.dumps({"chat_settings": settings() | buffer}),
        "hash_reformatted",
    )
    null = json.dumps(settings() | {"email": None, "email_hash": None})
    yield row("null for email and hash", null, "email_missing", "hash_missing")
    yield page_row("a wrapped secret", json.dumps(right), "secret_encoded", secret=f'"{SECRET}"')
    yield page_row("a malformed secret", json.dumps(right), "unknown", secret="zz")


# --- the environment ---


EXPOSED_PREFIXES = [
    "PUBLIC_",
    "NEXT_PUBLIC_",
    "NUXT_PUBLIC_",
    "EXPO_PUBLIC_",
    "PLASMO_PUBLIC_",
    "FRESH_PUBLIC_",
    "BUN_PUBLIC_",
    "SNOWPACK_PUBLIC_",
    "PAYLOAD_PUBLIC_",
    "NUXT_ENV_",
    "VITE_",
    "RENDERER_VITE_",
    "REACT_APP_",
    "PREACT_APP_",
    "VUE_APP_",
    "NG_APP_",
    "GATSBY_",
    "GRIDSOME_",
    "STORYBOOK_",
    "SANITY_STUDIO_",
    "SANITY_APP_",
    "STRAPI_ADMIN_",
    "MIX_",
    "UMI_APP_",
    "TARO_APP_",
    "RAZZLE_",
]


def env_rows() -> Iterable[Row]:
    def row(name: str, variable: str, value: str | None, outcome: str) -> Row:
        named = len(variable) < 16 or re.fullmatch(r"(?=.*_)[A-Z0-9_]{1,31}", variable)
        shown = "shown" if named else "hidden"
        return name, variable, "-" if value is None else value.encode().hex(), outcome, shown

    plain = "PYLON_IDENTITY_SECRET"
    yield row("plain", plain, SECRET, "ok")
    yield row("another name", "CHAT_SECRET", SECRET, "ok")
    for name, value in {
        "newline after": f"{SECRET}\n",
        "CR LF after": f"{SECRET}\r\n",
        "spaces and tabs around": f" \t{SECRET}\t ",
        "Unicode white space around": f"\u00a0{SECRET}\u2003",
    }.items():
        yield row(name, plain, value, "ok")
    yield row("not set", plain, None, "secret_missing")
    yield row("set to nothing", plain, "", "secret_empty")
    yield row("set to white space", plain, " \n", "secret_empty")
    yield row("quotes", plain, f'"{SECRET}"', "secret_not_hex")
    yield row("white space within", plain, f"{SECRET} {SECRET}", "secret_not_hex")
    yield row("byte order mark", plain, f"\ufeff{SECRET}\n", "ok")
    yield row("byte order mark within", plain, f"{SECRET}\ufeff{SECRET}", "secret_not_hex")
    yield row("a name of 31 characters", "N_" + "N" * 29, None, "secret_missing")
    yield row("a name of 15 characters", "n" * 15, None, "secret_missing")
    yield row("a name that may be a secret", "N_" + "N" * 30, None, "secret_missing")
    yield row("a name that may be a JWT secret", "N" * 16, None, "secret_missing")
    yield row("one with lower case", "n_" * 8, None, "secret_missing")
    yield row("one with a dash", "N_N-" * 4, None, "secret_missing")
    yield row("a digit missing", plain, f"{SECRET[:-1]}\n", "secret_odd_length")
    for prefix in EXPOSED_PREFIXES:
        yield row(f"{prefix} set", f"{prefix}{plain}", SECRET, "secret_exposed")
        yield row(f"{prefix} not set", f"{prefix}SECRET", None, "secret_exposed")
    yield row("lower case", "next_public_secret", SECRET, "secret_exposed")
    yield row("mixed case", "Vite_Secret", SECRET, "secret_exposed")
    yield row("public as a word", "MY_PUBLIC_SECRET", SECRET, "secret_exposed")
    yield row("public within a word", "REPUBLIC_SECRET", SECRET, "ok")
    yield row("public at the end", "SECRET_NOT_PUBLIC", SECRET, "ok")
    yield row("a prefix elsewhere in the name", "PYLON_VITE_SECRET", SECRET, "ok")


# --- chat settings and the script tag ---

# Text that closes a script, opens a comment or ends a string, and Unicode's line separators.
NASTY = {
    "script end": "</script><script>alert(1)</script>",
    "script end in another case": "</ScRiPt >",
    "comment": "<!--<script>",
    "comment end": "-->]]>",
    "quotes": "\"'`",
    "backslashes": "\\\\\\'\\u0041",
    "template": "${alert(1)}{{7*7}}<%= 1 %>",
    "line separators": "a\u2028b\u2029c",
    "line ends": "a\nb\r\nc\td",
    "control characters": "\0\x01\x08\x0b\x0c\x1b\x1f\x7f\x80\x9f",
    "ampersands": "&amp;&lt;&#60;",
    "emoji": "👩‍🚀🦀",
    "right-to-left": "عادة\u202e",
    "non-characters": "\ufffe\uffff\U0010ffff",
    "replacement character": "\ufffd",
    "__proto__": "__proto__",
}

NONCES = {
    "r4nd0m": True,
    "aGVsbG8=": True,
    "aGVsbA==": True,
    "+/-_": True,
    "A" * 200: True,
    "": False,
    "=": False,
    "==": False,
    "a===": False,
    "a=b": False,
    "a b": False,
    "a\n": False,
    'a"': False,
    "a'": False,
    "a>b": False,
    "nonce-r4nd0m": False,
    "r4nd0m-é": False,
    "０": False,
}


def script(fields: dict[str, str], nonce: str | None) -> str:
    settings = json.dumps(fields, separators=(",", ":"))
    for character in "<>&":
        settings = settings.replace(character, f"\\u{ord(character):04x}")
    attribute = "" if nonce is None else f' nonce="{nonce}"'
    return f'<script{attribute}>window.pylon = {{"chat_settings":{settings}}};</script>'


def settings_rows() -> Iterable[Row]:
    columns = ["app_id", "email", "name", "avatar_url", "account_id", "account_external_id"]

    def row(title: str, nonce: str | None = None, error: str = "", **given: str | None) -> Row:
        defaults = {"app_id": "app-1", "email": EMAIL, "name": "Ada"}
        user = {name: value for name, value in (defaults | given).items() if value is not None}
        hash_ = sign(bytes.fromhex(SECRET), user["email"].encode())
        signed = {column: user[column] for column in columns[:3] if column in user}
        signed["email_hash"] = hash_
        fields = signed | {column: user[column] for column in columns[3:] if column in user}
        values = [user[column].encode().hex() if column in user else "-" for column in columns]
        shown = "-" if nonce is None else nonce.encode().hex()
        return title, SECRET, *values, shown, error or script(fields, nonce).encode().hex()

    yield row("required fields")
    yield row(
        "all fields",
        avatar_url="https://example.com/a.png?x=1&y=2",
        account_id="acc_1",
        account_external_id="42",
    )
    yield row("no name", name=None)
    for column in columns[3:]:
        yield row(f"{column} only", **{column: "x"})
    for column in columns:
        for title, value in NASTY.items():
            yield row(f"{column}: {title}", **{column: value})
    for title, email in EMAILS.items():
        yield row(f"email: {title} itself", email=email)
    for nonce, valid in NONCES.items():
        yield row(f"nonce {nonce!a}", nonce, "" if valid else "nonce_invalid")
    yield row("no app ID", error="app_id_empty", app_id="")
    yield row("no email", error="email_empty", email="")
    yield row("neither", error="app_id_empty", app_id="", email="")
    for filler in [" ", "\n", "undefined", "null", "None", " undefined ", "[object Object]"]:
        yield row(f"email {filler!r}", error="email_empty", email=filler)
        yield row(f"app ID {filler!r}", error="app_id_empty", app_id=filler)


def other_settings_rows() -> Iterable[Row]:
    """Settings of a name and a kind of value, and the JSON of that value or an error."""
    yield "text", "greeting", "text", b"<hello>".hex(), '"\\u003chello\\u003e"'
    yield "no text", "greeting", "text", "", '""'
    for value in ["true", "false"]:
        yield value, "hide_default_launcher", "boolean", value.encode().hex(), value
    numbers = {
        "0": "0",
        "-0.0": "0",
        "42": "42",
        "-1.5": "-1.5",
        "0.1": "0.1",
        "1e3": "1000",
        "1e-7": "1e-7",
        "5e-324": "5e-324",
        "9007199254740991": "9007199254740991",
        "9007199254740992": "settings_invalid",
        "-9007199254740993": "settings_invalid",
        "1e300": "settings_invalid",
        "inf": "settings_invalid",
        "nan": "settings_invalid",
    }
    for number, expected in numbers.items():
        yield f"number {number}", "count", "number", number.encode().hex(), expected
    for name in ["appId", "emailHash", "__proto__"]:
        yield f"a setting {name}", name, "boolean", b"true".hex(), "settings_invalid"
    # A visitor's settings have the app ID only.
    for filler in ["", " ", "undefined", "null"]:
        yield f"app ID {filler!r}", "app_id", "text", filler.encode().hex(), "app_id_empty"


def compositions() -> str:
    """Write the letters with accents of European languages and of Vietnamese, for the core."""
    ranges = [(0xC0, 0x24F), (0x386, 0x3CE), (0x400, 0x45F), (0x1EA0, 0x1EF9)]
    letters = [chr(code) for first, last in ranges for code in range(first, last + 1)]
    pairs = [(letter, unicodedata.decomposition(letter).split()) for letter in letters]
    lines = []
    for letter, pair in pairs:
        if len(pair) == 2 and not pair[0].startswith("<"):
            codes = [ord(letter), *(int(code, 16) for code in pair)]
            lines.append("    (" + ", ".join(f"'\\u{{{code:x}}}'" for code in codes) + "),")
    count = len(lines)
    return "\n".join(
        [
            "// Code generated by `python tests/oracle.py` from Unicode's data. DO NOT EDIT.",
            "",
            "/// A letter, and the letter and the accent of which it is composed.",
            f"pub(super) const COMPOSITIONS: [(char, char, char); {count}] = [",
            *lines,
            "];",
            "",
        ]
    )


def table(columns: str, rows: Iterable[Row]) -> str:
    lines = ["\t".join(row) for row in rows]
    names = [line.split("\t")[0] for line in lines]
    assert len(set(names)) == len(names), "two cases have the same name"
    return "\n".join([f"cases\t{len(lines)}", columns.replace(" ", "\t"), *lines]) + "\n"


def files() -> dict[Path, str]:
    for key, data, published in RFC_4231:
        assert sign(key, data).startswith(published), "the oracle disagrees with RFC 4231"
    return {
        VECTORS.parents[1] / "core/src/diagnose/compositions.rs": compositions(),
        VECTORS / "sign.tsv": table("name secret message_unit repeat hash", sign_rows()),
        VECTORS / "sign_bytes.tsv": table(
            "name secret message_unit repeat hash", sign_bytes_rows()
        ),
        VECTORS / "verify.tsv": table("name secret email hash expected", verify_rows()),
        VECTORS / "diagnose.tsv": table("name secret email hash causes", diagnose_rows()),
        VECTORS / "diagnose_page.tsv": table("name secret page matches causes", page_rows()),
        VECTORS / "env.tsv": table("name variable value outcome shown", env_rows()),
        VECTORS / "settings.tsv": table(
            "name secret app_id email user avatar_url account_id account_external_id nonce script",
            settings_rows(),
        ),
        VECTORS / "other_settings.tsv": table(
            "name setting kind value json", other_settings_rows()
        ),
        VECTORS / "malformed_secrets.tsv": table("name secret code", malformed_rows()),
        VECTORS / "malformed_jwt_secrets.tsv": table("name secret code", oracle_jwt.secret_rows()),
        VECTORS / "jwt.tsv": table(
            "name secret app_id email user account_external_id contact_external_id expires_in now "
            "outcome",
            oracle_jwt.sign_rows(EMAILS, NASTY),
        ),
        VECTORS / "verify_jwt.tsv": table(
            "name secret token app_id now outcome", oracle_jwt.verify_rows()
        ),
        VECTORS / "diagnose_jwt.tsv": table(
            "name secret app_id token email now causes", oracle_jwt.diagnose_rows()
        ),
    }


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text, encoding="ascii", newline="\n")
