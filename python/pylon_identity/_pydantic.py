"""A secret as the type of a field of a pydantic model. Only pydantic imports this module."""

from typing import Any

from pydantic_core import PydanticCustomError, core_schema

from ._native import IdentityError, IdentitySecret, JwtSecret

Secret = IdentitySecret | JwtSecret


class _Refused(str):
    """Replaces the input in the errors of pydantic, which show it."""

    __slots__ = ("code", "message")
    code: str
    message: str

    def __new__(cls, hidden: str, code: str, message: str) -> "_Refused":
        refused = super().__new__(cls, hidden)
        refused.code = code
        refused.message = message
        return refused


def _check(parsed: Secret | _Refused) -> Secret:
    if isinstance(parsed, _Refused):
        raise PydanticCustomError(
            parsed.code,
            "{message}",
            {"message": parsed.message},
        )
    return parsed


def core_schema_of(cls: type[Secret]) -> core_schema.CoreSchema:
    """Parse first and raise in a second step, whose input is no longer the secret."""
    hidden = f"{cls.__name__}(hidden)"

    def parse(value: Any) -> Secret | _Refused:
        if isinstance(value, cls):
            return value
        if hasattr(value, "get_secret_value"):  # pydantic's SecretStr
            value = value.get_secret_value()
        try:
            return cls(value)
        except IdentityError as error:
            return _Refused(hidden, error.code, str(error))
        except TypeError as error:
            kind = "jwt" if cls is JwtSecret else "identity"
            return _Refused(hidden, f"{kind}_secret_type", str(error))

    return core_schema.chain_schema(
        [
            core_schema.no_info_plain_validator_function(parse),
            core_schema.no_info_plain_validator_function(_check),
        ],
        serialization=core_schema.plain_serializer_function_ser_schema(
            lambda _: hidden, when_used="json"
        ),
    )


def json_schema(_cls: type[Secret]) -> dict[str, Any]:
    return {"type": "string", "format": "password", "writeOnly": True}
