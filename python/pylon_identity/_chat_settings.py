"""The type of chat settings. It is imported on first use, since typing takes a while."""

import sys

if sys.version_info >= (3, 12):
    from typing import TypedDict
else:
    # pydantic takes no other TypedDict before Python 3.12, and brings this one.
    try:
        from typing_extensions import TypedDict
    except ImportError:
        from typing import TypedDict


class _Required(TypedDict):
    app_id: str
    email: str
    email_hash: str


class ChatSettings(_Required, total=False):
    """The object that the page assigns to ``window.pylon.chat_settings``, in the widget's names.

    IdentitySecret.chat_settings() makes it, with the email signed: email_hash has 64 lowercase
    hexadecimal digits. The widget knows more settings; set them as in any dict.
    """

    name: str
    avatar_url: str
    account_id: str
    account_external_id: str
    hide_default_launcher: bool
