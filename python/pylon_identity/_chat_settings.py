"""The types of chat settings and claims. They are imported on first use: typing takes a while."""

import sys

if sys.version_info >= (3, 12):
    from typing import TypedDict  # pragma: no cover (of another version)
else:
    # pydantic takes no other TypedDict before Python 3.12, and brings this one.
    try:
        from typing_extensions import TypedDict
    except ImportError:  # pragma: no cover
        from typing import TypedDict


class _Visitor(TypedDict):
    app_id: str


class VisitorSettings(_Visitor, total=False):
    """The settings of a visitor who is not logged in, or has no confirmed email.

    A page has ``ChatSettings | VisitorSettings``, or ``JwtChatSettings | VisitorSettings``.
    """

    hide_default_launcher: bool


class _User(_Visitor):
    email: str
    email_hash: str


class ChatSettings(_User, total=False):
    """The object that the page assigns to ``window.pylon.chat_settings``, in the widget's names.

    IdentitySecret.chat_settings() makes it, with the email signed: email_hash has 64 lowercase
    hexadecimal digits. The widget knows more settings; set them as in any dict.
    """

    name: str
    avatar_url: str
    account_id: str
    account_external_id: str
    hide_default_launcher: bool


class _JwtUser(_Visitor):
    jwt: str


class JwtChatSettings(_JwtUser, total=False):
    """The object that the page assigns to ``window.pylon.chat_settings``, with a JWT.

    JwtSecret.chat_settings() makes it. The JWT names the user. The widget knows more settings; set
    them as in any dict, but no email_hash.
    """

    hide_default_launcher: bool


class _Claims(TypedDict):
    email: str
    aud: str
    iat: int
    exp: int


class JwtClaims(_Claims, total=False):
    """The claims of a JWT, in its own names: the result of JwtSecret.verify_jwt().

    aud is the app ID. iat and exp are in Unix seconds.
    """

    name: str
    account_external_id: str
    contact_external_id: str


# pydantic, and so FastAPI, would drop the widget's other settings.
for _type in (VisitorSettings, ChatSettings, JwtChatSettings):
    _type.__pydantic_config__ = {"extra": "allow"}  # type: ignore[union-attr]
