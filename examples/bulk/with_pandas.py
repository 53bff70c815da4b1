"""Adds the email hashes to a Parquet file of emails, in pandas.

python with_pandas.py emails.parquet hashes.parquet
"""

import sys

import pandas as pd

from pylon_identity import IdentitySecret

secret = IdentitySecret.from_env()


def add_email_hashes(users: pd.DataFrame) -> pd.DataFrame:
    # A missing email may be None, NaN or NA, and NaN is true.
    emails = users["email"].astype("string").fillna("").tolist()
    signed = iter(secret.sign_many(filter(None, emails)))
    hashes = [next(signed) if email else None for email in emails]
    # An array has no index. A Series would be aligned by its index, and hashes would be lost.
    return users.assign(email_hash=pd.array(hashes, dtype="string"))


if __name__ == "__main__":
    source, target = sys.argv[1:]
    add_email_hashes(pd.read_parquet(source)).to_parquet(target)
