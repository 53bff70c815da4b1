"""Writes the shared test vectors; Python's standard library is the oracle.

    python tests/oracle.py

Every language's test suite reads the files in place. They are tab-separated: the first line says
how many cases follow, the second names the columns. Text that may hold any character is given as
the hexadecimal digits of its UTF-8 bytes, so that every language, C included, reads it in a few
lines and nothing is lost on the way.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from pathlib import Path

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

# Around the block size of SHA-256, where the padding of message and key changes shape.
MESSAGE_LENGTHS = [0, 1, 55, 56, 63, 64, 65, 119, 120, 1024, 1024 * 1024]
KEY_LENGTHS = [1, 20, 32, 63, 64, 65, 131]

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
        if is_text(data):
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
    yield sign_row("secret: all zero", "00" * 32, EMAIL.encode())
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


def table(columns: str, rows: Iterable[Row]) -> str:
    lines = ["\t".join(row) for row in rows]
    names = [line.split("\t")[0] for line in lines]
    assert len(set(names)) == len(names), "two cases have the same name"
    return "\n".join([f"cases\t{len(lines)}", columns.replace(" ", "\t"), *lines]) + "\n"


def files() -> dict[Path, str]:
    for key, data, published in RFC_4231:
        assert sign(key, data).startswith(published), "the oracle disagrees with RFC 4231"
    return {
        VECTORS / "sign.tsv": table("name secret message_unit repeat hash", sign_rows()),
        VECTORS / "sign_bytes.tsv": table(
            "name secret message_unit repeat hash", sign_bytes_rows()
        ),
        VECTORS / "verify.tsv": table("name secret email hash expected", verify_rows()),
        VECTORS / "malformed_secrets.tsv": table("name secret code", malformed_rows()),
    }


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text, encoding="ascii", newline="\n")
