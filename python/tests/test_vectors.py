"""The shared vectors through the Python package."""

import pytest
from shared import cases, text

from pylon_identity import IdentityError, IdentitySecret, sign_message_with_hmac


@pytest.mark.parametrize(("secret", "unit", "repeat", "email_hash"), cases("sign.tsv"))
def test_sign(secret: str, unit: str, repeat: str, email_hash: str) -> None:
    email = text(unit) * int(repeat)
    identity_secret = IdentitySecret(secret)
    assert identity_secret.sign(email) == email_hash
    assert identity_secret.sign_many([email, "", email])[::2] == [email_hash] * 2
    assert identity_secret.verify(email, email_hash) is True
    assert sign_message_with_hmac(email, secret) == email_hash


@pytest.mark.parametrize(("secret", "email", "email_hash", "expected"), cases("verify.tsv"))
def test_verify(secret: str, email: str, email_hash: str, expected: str) -> None:
    verified = IdentitySecret(secret).verify(text(email), text(email_hash))
    assert verified is (expected == "true")


@pytest.mark.parametrize(("secret", "code"), cases("malformed_secrets.tsv"))
def test_malformed_secret(secret: str, code: str) -> None:
    with pytest.raises(IdentityError) as first:
        IdentitySecret(text(secret))
    with pytest.raises(IdentityError) as second:
        sign_message_with_hmac("ada@example.com", text(secret))
    assert first.value.code == second.value.code == code
