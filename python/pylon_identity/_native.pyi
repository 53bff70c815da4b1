from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from typing import Any, Final, Literal, final

from ._chat_settings import ChatSettings, JwtChatSettings, JwtClaims, VisitorSettings
from .codes import Cause, ErrorCode

__all__ = [
    "Diagnosis",
    "IdentityError",
    "IdentitySecret",
    "JwtSecret",
    "__version__",
    "chat_settings_json",
    "chat_settings_script",
    "diagnose",
    "diagnose_jwt",
    "diagnose_page",
    "generate_secret",
    "run_command_line",
    "sign_message_with_hmac",
]

__version__: Final[str]

class IdentityError(ValueError):
    """A secret, chat settings or a JWT that cannot be used.

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
        IdentitySecret(). The message begins with the name of the variable, if it looks like one.
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
class JwtSecret:
    """The secret of the option "JWT (signed token)" in Pylon's dashboard, parsed once.

    `text` has at least 16 bytes, and no white space or quotes around it. It is the key as it is,
    even if it is hexadecimal. Raises IdentityError with the code "jwt_secret_empty",
    "jwt_secret_wrapped" or "jwt_secret_weak" for anything else.

    The string is not kept, and the object never shows the key. The key is wiped with the object. It
    cannot be pickled, and a copy is the same object: make it again in another process.

    The rules for Pylon's JWT come from public integrations of August 2026. They were not tried with
    Pylon's service.
    """

    def __new__(cls, text: str) -> JwtSecret: ...
    @staticmethod
    def from_file(path: str | PathLike[str]) -> JwtSecret:
        """Parse the secret in a file, trimmed of white space.

        This is the usual way with the secrets of Docker and Kubernetes. `path` is a str or
        os.PathLike. Raises OSError, such as FileNotFoundError, for a file that cannot be read,
        without the path, which may be the secret by mistake; and the errors of JwtSecret().
        """
    @staticmethod
    def from_env(name: str = "PYLON_JWT_SECRET") -> JwtSecret:
        """Parse the secret in the environment variable `name`, trimmed of white space.

        Raises IdentityError with the code "secret_missing" if it is not set, "secret_exposed" for a
        name that bundlers ship to browsers (NEXT_PUBLIC_, VITE_ and the like), and the errors of
        JwtSecret(). The message begins with the name of the variable, if it looks like one.
        """
    def sign_jwt(
        self,
        *,
        app_id: str,
        email: str,
        name: str | None = None,
        account_external_id: str | int | None = None,
        contact_external_id: str | int | None = None,
        expires_in: int = 600,
        now: float | None = None,
    ) -> str:
        """Return a JWT (RFC 7519) that names the logged-in user, signed with HS256.

        `app_id` is the claim aud. An ID may be an int. The token expires `expires_in` seconds after
        `now`, from 1 to 900. `now` is in Unix seconds, an int or float, and by default the system's
        clock: tests pass it. Sign only the email of the logged-in session, and only an address that
        the user has proved to own. Until it expires the token is as good as a login: do not log it.

        Raises IdentityError with the code "app_id_empty" or "email_empty" for empty text, white
        space and fillers such as "undefined", and "jwt_lifetime" for another `expires_in`;
        UnicodeEncodeError for a lone surrogate in the email; and ValueError for a `now` that is
        negative.
        """
    def verify_jwt(self, token: str, *, app_id: str, now: float | None = None) -> JwtClaims:
        """Return the claims of a JWT that is right for this secret and `app_id`.

        A dict in the token's own names: email, aud, iat, exp, name, account_external_id and
        contact_external_id, without those that are missing. iat and exp are int, the others str.
        Other claims are left out. `now` is as for sign_jwt(). It is for tests, proxies and
        stand-ins of Pylon's service. The clocks may not differ at all. Compares in constant time.

        Raises IdentityError with the first code that applies: "jwt_malformed", "jwt_algorithm" for
        another than HS256, "jwt_signature" for another secret, "jwt_expired", "jwt_not_yet_valid",
        "jwt_audience" for another app ID, or "jwt_lifetime" for more than 900 seconds; and
        ValueError for a `now` that is negative.
        """
    def chat_settings(
        self,
        *,
        app_id: str,
        email: str,
        name: str | None = None,
        account_external_id: str | int | None = None,
        contact_external_id: str | int | None = None,
        expires_in: int = 600,
        now: float | None = None,
    ) -> JwtChatSettings:
        """Return the settings of the chat widget for a logged-in user: app_id and jwt.

        A dict in the widget's own names. It has no other values of an identity, which would have to
        equal the claims. Add more settings of the widget as you like, such as
        hide_default_launcher. Takes the arguments of sign_jwt(), and raises its errors.

        Send the settings only to their own user, with Cache-Control: no-store, private.
        """
    def __copy__(self) -> JwtSecret: ...
    def __deepcopy__(self, _memo: object) -> JwtSecret: ...
    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, _handler: object) -> Any: ...
    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: object, _handler: object) -> dict[str, Any]: ...

@final
class Diagnosis:
    """Why a hash or JWT is not right: the result of diagnose(), diagnose_page() or diagnose_jwt().

    matches: whether the hash or JWT is exactly right; of a page, whether the widget finds an app
    ID, and an email with that hash or a JWT.
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
    settings: ChatSettings | JwtChatSettings | VisitorSettings | Mapping[str, str | bool | float],
) -> str:
    """Return the settings as a JSON object, for templates that write the script tag themselves.

    The JSON is printable ASCII, safe inside HTML of any encoding. Raises the errors of
    chat_settings_script().
    """

def chat_settings_script(
    settings: ChatSettings | JwtChatSettings | VisitorSettings | Mapping[str, str | bool | float],
    nonce: str | None = None,
) -> str:
    """Return the script tag that sets ``window.pylon``, to be put before the widget's own tag.

    `settings` is the result of chat_settings() of a secret, or ``{"app_id": ...}`` alone for a
    visitor who is not logged in. Values are str, bool, int and float. The tag is printable ASCII,
    safe inside HTML of any encoding for any settings, and templates do not escape it again. `nonce`
    is the nonce of the page's Content-Security-Policy: base64 text, new for each response.

    Raises IdentityError with the code "nonce_invalid" for any other nonce, "app_id_empty" for an
    app_id that is empty, a filler or None, and "settings_invalid" for settings that are empty, have
    a name such as "appId" or a number that JavaScript cannot hold; and TypeError for values of
    other types.
    """

def diagnose(secret: str, email: str, email_hash: str) -> Diagnosis:
    """Find out why `email_hash` is not the hash of `email` under `secret`, the hexadecimal string.

    Tries the usual mistakes in combinations of up to three, and reports the fewest that give the
    observed hash. Takes any text, a malformed secret too. It is for developers: it takes
    milliseconds.
    """

def diagnose_jwt(
    secret: str, app_id: str, token: str, email: str | None = None, now: float | None = None
) -> Diagnosis:
    """Find out why Pylon does not take `token`, a JWT, for `secret`, the text from its dashboard.

    `app_id` is the one on the page, and `email` the one beside the token, if the page has one.
    `now` is as for JwtSecret.sign_jwt(). Takes any text, a malformed secret too. It is for
    developers.
    """

def diagnose_page(secret: str, settings: Mapping[str, Any] | str) -> Diagnosis:
    """Find out what is wrong with a page's chat settings, for `secret`, the hexadecimal string.

    If they have a JWT, `secret` is the JWT secret.

    `settings` is the value of `window.pylon` or of its `chat_settings`, as a mapping; or a str: its
    JSON, the literal that the browser's console shows, or the HTML of the page, whose inline
    scripts are read and not run. Only the first MiB is read.

    A diagnosis that matches may have causes: mistakes that do not keep the widget from finding the
    hash. Takes a malformed secret too. It is for developers: it takes milliseconds.
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
