from collections.abc import Iterable, Mapping, Sequence
from typing import Final, final

__all__ = [
    "Diagnosis",
    "IdentityError",
    "IdentitySecret",
    "__version__",
    "chat_settings_script",
    "diagnose",
    "generate_secret",
    "run_command_line",
    "sign_message_with_hmac",
]

__version__: Final[str]

class IdentityError(ValueError):
    code: str

@final
class IdentitySecret:
    def __new__(cls, hex: str) -> IdentitySecret: ...
    @staticmethod
    def from_env(name: str = "PYLON_IDENTITY_SECRET") -> IdentitySecret: ...
    def sign(self, email: str) -> str: ...
    def sign_many(self, emails: Iterable[str]) -> list[str]: ...
    def verify(self, email: str, email_hash: str) -> bool: ...
    def chat_settings(
        self,
        *,
        app_id: str,
        email: str,
        name: str,
        avatar_url: str | None = None,
        account_id: str | None = None,
        account_external_id: str | None = None,
    ) -> dict[str, str]: ...

@final
class Diagnosis:
    @property
    def matches(self) -> bool: ...
    @property
    def causes(self) -> list[str]: ...
    @property
    def explanation(self) -> str: ...

def chat_settings_script(settings: Mapping[str, str], nonce: str | None = None) -> str: ...
def diagnose(secret: str, email: str, email_hash: str) -> Diagnosis: ...
def generate_secret() -> str: ...
def run_command_line(args: Sequence[str]) -> int: ...
def sign_message_with_hmac(message: str, secret: str) -> str: ...
