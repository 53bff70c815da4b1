"""Python's own types, errors and ways to show an object."""

import ast
import copy
import dataclasses
import doctest
import enum
import errno
import inspect
import json
import pickle
import re
import signal
import subprocess
import sys
import traceback
import types
import typing
import unittest.mock
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

import django.template  # type: ignore[import-untyped]
import django.utils.functional  # type: ignore[import-untyped]
import django.utils.translation  # type: ignore[import-untyped]
import django_project  # noqa: F401
import jinja2
import markupsafe
import pytest

import pylon_identity
from pylon_identity import (
    IdentityError,
    IdentitySecret,
    JwtSecret,
    chat_settings_json,
    chat_settings_script,
    diagnose,
    diagnose_jwt,
    diagnose_page,
    generate_secret,
    sign_message_with_hmac,
)

EMAIL = "ada@example.com"
SENTINEL = "53454e54494e454c" * 4  # "SENTINEL", recognisable in hexadecimal and decoded

secret = IdentitySecret(SENTINEL)
jwt_secret = JwtSecret(SENTINEL)
django_engine = django.template.Engine()


def assert_hidden(shown: str) -> None:
    assert "53454e54" not in shown.lower()
    assert "sentinel" not in shown.lower()


@pytest.mark.parametrize("secret", [secret, jwt_secret], ids=repr)
def test_shows_nothing(secret: IdentitySecret | JwtSecret) -> None:
    shown = (repr(secret), str(secret), f"{secret}", f"{secret!r:>30}", repr([secret]))
    for text in (*shown, str(dir(secret))):
        assert_hidden(text)
    assert repr(secret) == f"{type(secret).__name__}(hidden)"
    assert not hasattr(secret, "__dict__")


@pytest.mark.parametrize("secret", [secret, jwt_secret], ids=repr)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_is_not_pickled(secret: IdentitySecret | JwtSecret, protocol: int) -> None:
    again = rf"make it again in the other process.*{type(secret).__name__}\.from_env"
    with pytest.raises(TypeError, match=again):
        pickle.dumps([secret], protocol)


@pytest.mark.parametrize("secret", [secret, jwt_secret], ids=repr)
def test_a_copy_is_the_same_object(secret: IdentitySecret | JwtSecret) -> None:
    @dataclasses.dataclass(frozen=True)
    class Config:
        secret: IdentitySecret | JwtSecret
        name: str = "ada"

    config = Config(secret)
    assert copy.copy(secret) is copy.deepcopy(secret) is secret
    assert copy.deepcopy(config).secret is secret
    assert dataclasses.replace(config, name="eve").secret is secret
    assert dataclasses.asdict(config)["secret"] is secret


def test_from_env_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYLON_IDENTITY_SECRET", f"{SENTINEL}\n")
    assert IdentitySecret.from_env().sign(EMAIL) == secret.sign(EMAIL)
    default = inspect.signature(IdentitySecret.from_env).parameters["name"].default
    assert default == "PYLON_IDENTITY_SECRET"


def test_from_file(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text(f"\ufeff{SENTINEL}\r\n", encoding="utf-8")
    for given in (path, str(path)):
        assert IdentitySecret.from_file(given).sign(EMAIL) == secret.sign(EMAIL)
    path.write_text(f"{SENTINEL}0")
    with pytest.raises(IdentityError) as raised:
        IdentitySecret.from_file(path)
    assert raised.value.code == "secret_odd_length"
    path.write_text("0" * 100_000)
    with pytest.raises(OSError, match="longer than 64 KiB"):
        IdentitySecret.from_file(path)
    with pytest.raises(FileNotFoundError) as missing:
        IdentitySecret.from_file(SENTINEL)
    assert (missing.value.errno, missing.value.filename) == (errno.ENOENT, None)
    assert SENTINEL not in repr(missing.value)
    with pytest.raises(IsADirectoryError):
        IdentitySecret.from_file(tmp_path)


def test_large_numbers_in_settings_are_refused() -> None:
    for number in (2**53, -(10**400)):
        with pytest.raises(IdentityError) as raised:
            chat_settings_json({"app_id": "app", "count": number})
        assert raised.value.code == "settings_invalid"
    assert chat_settings_json({"count": 2**53 - 1}) == '{"count":9007199254740991}'


def test_chat_settings_have_a_type() -> None:
    hints = typing.get_type_hints(pylon_identity.ChatSettings)
    assert set(secret.chat_settings(app_id="app", email=EMAIL)) == (
        pylon_identity.ChatSettings.__required_keys__
    )
    assert hints["account_external_id"] is str
    with pytest.raises(AttributeError, match="has no attribute 'Settings'"):
        _ = pylon_identity.Settings


def test_chat_settings_are_a_plain_dict_in_the_order_of_the_docs() -> None:
    settings = secret.chat_settings(
        app_id="app", email=EMAIL, name="Ada", account_external_id="42", avatar_url="https://a"
    )
    assert type(settings) is dict
    expected = ["app_id", "email", "name", "email_hash", "avatar_url", "account_external_id"]
    assert list(settings) == expected
    assert json.loads(json.dumps(settings)) == settings


def test_a_lone_surrogate_is_shown_as_a_replacement_character_but_not_signed() -> None:
    settings = secret.chat_settings(
        app_id="app", email=EMAIL, name="Ada \ud83d|\ude00|\ud83d\ude00"
    )
    assert settings["name"] == "Ada \ufffd|\ufffd|😀"
    assert r"Ada \ufffd|\ufffd" in chat_settings_script(
        {"app_id": "app", "name": "Ada \ud83d|\ude00"}
    )
    for use in (
        lambda: secret.chat_settings(app_id="app", email="\ud800", name="Ada"),
        lambda: chat_settings_script({"app_id": "app", "email": "\ud800"}),
    ):
        with pytest.raises(UnicodeEncodeError):
            use()


def test_ids_of_accounts_may_be_integers() -> None:
    class Account(enum.IntEnum):
        ACME = 7

    accounts: list[tuple[Any, str]] = [
        (42, "42"),
        (Account.ACME, "7"),
        (-(2**70), str(-(2**70))),
        ("a1", "a1"),
    ]
    for given, text in accounts:
        settings = secret.chat_settings(
            app_id="app", email=EMAIL, account_id=given, account_external_id=given
        )
        assert (settings["account_id"], settings["account_external_id"]) == (text, text)
    for wrong in (True, 1.0, b"1"):
        with pytest.raises(TypeError, match="account_id must be a str or an int, not"):
            secret.chat_settings(app_id="app", email=EMAIL, account_id=wrong)  # type: ignore[arg-type]


NASTY = "</script><!--<script>\u2028\u2029\"'&🦀"


def test_templates_do_not_escape_the_script_again() -> None:
    settings = secret.chat_settings(app_id="app", email=EMAIL, name=NASTY)
    script = chat_settings_script(settings, nonce="r4nd0m")
    source = "<head>{{ script }}</head>{{ name }}"
    rendered = [
        jinja2.Environment(autoescape=True).from_string(source).render(script=script, name="<b>"),
        django_engine.from_string(source).render(
            django.template.Context({"script": script, "name": "<b>"})
        ),
    ]
    for page in rendered:
        assert page == f"<head>{script}</head>&lt;b&gt;"
    assert markupsafe.escape(script) == script
    assert script.count("<") == script.count(">") == 2


def test_the_script_is_text_and_takes_any_mapping() -> None:
    settings = types.MappingProxyType({"app_id": "app"})
    script = chat_settings_script(settings)
    assert script == '<script>window.pylon = {"chat_settings":{"app_id":"app"}};</script>'
    assert isinstance(script, str)
    assert pickle.loads(pickle.dumps(script)) == script
    assert chat_settings_json(settings) == '{"app_id":"app"}'


class Duplicates(dict[str, str]):
    def items(self) -> Any:
        return [("app_id", "app"), ("app_id", "other")]


@pytest.mark.parametrize(
    "broken", [{}, {"appId": "app"}, {"app_id": "app", "__proto__": "x"}, Duplicates()]
)
def test_invalid_settings_are_refused(broken: dict[str, str]) -> None:
    for use in (chat_settings_script, chat_settings_json):
        with pytest.raises(IdentityError) as raised:
            use(broken)
        assert raised.value.code == "settings_invalid"


def test_an_app_id_that_is_not_set() -> None:
    with pytest.raises(IdentityError) as raised:
        chat_settings_script({"app_id": None})  # type: ignore[dict-item]
    assert raised.value.code == "app_id_empty"


def test_diagnosis() -> None:
    right = diagnose(SENTINEL, EMAIL, secret.sign(EMAIL))
    assert repr(right) == "Diagnosis(matches=True, causes=[])"
    wrong = diagnose(SENTINEL, EMAIL, secret.sign(EMAIL.upper()).upper())
    assert repr(wrong) == "Diagnosis(matches=False, causes=['email_case', 'hash_uppercase'])"
    assert "lowercase" in wrong.explanation
    assert_hidden(repr(wrong) + wrong.explanation)
    with pytest.raises(AttributeError):
        wrong.matches = True  # type: ignore[misc]
    assert diagnose("\udcff", EMAIL, "\udcff").causes == ["hash_malformed"]


def test_diagnosis_of_a_page() -> None:
    settings = secret.chat_settings(app_id="app", email=EMAIL, name="\udcff")
    script = chat_settings_script(settings)
    pages: list[Any] = [settings, {"chat_settings": settings}, types.MappingProxyType(settings)]
    for page in (*pages, script, json.dumps(settings)):
        assert diagnose_page(SENTINEL, page).causes == []
    wrong = {**settings, "accountId": Path("acme"), "email_hash": settings["email_hash"].encode()}
    diagnosis = diagnose_page(SENTINEL, wrong)
    assert diagnosis.causes == ["settings_ignored", "hash_reformatted"]
    assert_hidden(repr(diagnosis) + diagnosis.explanation)
    assert diagnose_page("\udcff", "\udcff").causes == ["settings_missing"]
    with pytest.raises(TypeError, match="settings must be a mapping or a str, not list"):
        diagnose_page(SENTINEL, [settings])  # type: ignore[arg-type]


@pytest.mark.parametrize("wrap", ["{}0", "0x{}", "'{}'", "{}\udcff"])
def test_errors_show_nothing(wrap: str, monkeypatch: pytest.MonkeyPatch) -> None:
    malformed = wrap.format(SENTINEL)
    monkeypatch.setenv("PYLON_IDENTITY_SECRET", malformed)
    uses: list[Callable[[str], object]] = [
        IdentitySecret,
        lambda bad: sign_message_with_hmac(EMAIL, bad),
        lambda _: IdentitySecret.from_env(),
        lambda bad: JwtSecret(f"'{bad}'"),
        lambda bad: JwtSecret(bad[:15]),
        lambda bad: jwt_secret.verify_jwt(bad, app_id=bad),
    ]
    if wrap[0] == "'":
        monkeypatch.setenv("PYLON_JWT_SECRET", malformed)
        uses.append(lambda _: JwtSecret.from_env())
    for use in uses:
        with pytest.raises(IdentityError) as raised:
            use(malformed)
        error = raised.value
        assert_hidden("".join(traceback.format_exception_only(error)))
        assert_hidden(repr((error, error.args, vars(error))))
        assert error.__cause__ is None
        assert error.__context__ is None


def test_identity_error() -> None:
    assert issubclass(IdentityError, ValueError)
    with pytest.raises(IdentityError, match="Pylon's dashboard") as raised:
        IdentitySecret("zz")
    error = raised.value
    assert error.code == "secret_not_hex"
    for again in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert (again.code, str(again)) == (error.code, str(error))
    assert IdentityError("made by hand").code == ""


def test_no_traceback_has_a_frame_of_ours_with_locals() -> None:
    with pytest.raises(IdentityError) as raised:
        chat_settings_script({"email_hash": SENTINEL}, nonce="")
    assert {frame.f_code.co_filename for frame, _ in traceback.walk_tb(raised.tb)} == {__file__}


CALLS: dict[str, Callable[[Any], object]] = {
    "IdentitySecret(): hex": IdentitySecret,
    "from_env(): name": IdentitySecret.from_env,
    "sign(): email": secret.sign,
    "sign_many(): emails[2]": lambda wrong: secret.sign_many([EMAIL, EMAIL, wrong]),
    "sign_many(): emails[16385]": lambda wrong: secret.sign_many([EMAIL] * 16_385 + [wrong]),
    "verify(): email": lambda wrong: secret.verify(wrong, ""),
    "verify(): email_hash": lambda wrong: secret.verify(EMAIL, wrong),
    "sign_message_with_hmac(): message": lambda wrong: sign_message_with_hmac(wrong, SENTINEL),
    "sign_message_with_hmac(): secret": lambda wrong: sign_message_with_hmac(EMAIL, wrong),
    "chat_settings(): app_id": lambda wrong: secret.chat_settings(app_id=wrong, email=EMAIL),
    "chat_settings(): email": lambda wrong: secret.chat_settings(app_id="app", email=wrong),
    "diagnose(): secret": lambda wrong: diagnose(wrong, EMAIL, ""),
    "diagnose(): email": lambda wrong: diagnose(SENTINEL, wrong, ""),
    "diagnose_page(): secret": lambda wrong: diagnose_page(wrong, ""),
    "JwtSecret(): text": JwtSecret,
    "sign_jwt(): app_id": lambda wrong: jwt_secret.sign_jwt(app_id=wrong, email=EMAIL),
    "sign_jwt(): email": lambda wrong: jwt_secret.sign_jwt(app_id="app", email=wrong),
    "verify_jwt(): token": lambda wrong: jwt_secret.verify_jwt(wrong, app_id="app"),
    "verify_jwt(): app_id": lambda wrong: jwt_secret.verify_jwt("", app_id=wrong),
    "diagnose_jwt(): secret": lambda wrong: diagnose_jwt(wrong, "app", ""),
    "diagnose_jwt(): token": lambda wrong: diagnose_jwt(SENTINEL, "app", wrong),
    "diagnose(): email_hash": lambda wrong: diagnose(SENTINEL, EMAIL, wrong),
}


@pytest.mark.parametrize("argument", CALLS)
@pytest.mark.parametrize("wrong", [None, 1, b"00", [SENTINEL], secret, jwt_secret], ids=repr)
def test_errors_name_the_argument_with_the_wrong_type(argument: str, wrong: Any) -> None:
    with pytest.raises(TypeError) as raised:
        CALLS[argument](wrong)
    got = "None" if wrong is None else type(wrong).__name__
    hint = " (is the environment variable set?)" if re.search("hex|text|secret", argument) else ""
    assert str(raised.value) == f"{argument} must be a str, not {got}{hint}"


@pytest.mark.parametrize(
    ("settings", "nonce", "message"),
    [
        ([("a", "b")], None, "settings must be a mapping, not list"),
        ({1: "a"}, None, "a name in settings must be a str, not int"),
        ({"a": "b"}, b"", "nonce must be a str, not bytes"),
        ({"a": None}, None, r"settings\['a'\] must be a str, a bool, an int or a float, not None"),
        (
            {"a": [secret]},
            None,
            r"settings\['a'\] must be a str, a bool, an int or a float, not list",
        ),
    ],
)
def test_errors_name_other_arguments_too(settings: Any, nonce: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        chat_settings_script(settings, nonce)


LAZY_TEXT: list[Any] = [
    django.utils.translation.gettext_lazy(EMAIL),
    django.utils.functional.lazystr(EMAIL),
    django.utils.functional.SimpleLazyObject(lambda: EMAIL),
    markupsafe.escape(EMAIL),
    type("Email", (str,), {})(EMAIL),
]


@pytest.mark.parametrize("email", LAZY_TEXT, ids=lambda email: type(email).__name__)
def test_lazy_text_is_text(email: Any) -> None:
    right = secret.sign(EMAIL)
    assert secret.sign(email) == right
    assert secret.sign_many([email]) == [right]
    assert secret.verify(email, right)
    settings = secret.chat_settings(app_id="app", email=email, name=email)
    assert settings == {"app_id": "app", "email": EMAIL, "name": EMAIL, "email_hash": right}
    lazy_secret = django.utils.functional.SimpleLazyObject(lambda: SENTINEL)
    assert IdentitySecret(lazy_secret).sign(email) == right
    nonce = django.utils.functional.SimpleLazyObject(lambda: "r4nd0m")
    assert 'nonce="r4nd0m"' in chat_settings_script(settings, nonce=nonce)


@pytest.mark.parametrize("value", [None, b"bytes", 5, secret], ids=repr)
def test_lazy_objects_of_other_types_are_no_text(value: Any) -> None:
    lazy = [
        django.utils.functional.SimpleLazyObject(lambda: value),
        django.utils.functional.lazy(lambda: value, type(value))(),
        django.utils.functional.lazy(lambda: value, str)(),
        unittest.mock.Mock(spec=str),
    ]
    for wrong in lazy:
        with pytest.raises(TypeError, match=r"^sign\(\): email must be a str, not"):
            secret.sign(wrong)


def test_sign_many_takes_any_iterable_but_a_str() -> None:
    emails = [f"user{i}@example.com" for i in range(10)]
    expected = [secret.sign(email) for email in emails]
    assert secret.sign_many(emails) == expected
    assert secret.sign_many(tuple(emails)) == expected
    assert secret.sign_many(email for email in emails) == expected
    assert secret.sign_many(dict.fromkeys(emails)) == expected
    assert secret.sign_many([]) == []
    for wrong in (EMAIL, 5, None):
        with pytest.raises(
            TypeError, match=r"sign_many\(\): emails must be an iterable of str, not"
        ):
            secret.sign_many(wrong)  # type: ignore[arg-type]


def test_sign_many_passes_on_the_iterator_s_own_error() -> None:
    def emails() -> Any:
        yield EMAIL
        raise KeyError("database gone")

    with pytest.raises(KeyError, match="database gone"):
        secret.sign_many(emails())


@pytest.mark.parametrize("wrong", ["\ud800", 5])
def test_sign_many_fails_cleanly_in_mid_batch(wrong: Any) -> None:
    emails = [f"user{i}@example.com" for i in range(50_000)]
    before = sys.getrefcount(emails[0])
    with pytest.raises((UnicodeEncodeError, TypeError)):
        secret.sign_many([*emails, wrong])
    after = sys.getrefcount(emails[0])
    assert after == before


def test_another_interpreter_is_refused() -> None:
    program = """
try:
    import _interpreters
    another = _interpreters.create("legacy")
except ImportError:
    import _xxsubinterpreters as _interpreters
    another = _interpreters.create(isolated=False)
_interpreters.run_string(another, '''
try:
    import pylon_identity
except ImportError as error:
    print(error)
''')
_interpreters.destroy(another)
import pylon_identity
"""
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, encoding="utf-8"
    )
    assert "works in the main interpreter of Python only" in done.stdout
    assert "WSGIApplicationGroup %{GLOBAL}" in done.stdout
    assert "uWSGI, single-interpreter" in done.stdout


def test_sign_many_heeds_signals() -> None:
    def emails() -> Any:
        for i in range(100_000):
            if i == 5000:
                signal.raise_signal(signal.SIGINT)
            yield EMAIL

    # A shell has SIGINT ignored in programs that it starts in the background.
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            secret.sign_many(emails())
    finally:
        signal.signal(signal.SIGINT, handler)


def test_threads_share_a_secret() -> None:
    emails = [f"user{i}@example.com" for i in range(20_000)]
    expected = secret.sign_many(emails)
    with ThreadPoolExecutor(8) as pool:
        assert all(hashes == expected for hashes in pool.map(secret.sign_many, [emails] * 8))


def test_cannot_be_subclassed_or_changed() -> None:
    for kind in (IdentitySecret, JwtSecret):
        with pytest.raises(TypeError):
            type("Sub", (kind,), {})
    with pytest.raises(AttributeError):
        secret.sign = str  # type: ignore[method-assign,assignment]


def test_generate_secret() -> None:
    secrets = {generate_secret() for _ in range(100)}
    assert len(secrets) == 100
    for generated in secrets:
        assert bytes.fromhex(generated).hex() == generated
        assert len(generated) == 64
        IdentitySecret(generated)


def test_version_of_the_installed_package() -> None:
    assert pylon_identity.__version__ == version("pylon-identity")


def test_the_package_exports_the_extension() -> None:
    private = {"run_command_line"}
    extension = set(pylon_identity._native.__all__) - private
    types = {"ChatSettings", "JwtChatSettings", "JwtClaims", "VisitorSettings"}
    assert set(pylon_identity.__all__) == extension | types


def test_the_stub_has_the_docstrings_of_the_extension() -> None:
    def paragraphs(doc: str | None) -> list[str]:
        return [" ".join(paragraph.split()) for paragraph in (doc or "").split("\n\n")]

    def compare(node: ast.Module | ast.ClassDef, documented: Any) -> None:
        for part in node.body:
            if not isinstance(part, ast.ClassDef | ast.FunctionDef) or part.name.startswith("__"):
                continue
            item = getattr(documented, part.name)
            if not inspect.isdatadescriptor(item):
                compared.add(part.name)
                assert item.__doc__, part.name
                assert paragraphs(ast.get_docstring(part)) == paragraphs(inspect.getdoc(item))
            if isinstance(part, ast.ClassDef):
                compare(part, item)

    compared: set[str] = set()
    stub = Path(pylon_identity.__file__).with_name("_native.pyi")
    compare(ast.parse(stub.read_text(encoding="utf-8")), pylon_identity._native)
    assert compared > {"IdentitySecret", "sign_many", "sign_jwt", "diagnose_page", "IdentityError"}


def test_docstring_examples() -> None:
    result = doctest.testmod(pylon_identity)
    assert result.attempted == 11
    assert result.failed == 0
