from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from typing import Any, Final, Literal, final

from ._chat_settings import ChatSettings, VisitorSettings
from .codes import Cause, ErrorCode

__all__ = [
    "Diagnosis",
    "IdentityError",
    "IdentitySecret",
    "__version__",
    "chat_settings_json",
    "chat_settings_script",
    "diagnose",
    "diagnose_page",
    "generate_secret",
    "run_command_line",
    "sign_message_with_hmac",
]

__version__: Final[str]

class IdentityError(ValueError):
    """An identity secret or chat settings that cannot be used.

    `code` names the reason, for example "secret_empty"; the message says what to do. Neither ever
    contains the secret. The code of an error that you make yourself is "" unless you set it.
    """

    code: ErrorCode | Literal[""]

@final
class IdentitySecret:
    """The identity secret from Pylon's dashboard, parsed once.

    `hex` is an even number of the digits 0-9a-fA-F and nothing else, for at least 16 bytes that are
    not all zero. Pylon's secrets have 64 digits. Raises IdentityError with the code "secret_empty",
    "secret_odd_length", "secret_not_hex" or "secret_weak" for anything else.

    The string is not kept, and the object never shows the key. The key is wiped with the object. It
    cannot be pickled, and a copy is the same object: make it again in another process.
    """

    def __new__(cls, hex: str) -> IdentitySecret: ...
    @staticmethod
    def from_file(path: str | PathLike[str]) -> IdentitySecret:
        """Parse the secret in a file, trimmed of white space.

        This is the usual way with the secrets of Docker and Kubernetes. `path` is a str or
        os.PathLike. Raises OSError, such as FileNotFoundError, for a file that cannot be read,
        without the path, which may be the secret by mistake; and the errors of IdentitySecret().
        """
    @staticmethod
    def from_env(name: str = "PYLON_IDENTITY_SECRET") -> IdentitySecret:
        """Parse the secret in the environment variable `name`, trimmed of white space.

        Raises IdentityError with the code "secret_missing" if it is not set, "secret_exposed" for a
        name that bundlers ship to browsers (NEXT_PUBLIC_, VITE_ and the like), and the errors of
        IdentitySecret(). The message begins with the name of the variable.
        """
    def sign(self, email: str) -> str:
        """Return the email hash of exactly this email, as 64 lowercase hexadecimal digits.

        HMAC-SHA256 (RFC 2104) over the UTF-8 bytes of the email, which is never trimmed or
        lowercased. Raises UnicodeEncodeError for a lone surrogate. Sign only the email of the
        logged-in session, and only an address that the user has proved to own.
        """
    def sign_many(self, emails: Iterable[str]) -> list[str]:
        """Return the email hash of each email, in the same order. `emails` is any iterable of str.

        Large batches use all processors, without the GIL.
        """
    def verify(self, email: str, email_hash: str) -> bool:
        """Return whether `email_hash` is exactly the hash that sign() returns for this email.

        Compares in constant time. Anything but 64 lowercase hexadecimal digits is False.
        """
    def chat_settings(
        self,
        *,
        app_id: str,
        email: str,
        name: str | None = None,
        avatar_url: str | None = None,
        account_id: str | int | None = None,
        account_external_id: str | int | None = None,
    ) -> ChatSettings:
        """Return the settings of the chat widget for a logged-in user, with the email signed.

        A dict in the widget's own names: app_id, email, name, email_hash, avatar_url, account_id
        and account_external_id, without those that are None. An account's ID may be an int. The
        email is the very string that was signed: pass only an address that the user has proved to
        own. Add more settings of the widget as you like, such as hide_default_launcher.

        Raises IdentityError with the code "app_id_empty" or "email_empty" for empty text, white
        space and fillers such as "undefined", and UnicodeEncodeError for a lone surrogate in the
        email.

        Send the settings only to their own user, with Cache-Control: no-store, private.
        """
    def __copy__(self) -> IdentitySecret: ...
    def __deepcopy__(self, _memo: object) -> IdentitySecret: ...
    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, _handler: object) -> Any: ...
    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: object, _handler: object) -> dict[str, Any]: ...

@final
class Diagnosis:
    """Why an email hash does not match: the result of diagnose() and diagnose_page().

    matches: whether the hash is exactly the right one; of a page, whether the widget finds an app
    ID, an email and that hash.
    causes: the codes of the fewest mistakes that give the hash, for example "secret_used_as_text".
    explanation: the mistakes and how to fix them, in plain text. It never shows the secret.
    """

    @property
    def matches(self) -> bool: ...
    @property
    def causes(self) -> list[Cause]: ...
    @property
    def explanation(self) -> str: ...

def chat_settings_json(
    settings: ChatSettings | VisitorSettings | Mapping[str, str | bool | float],
) -> str:
    """Return the settings as a JSON object, for templates that write the script tag themselves.

    The JSON is printable ASCII, safe inside HTML of any encoding. Raises the errors of
    chat_settings_script().
    """

def chat_settings_script(
    settings: ChatSettings | VisitorSettings | Mapping[str, str | bool | float],
    nonce: str | None = None,
) -> str:
    """Return the script tag that sets ``window.pylon``, to be put before the widget's own tag.

    `settings` is the result of IdentitySecret.chat_settings(), or ``{"app_id": ...}`` alone for a
    visitor who is not logged in. Values are str, bool, int and float. The tag is printable ASCII,
    safe inside HTML of any encoding, whatever the settings hold, and templates do not escape it
    again. `nonce` is the nonce of the page's Content-Security-Policy: base64 text, new for each
    response.

    Raises IdentityError with the code "nonce_invalid" for any other nonce, "app_id_empty" for an
    app_id that is empty, a filler or None, and "settings_invalid" for settings that are empty, have
    a name such as "appId" or a number that JavaScript cannot hold; and TypeError for values of
    other types.
    """

def diagnose(secret: str, email: str, email_hash: str) -> Diagnosis:
    """Find out why `email_hash` is not the hash of `email` under `secret`, the hexadecimal string.

    Tries the usual mistakes in all combinations, and reports the fewest that give the observed
    hash. Takes any text, a malformed secret too. For developers: it takes milliseconds.
    """

def diagnose_page(secret: str, settings: Mapping[str, Any] | str) -> Diagnosis:
    """Find out what is wrong with a page's chat settings, for `secret`, the hexadecimal string.

    `settings` is what `window.pylon` or its `chat_settings` holds, as a mapping; or a str: its
    JSON, the literal that the browser's console shows, or the HTML of the page, whose inline
    scripts are read and not run. Only the first MiB is read.

    A diagnosis that matches may have causes: mistakes that do not keep the widget from finding the
    hash. Takes a malformed secret too. For developers: it takes milliseconds.
    """

def generate_secret() -> str:
    """Make a new secret for tests and development: 64 hexadecimal digits (32 random bytes).

    In production the secret comes from Pylon's dashboard.
    """

def run_command_line(args: Sequence[str], stdin_closed: bool, stdout_closed: bool) -> int:
    """Run the command line and return its exit status.

    `stdin_closed` and `stdout_closed` say that the stream was closed when Python started. Another
    file may have its descriptor by now.
    """

def sign_message_with_hmac(message: str, secret: str) -> str:
    """Sign `message` with `secret`: a drop-in for the snippet in Pylon's docs.

    Raises the errors of IdentitySecret() and sign(). To sign more than once, keep an
    IdentitySecret.
    """
