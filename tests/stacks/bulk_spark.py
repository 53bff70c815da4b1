"""Runs the recipe for PySpark, and keeps all that Spark shows, for test_bulk.py to search.

bulk_spark.py MASTER SOURCE FOLDER, with PLANTED=… in the environment
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import with_pyspark
from pyspark.sql import SparkSession

master, source, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
planted = {
    way: os.environ["PLANTED"] + f"{i:02}"
    for i, way in enumerate(
        ["executorEnv", "executorEnv SECRET", "literal", "parameter", "variable", "printed"]
    )
}
shown = folder / "shown"
(shown / "events").mkdir(parents=True)

spark = (
    SparkSession.builder.master(master)
    .config("spark.eventLog.enabled", "true")
    .config("spark.eventLog.dir", (shown / "events").as_uri())
    .config("spark.eventLog.compress", "false")
    .config("spark.ui.port", "0")
    .config("spark.ui.showConsoleProgress", "false")
    .config("spark.task.maxFailures", "1")
    .config("spark.executorEnv.OTHER_NAME", planted["executorEnv"])
    .config("spark.executorEnv.A_SECRET", planted["executorEnv SECRET"])
    .getOrCreate()
)
context = spark.sparkContext
context.addPyFile(with_pyspark.__file__)
users = spark.read.parquet(source).repartition(4)
columns = users.columns

signed = with_pyspark.add_email_hashes(users)
signed.write.parquet(str(folder / "hashes"))
(shown / "plan").write_text(signed._jdf.queryExecution().toString())
unchanged = users.columns == users.schema.names == columns

broken = spark.range(1).selectExpr("CAST(X'FF' AS STRING) AS email")
validated = broken.selectExpr("try_validate_utf8(email) AS email")
not_unicode = [row.email_hash for row in with_pyspark.add_email_hashes(validated).collect()]


# --- the planted secrets ---


def hello(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    print(planted["printed"], file=sys.stderr)
    yield from batches


users.mapInArrow(hello, users.schema).write.format("noop").mode("overwrite").save()
users.createOrReplaceTempView("users")
queries = [
    (f"SELECT email, '{planted['literal']}' AS key FROM users", {}),  # noqa: S608 (as people do)
    ("SELECT email, :key AS key FROM users", {"key": planted["parameter"]}),
]
spark.sql(f"DECLARE VARIABLE key = '{planted['variable']}'")
queries.append(("SELECT email, key FROM users", {}))
for i, (query, arguments) in enumerate(queries):
    table = spark.sql(query, arguments)
    table.write.format("noop").mode("overwrite").save()
    (shown / f"plan of query {i}").write_text(table._jdf.queryExecution().toString())


# --- malformed secrets ---


def words(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    try:
        with_pyspark.IdentitySecret.from_env()
        error = ""
    except ValueError as refused:
        error = str(refused)
    for _ in batches:
        pass
    yield pa.RecordBatch.from_pydict({"error": [error]})


failures = {}
for problem, malformed in (("empty", ""), ("malformed", "of" * 32)):
    # Only a test does so: this environment travels with each function.
    context.environment["PYLON_IDENTITY_SECRET"] = malformed
    target = folder / problem
    try:
        with_pyspark.add_email_hashes(users).write.parquet(str(target))
        raised = ""
    except Exception as error:
        raised = str(error)
    rows = users.mapInArrow(words, "error string").collect()
    failures[problem] = {
        "raised": raised,
        "errors": [row["error"] for row in rows],
        "files": [path.name for path in target.rglob("part-*")],
    }

own_hmac = spark.version >= "4.3" and [
    users.selectExpr(f"hmac({key}, 'a') IS NULL AS missing").first().missing
    for key in ("unhex('no hex')", "unhex(NULL)", "'no hex'")
]

# --- pages, processes and files ---

assert context.uiWebUrl
application = f"api/v1/applications/{context.applicationId}"
pages = ["environment/", "executors/", "jobs/", "stages/", "SQL/", f"{application}/environment"]
pages += [f"{application}/{name}" for name in ("executors", "jobs", "stages", "allexecutors")]
pages += [f"{application}/sql?details=true&planDescription=true&length=99"]
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def fetch(page: str) -> bytes:
    return direct.open(f"{context.uiWebUrl}/{page}", timeout=60).read()


executions = json.loads(fetch(pages[-1]))
pages += [f"SQL/execution/?id={execution['id']}" for execution in executions]
for i, page in enumerate(pages):
    (shown / f"page {i} {page.split('?')[0].replace('/', ' ')}").write_bytes(fetch(page))

configuration = json.dumps(context.getConf().getAll())
processes = subprocess.run(["ps", "-axww", "-o", "args="], capture_output=True, text=True)  # noqa: S607
executors = len(json.loads(fetch(f"{application}/executors")))
spark.stop()
(folder / "result").write_text(
    json.dumps(
        {
            "version": spark.version,
            "planted": planted,
            "unchanged": unchanged,
            "failures": failures,
            "not unicode": not_unicode,
            "own hmac": own_hmac,
            "executors": executors,
        }
    )
)
(folder / "configuration").write_text(configuration)
(folder / "processes").write_text(processes.stdout)
