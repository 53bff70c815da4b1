from collections.abc import Iterable
from typing import Final, final

__all__ = [
    "IdentityError",
    "IdentitySecret",
    "__version__",
    "generate_secret",
    "sign_message_with_hmac",
]

__version__: Final[str]

class IdentityError(ValueError):
    code: str

@final
class IdentitySecret:
    def __new__(cls, hex: str) -> IdentitySecret: ...
    def sign(self, email: str) -> str: ...
    def sign_many(self, emails: Iterable[str]) -> list[str]: ...
    def verify(self, email: str, email_hash: str) -> bool: ...

def generate_secret() -> str: ...
def sign_message_with_hmac(message: str, secret: str) -> str: ...
