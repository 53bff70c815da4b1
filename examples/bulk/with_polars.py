"""Adds the email hashes to a Parquet file of emails, in Polars.

python with_polars.py emails.parquet hashes.parquet
"""

import sys

import polars as pl

from pylon_identity import IdentitySecret

secret = IdentitySecret.from_env()


def sign(column: pl.Series) -> pl.Series:
    emails = column.to_list()
    signed = iter(secret.sign_many(filter(None, emails)))
    return pl.Series([next(signed) if email else None for email in emails], dtype=pl.String)


def add_email_hashes(users: pl.LazyFrame) -> pl.LazyFrame:
    hashes = pl.col("email").map_batches(sign, return_dtype=pl.String, is_elementwise=True)
    return users.with_columns(email_hash=hashes)


if __name__ == "__main__":
    source, target = sys.argv[1:]
    add_email_hashes(pl.scan_parquet(source)).sink_parquet(target)
