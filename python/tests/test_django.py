"""The app for Django, in a project that django_project.py sets up."""

import asyncio
import io
import json
import re
import types
from collections.abc import Iterator
from typing import Any

import csp.constants
import django  # type: ignore[import-untyped]
import django_project
import pytest
from django.conf import settings  # type: ignore[import-untyped]
from django.contrib.auth.models import User  # type: ignore[import-untyped]
from django.core.cache import cache  # type: ignore[import-untyped]
from django.core.exceptions import ImproperlyConfigured  # type: ignore[import-untyped]
from django.core.management import call_command  # type: ignore[import-untyped]
from django.core.management.base import SystemCheckError  # type: ignore[import-untyped]
from django.template import Context, engines  # type: ignore[import-untyped]
from django.test import (  # type: ignore[import-untyped]
    AsyncClient,
    Client,
    RequestFactory,
    override_settings,
)

from pylon_identity import IdentityError, IdentitySecret, JwtSecret, generate_secret
from pylon_identity.django import chat_script, chat_settings, identity_secret, jwt_secret

SENTINEL = "53454e54494e454c" * 4  # "SENTINEL", recognisable in hexadecimal and decoded
ADA = User(email="ada@example.com", first_name="Ada", last_name="</script>")
GRACE = User(email="grace@example.com")
VISITOR = {"app_id": "app-1"}


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for variable in ("PYLON_IDENTITY_SECRET", "PYLON_JWT_SECRET"):
        monkeypatch.delenv(variable, raising=False)
    with override_settings(PYLON_IDENTITY_SECRET=SENTINEL):
        yield
    cache.clear()


def get(path: str, **environment: Any) -> Any:
    # A client keeps the middleware of its first request.
    return Client(raise_request_exception=False).get(path, **environment)


def expected(user: User, **more: str) -> dict[str, Any]:
    return dict(
        IdentitySecret(SENTINEL).chat_settings(
            app_id="app-1", email=user.email, name=user.get_full_name() or None, **more
        )
    )


def settings_in(response: Any) -> Any:
    [text] = re.findall(r"<script[^>]*>window\.pylon = (.*?);</script></head>$", response.text)
    return json.loads(text)["chat_settings"]


def assert_hidden(shown: str) -> None:
    assert "53454e54" not in shown.lower()
    assert "sentinel" not in shown.lower()


def test_the_page_of_a_user_and_of_a_visitor() -> None:
    for user in (ADA, GRACE):
        assert settings_in(get("/", user=user)) == expected(user)
        assert get("/api", user=user).json() == expected(user)
    for visitor in ({}, {"user": User()}):
        assert settings_in(get("/", **visitor)) == VISITOR
        assert get("/api", **visitor).json() == VISITOR


def test_users_of_other_models() -> None:
    class Custom:
        is_authenticated = True
        address = "ada@example.com"

        @classmethod
        def get_email_field_name(cls) -> str:
            return "address"

    request = RequestFactory().get("/")
    assert chat_settings(request) == VISITOR  # no AuthenticationMiddleware
    request.user = Custom()
    assert chat_settings(request)["email"] == "ada@example.com"


def test_a_response_with_the_chat_is_not_stored() -> None:
    for path in ("/", "/api"):
        response = get(path, user=ADA)
        assert response.headers["Cache-Control"] == "no-store, private"
    assert "Cache-Control" not in get("/plain", user=ADA).headers
    response = asyncio.run(AsyncClient().get("/"))
    assert response.headers["Cache-Control"] == "no-store, private"
    request = RequestFactory().get("/", user=ADA)
    chat_settings(types.SimpleNamespace(_request=request))  # like that of Django REST framework
    assert request._pylon_chat


def test_django_s_own_cache_does_not_serve_a_page_to_others() -> None:
    assert settings_in(get("/cached", user=ADA)) == expected(ADA)
    assert settings_in(get("/cached", user=GRACE)) == expected(GRACE)
    everywhere = [
        "django.middleware.cache.UpdateCacheMiddleware",
        *django_project.MIDDLEWARE[:1],
        "django.middleware.cache.FetchFromCacheMiddleware",
    ]
    with override_settings(MIDDLEWARE=everywhere):
        for user in (ADA, GRACE):
            assert settings_in(get("/", user=user)) == expected(user)
        first = get("/plain")
        assert get("/plain").headers["Expires"] == first.headers["Expires"]  # it does cache


POLICIES: dict[str, dict[str, Any]] = {
    "csp.middleware.CSPMiddleware": {
        "CONTENT_SECURITY_POLICY": {"DIRECTIVES": {"script-src": [csp.constants.NONCE]}}
    }
}
if django.VERSION >= (6,):
    from django.utils.csp import CSP  # type: ignore[import-untyped]

    middleware = "django.middleware.csp.ContentSecurityPolicyMiddleware"
    POLICIES[middleware] = {"SECURE_CSP": {"script-src": [CSP.NONCE]}}


@pytest.mark.parametrize("middleware", POLICIES)
def test_the_nonce_of_the_content_security_policy(middleware: str) -> None:
    chain = [*django_project.MIDDLEWARE, middleware]
    with override_settings(MIDDLEWARE=chain, **POLICIES[middleware]):
        nonces = set()
        for user in (ADA, GRACE):
            response = get("/", user=user)
            [nonce] = re.findall(r'<script nonce="([^"]+)">', response.text)
            assert f"script-src 'nonce-{nonce}'" in response.headers["Content-Security-Policy"]
            nonces.add(nonce)
        assert len(nonces) == 2


def test_a_nonce_of_another_source() -> None:
    request = RequestFactory().get("/", user=ADA)
    request.own = "r4nd0m"
    template = engines["django"].get_template("nonce")
    assert '<script nonce="r4nd0m">' in template.render({}, request)
    del request.own  # the template makes an empty text of it
    with pytest.raises(IdentityError) as raised:
        template.render({}, request)
    assert raised.value.code == "nonce_invalid"


def test_without_a_request_the_tag_says_what_to_do() -> None:
    template = engines["django"].get_template("page").template
    with pytest.raises(ImproperlyConfigured, match=r"context_processors\.request"):
        template.render(Context())


def chat_user(request: Any) -> dict[str, Any] | None:
    if request.user.is_anonymous or not getattr(request.user, "confirmed", False):
        return None
    return {"email": request.user.email, "account_external_id": 7}


@override_settings(PYLON_CHAT_USER="test_django.chat_user")  # type: ignore[untyped-decorator]
def test_the_project_chooses_the_user() -> None:
    confirmed = User(email="ada@example.com")
    confirmed.confirmed = True
    with_account = expected(User(email="ada@example.com"), account_external_id="7")
    assert chat_settings(types.SimpleNamespace(user=confirmed)) == with_account
    assert settings_in(get("/", user=confirmed)) == with_account
    assert settings_in(get("/", user=ADA)) == settings_in(get("/")) == VISITOR


def misspelt_user(_: Any) -> dict[str, str]:
    return {"mail": "ada@example.com"}


def text_user(_: Any) -> str:
    return "ada@example.com"


@pytest.mark.parametrize("function", [misspelt_user, text_user])
def test_a_function_that_returns_something_else_is_named(function: Any) -> None:
    path = f"test_django.{function.__name__}"
    with (
        override_settings(PYLON_CHAT_USER=path),
        pytest.raises(TypeError, match=rf"^PYLON_CHAT_USER: {path} must return the arguments"),
    ):
        chat_settings(types.SimpleNamespace(user=ADA))


@override_settings(PYLON_APP_ID=None)  # type: ignore[untyped-decorator]
def test_a_missing_app_id_is_named() -> None:
    with pytest.raises(TypeError, match=r"^chat_settings\(\): app_id must be a str, not None"):
        chat_settings(types.SimpleNamespace(user=ADA))


def test_the_secret_is_parsed_once_and_follows_the_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = identity_secret()
    assert identity_secret() is first
    with override_settings(PYLON_IDENTITY_SECRET=generate_secret()):
        assert not first.verify(ADA.email, identity_secret().sign(ADA.email))
    assert first.verify(ADA.email, identity_secret().sign(ADA.email))
    parsed = IdentitySecret(SENTINEL)
    with override_settings(PYLON_IDENTITY_SECRET=parsed):
        assert identity_secret() is parsed
    monkeypatch.setenv("PYLON_IDENTITY_SECRET", f"{'5a' * 32}\n")
    for unset in (False, True):
        with override_settings(PYLON_IDENTITY_SECRET=None):
            if unset:
                del settings.PYLON_IDENTITY_SECRET
            assert identity_secret().sign("a") == IdentitySecret("5a" * 32).sign("a")


def test_a_project_with_a_jwt_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    def names(path: str, user: User) -> Any:
        response = get(path, user=user)
        assert response.headers["Cache-Control"] == "no-store, private"
        chat = settings_in(response) if path == "/" else response.json()
        assert set(chat) == {"app_id", "jwt"}
        claims = secret.verify_jwt(chat["jwt"], app_id="app-1")
        return claims["email"], claims.get("name")

    secret = JwtSecret(SENTINEL)
    assert jwt_secret() is None
    for given in (SENTINEL, secret):
        with override_settings(PYLON_JWT_SECRET=given, PYLON_IDENTITY_SECRET=None):
            assert jwt_secret() is jwt_secret()
            for path in ("/", "/api"):
                assert names(path, ADA) == ("ada@example.com", "Ada </script>")
                assert names(path, GRACE) == ("grace@example.com", None)
            assert settings_in(get("/")) == VISITOR
    monkeypatch.setenv("PYLON_JWT_SECRET", f"{SENTINEL}\n")
    with override_settings(PYLON_JWT_SECRET=None):
        assert names("/", ADA)
        environment = {"PYLON_JWT_SECRET": SENTINEL, "user": ADA}
        with override_settings(DEBUG=True, PYLON_JWT_SECRET=SENTINEL):
            response = get("/broken", **environment)
    assert "Traceback" in response.text
    assert_hidden(response.text)


CHECKS: dict[str, tuple[dict[str, Any], list[str], str]] = {
    "nothing": ({}, [], ""),
    "no app ID": ({"PYLON_APP_ID": " "}, ["E001"], "The app ID for the chat settings is empty"),
    "app ID": ({"PYLON_APP_ID": 7}, ["E001"], "app_id must be a str, not int"),
    "no secret": (
        {"PYLON_IDENTITY_SECRET": None},
        ["E002"],
        "PYLON_IDENTITY_SECRET: The environment variable",
    ),
    "half a secret": ({"PYLON_IDENTITY_SECRET": SENTINEL[1:]}, ["E002"], "odd number"),
    "bytes": ({"PYLON_IDENTITY_SECRET": SENTINEL.encode()}, ["E002"], "must be a str, not bytes"),
    "JWT": ({"PYLON_IDENTITY_SECRET": None, "PYLON_JWT_SECRET": SENTINEL}, [], ""),
    "half a JWT secret": ({"PYLON_JWT_SECRET": SENTINEL[:15]}, ["E002"], "fewer than 16 bytes"),
    "no function": ({"PYLON_CHAT_USER": "test_django.SENTINEL"}, ["E003"], "is no function"),
    "no module": ({"PYLON_CHAT_USER": "nowhere.chat_user"}, ["E003"], "'nowhere'"),
    "no path": ({"PYLON_CHAT_USER": chat_user}, ["E003"], "PYLON_CHAT_USER"),
    "stored": ({"MIDDLEWARE": []}, ["W001"], "NoStoreMiddleware' to MIDDLEWARE"),
    "two": ({"PYLON_APP_ID": "", "PYLON_IDENTITY_SECRET": ""}, ["E001", "E002"], "is empty"),
}


@pytest.mark.parametrize("wrong", CHECKS)
def test_manage_py_check(wrong: str) -> None:
    changed, codes, words = CHECKS[wrong]
    printed = io.StringIO()
    with override_settings(**changed):
        try:
            call_command("check", stdout=printed, stderr=printed)
        except SystemCheckError as error:
            printed.write(str(error))
    shown = printed.getvalue()
    assert re.findall(r"pylon_identity\.(\w+)\)", shown) == codes
    assert words in shown
    assert_hidden(shown.replace("test_django.SENTINEL", ""))


@pytest.mark.parametrize("path", ["/broken", "/", "/?template=missing"])
@pytest.mark.parametrize("secret", [SENTINEL, f"{SENTINEL}0"], ids=["right", "wrong"])
def test_the_debug_page_does_not_show_the_secret(path: str, secret: str) -> None:
    # META has the environment of the server, and the page shows META, too.
    environment = {"PYLON_IDENTITY_SECRET": secret, "user": ADA}
    with override_settings(DEBUG=True, PYLON_IDENTITY_SECRET=secret):
        response = get(path, **environment)
    if (path, secret) == ("/", SENTINEL):
        assert settings_in(response) == expected(ADA)
        return
    assert response.status_code == 500
    shown = re.findall(r"<td>PYLON_IDENTITY_SECRET</td>\s*<td.*?>(.*?)</td>", response.text)
    assert shown == ["<pre>&#x27;********************&#x27;</pre>"] * 2
    assert "Traceback" in response.text
    assert_hidden(response.text)


def test_other_template_engines_call_a_function() -> None:
    request = RequestFactory().get("/", user=ADA)
    request.user = ADA
    script = chat_script(request, nonce="r4nd0m")
    assert script.startswith('<script nonce="r4nd0m">')
    assert script.__html__() == script  # type: ignore[attr-defined]
