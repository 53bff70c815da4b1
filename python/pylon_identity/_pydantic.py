"""IdentitySecret as the type of a field of a pydantic model. Only pydantic imports this module."""

from typing import Any

from pydantic_core import PydanticCustomError, core_schema

from ._native import IdentityError, IdentitySecret

HIDDEN = "IdentitySecret(hidden)"


class _Refused(str):
    """Stands for the input in the errors of pydantic, which show it."""

    __slots__ = ("code", "message")
    code: str
    message: str

    def __new__(cls, code: str, message: str) -> "_Refused":
        refused = super().__new__(cls, HIDDEN)
        refused.code = code
        refused.message = message
        return refused


def _parse(value: Any) -> IdentitySecret | _Refused:
    if isinstance(value, IdentitySecret):
        return value
    if hasattr(value, "get_secret_value"):  # pydantic's SecretStr
        value = value.get_secret_value()
    try:
        return IdentitySecret(value)
    except IdentityError as error:
        return _Refused(error.code, str(error))
    except TypeError as error:
        return _Refused("identity_secret_type", str(error))


def _check(parsed: IdentitySecret | _Refused) -> IdentitySecret:
    if isinstance(parsed, _Refused):
        raise PydanticCustomError(
            parsed.code,
            "{message}",
            {"message": parsed.message},
        )
    return parsed


def core_schema_of(_cls: type[IdentitySecret]) -> core_schema.CoreSchema:
    """Parse first and raise in a second step, whose input is no longer the secret."""
    return core_schema.chain_schema(
        [
            core_schema.no_info_plain_validator_function(_parse),
            core_schema.no_info_plain_validator_function(_check),
        ],
        serialization=core_schema.plain_serializer_function_ser_schema(
            lambda _: HIDDEN, when_used="json"
        ),
    )


def json_schema() -> dict[str, Any]:
    return {"type": "string", "format": "password", "writeOnly": True}
