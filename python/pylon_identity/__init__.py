"""Identity verification for Pylon's chat widget.

>>> from pylon_identity import IdentitySecret
>>> secret = IdentitySecret("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")
>>> email_hash = secret.sign("ada@example.com")
>>> secret.verify("ada@example.com", email_hash)
True
>>> secret.verify("eve@example.com", email_hash)
False

See https://docs.usepylon.com/pylon-docs/chat-widget/identity-verification.
"""

from ._native import (
    IdentityError,
    IdentitySecret,
    __version__,
    generate_secret,
    sign_message_with_hmac,
)

__all__ = [
    "IdentityError",
    "IdentitySecret",
    "__version__",
    "generate_secret",
    "sign_message_with_hmac",
]
