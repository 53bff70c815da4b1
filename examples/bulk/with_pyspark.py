"""Adds the email hashes to a Parquet file of emails, in PySpark.

spark-submit with_pyspark.py emails.parquet hashes.parquet
"""

import sys
from collections.abc import Iterator

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StringType, StructField, StructType

from pylon_identity import IdentitySecret


def sign(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    # The executor reads its own environment: no closure, plan or log of Spark has the secret.
    secret = IdentitySecret.from_env()
    for batch in batches:
        column = batch.column("email")
        emails = column.to_pylist()
        signed = iter(secret.sign_many(filter(None, emails)))
        hashes = pa.array([next(signed) if email else None for email in emails], column.type)
        yield pa.RecordBatch.from_arrays(
            [*batch.columns, hashes], names=[*batch.schema.names, "email_hash"]
        )


def add_email_hashes(users: DataFrame) -> DataFrame:
    # users.schema.add() would change the schema that users keeps.
    schema = StructType([*users.schema.fields, StructField("email_hash", StringType())])
    return users.mapInArrow(sign, schema)


if __name__ == "__main__":
    source, target = sys.argv[1:]
    spark = SparkSession.builder.appName("email hashes").getOrCreate()
    add_email_hashes(spark.read.parquet(source)).write.parquet(target)
    spark.stop()
