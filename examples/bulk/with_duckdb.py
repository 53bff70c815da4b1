"""Adds the email hashes to a Parquet file of emails, in DuckDB.

python with_duckdb.py emails.parquet hashes.parquet
"""

import sys

import duckdb
import pyarrow as pa

from pylon_identity import IdentitySecret

secret = IdentitySecret.from_env()


def sign(column: pa.ChunkedArray) -> pa.Array:
    emails = column.to_pylist()
    signed = iter(secret.sign_many(filter(None, emails)))
    return pa.array([next(signed) if email else None for email in emails], pa.string())


def create_email_hash(connection: duckdb.DuckDBPyConnection) -> None:
    # "special" passes nulls to the function and lets it return them.
    connection.create_function(
        "email_hash", sign, ["VARCHAR"], "VARCHAR", type="arrow", null_handling="special"
    )


if __name__ == "__main__":
    source, target = sys.argv[1:]
    connection = duckdb.connect()
    create_email_hash(connection)
    users = connection.read_parquet(source).project("*, email_hash(email) AS email_hash")
    users.write_parquet(target)
