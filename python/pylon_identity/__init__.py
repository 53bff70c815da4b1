"""Identity verification for Pylon's chat widget.

>>> from pylon_identity import IdentitySecret
>>> secret = IdentitySecret("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")
>>> email_hash = secret.sign("ada@example.com")
>>> secret.verify("ada@example.com", email_hash)
True
>>> secret.verify("eve@example.com", email_hash)
False

The settings of a logged-in user, and the script tag for the page:

>>> settings = secret.chat_settings(app_id="app-1", email="ada@example.com", name="Ada")
>>> settings["email"], settings["email_hash"] == email_hash
('ada@example.com', True)
>>> print(chat_settings_script({"app_id": "app-1"}, nonce="r4nd0m"))
<script nonce="r4nd0m">window.pylon = {"chat_settings":{"app_id":"app-1"}};</script>

Pylon's other option, the JWT, has a secret of its own:

>>> jwt_secret = JwtSecret("the JWT secret from the dashboard")
>>> token = jwt_secret.sign_jwt(app_id="app-1", email="ada@example.com")
>>> jwt_secret.verify_jwt(token, app_id="app-1")["email"]
'ada@example.com'

See https://docs.usepylon.com/pylon-docs/chat-widget/identity-verification.
"""

from ._native import (
    Diagnosis,
    IdentityError,
    IdentitySecret,
    JwtSecret,
    __version__,
    chat_settings_json,
    chat_settings_script,
    diagnose,
    diagnose_jwt,
    diagnose_page,
    generate_secret,
    sign_message_with_hmac,
)

TYPE_CHECKING = False  # importing typing would take longer than the whole package
if TYPE_CHECKING:
    from ._chat_settings import ChatSettings, JwtChatSettings, JwtClaims, VisitorSettings

__all__ = [
    "ChatSettings",
    "Diagnosis",
    "IdentityError",
    "IdentitySecret",
    "JwtChatSettings",
    "JwtClaims",
    "JwtSecret",
    "VisitorSettings",
    "__version__",
    "chat_settings_json",
    "chat_settings_script",
    "diagnose",
    "diagnose_jwt",
    "diagnose_page",
    "generate_secret",
    "sign_message_with_hmac",
]


class _Html(str):
    """Text that Django, Jinja and MarkupSafe put into a page as it is, such as a script tag."""

    __slots__ = ()

    def __html__(self) -> str:
        return self


def __getattr__(name: str) -> object:
    if name in ("ChatSettings", "JwtChatSettings", "JwtClaims", "VisitorSettings"):
        from . import _chat_settings

        return getattr(_chat_settings, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
