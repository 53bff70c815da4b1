"""Pylon's chat in a Django project.

Put "pylon_identity.django" into INSTALLED_APPS, and this into a template, before the widget's own
script:

    {% load pylon %}{% pylon_chat %}

The settings are PYLON_APP_ID, PYLON_IDENTITY_SECRET (or the environment variable of that name) and
PYLON_CHAT_USER, the dotted path of a function like chat_user(). `manage.py check` says what is
missing. With PYLON_JWT_SECRET, or the environment variable of that name, the page has a JWT.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Any, TypeVar

from django.conf import settings  # type: ignore[import-untyped]
from django.core.signals import setting_changed  # type: ignore[import-untyped]
from django.http import HttpRequest  # type: ignore[import-untyped]
from django.utils.module_loading import import_string  # type: ignore[import-untyped]

from pylon_identity import IdentitySecret, JwtSecret, chat_settings_script

try:
    from django.middleware.csp import get_nonce  # type: ignore[import-untyped]
except ImportError:  # Django 5

    def get_nonce(request: HttpRequest) -> None:
        """Return None: the nonce is at most one of django-csp."""


_Secret = TypeVar("_Secret", IdentitySecret, JwtSecret)

__all__ = ["chat_script", "chat_settings", "chat_user", "identity_secret", "jwt_secret"]


# Django's debug page shows the local variables of each frame: no function here has a secret, an
# email hash or a JWT in one.


@cache
def identity_secret() -> IdentitySecret:
    """Return the project's identity secret, which is parsed once.

    Raises IdentityError if it is missing or cannot be used. The setting may be an IdentitySecret.
    """
    return _secret(IdentitySecret, "PYLON_IDENTITY_SECRET")


@cache
def jwt_secret() -> JwtSecret | None:
    """Return the project's JWT secret, which is parsed once, or None if the project has none.

    Raises IdentityError if it cannot be used. The setting may be a JwtSecret.
    """
    if getattr(settings, "PYLON_JWT_SECRET", None) is None and "PYLON_JWT_SECRET" not in os.environ:
        return None
    return _secret(JwtSecret, "PYLON_JWT_SECRET")


def _secret(kind: type[_Secret], name: str) -> _Secret:
    if getattr(settings, name, None) is None:
        return kind.from_env()
    if isinstance(getattr(settings, name), kind):
        parsed: _Secret = getattr(settings, name)
        return parsed
    return kind(getattr(settings, name))


def _setting_changed(setting: str, **_: Any) -> None:
    if setting in ("PYLON_IDENTITY_SECRET", "PYLON_JWT_SECRET"):
        identity_secret.cache_clear()
        jwt_secret.cache_clear()


setting_changed.connect(_setting_changed)  # tests send it


def chat_user(request: HttpRequest) -> dict[str, Any] | None:
    """Return the user of the request for the chat, or None for a visitor.

    The dict has the arguments of the secret's chat_settings() but app_id: here email and name.
    Sign only an address that the user has proved to own. Django by itself confirms none.
    """
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return None
    email = getattr(user, user.get_email_field_name(), None)
    if not email:
        return None
    name = user.get_full_name() if hasattr(user, "get_full_name") else ""
    return {"email": email, "name": name or None}


def chat_settings(request: HttpRequest) -> dict[str, Any]:
    """Return the chat settings for the user of the request; a visitor's have the app ID only.

    A view may answer with them as JSON. NoStoreMiddleware keeps caches from storing the response.
    """
    request = getattr(request, "_request", request)  # Django REST framework wraps it
    request._pylon_chat = True
    request._cache_update_cache = False  # or Django's own cache could serve the page to others
    path = getattr(settings, "PYLON_CHAT_USER", None)
    user = (import_string(path) if path else chat_user)(request)
    if user is None:
        return {"app_id": settings.PYLON_APP_ID}
    try:
        return dict(
            (jwt_secret() or identity_secret()).chat_settings(app_id=settings.PYLON_APP_ID, **user)
        )
    except TypeError as error:
        if path:
            wrong = f"PYLON_CHAT_USER: {path} must return the arguments of chat_settings, or None"
            raise TypeError(f"{wrong}: {error}") from error
        raise


def chat_script(request: HttpRequest, nonce: str | None = None) -> str:
    """Return the script tag that {% pylon_chat %} puts into the page, for other template engines.

    The nonce is by default that of Django's own Content-Security-Policy, or of django-csp.
    """
    if nonce is None:
        nonce = getattr(request, "csp_nonce", None)  # django-csp sets it
    if nonce is None:
        nonce = get_nonce(request)
    return chat_settings_script(chat_settings(request), nonce=nonce)
