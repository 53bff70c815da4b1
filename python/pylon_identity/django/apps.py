"""The app for INSTALLED_APPS, with its system checks."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig  # type: ignore[import-untyped]
from django.conf import settings  # type: ignore[import-untyped]
from django.core import checks  # type: ignore[import-untyped]
from django.utils.module_loading import import_string  # type: ignore[import-untyped]

from pylon_identity import IdentitySecret, generate_secret

from . import identity_secret, jwt_secret

NO_STORE = "pylon_identity.django.middleware.NoStoreMiddleware"


class PylonIdentityConfig(AppConfig):  # type: ignore[misc]
    """Registers the checks."""

    name = "pylon_identity.django"
    label = "pylon_identity"
    verbose_name = "Pylon's chat"

    def ready(self) -> None:
        """Register the checks."""
        checks.register(check_settings, "pylon_identity")


def check_settings(**_: Any) -> list[checks.CheckMessage]:
    """Report the errors that would stop the chat, in their own words."""
    found = []
    app_id = getattr(settings, "PYLON_APP_ID", "")
    try:
        IdentitySecret(generate_secret()).chat_settings(app_id=app_id, email="ada@example.com")
    except (TypeError, ValueError) as error:
        hint = "Set PYLON_APP_ID in the settings."
        found.append(checks.Error(str(error), hint, id="pylon_identity.E001"))
    try:
        if jwt_secret() is None:
            identity_secret()
    except (TypeError, ValueError) as error:
        hint = (
            "Set PYLON_IDENTITY_SECRET, or PYLON_JWT_SECRET for Pylon's option JWT, in the "
            "environment or in the settings. For tests and development, set it to "
            "pylon_identity.generate_secret()."
        )
        found.append(checks.Error(str(error), hint, id="pylon_identity.E002"))
    path = getattr(settings, "PYLON_CHAT_USER", None)
    try:
        if path and not callable(import_string(path)):
            raise ImportError(f"{path!r} is no function")
    except (ImportError, TypeError, AttributeError) as error:
        hint = "Set PYLON_CHAT_USER to the dotted path of a function that takes the request."
        found.append(checks.Error(f"PYLON_CHAT_USER: {error}", hint, id="pylon_identity.E003"))
    if NO_STORE not in settings.MIDDLEWARE:
        message = "Browsers and proxies may store pages that hold an email hash or a JWT."
        hint = f"Add {NO_STORE!r} to MIDDLEWARE."
        found.append(checks.Warning(message, hint, id="pylon_identity.W001"))
    return found
