"""Measures the recipes of examples/bulk beside the three lines of Pylon's docs, on each engine.

    make bench-bulk

Each engine signs the same column with both, in turns, so that they share the noise of the machine.
A ratio is the median of the ratios within the rounds. The CPU time is the sum over all processes,
as Linux reports it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

from measure import EMAIL, OUTPUT, ROOT, SECRET, cpu

ROWS = 400_000
FILES = 4  # each with this many rows, for Spark, whose jobs start slowly
ROUNDS = 3

RECIPES = str(ROOT / "examples" / "bulk")
os.environ.update(
    PYLON_IDENTITY_SECRET=SECRET,
    PYTHONPATH=os.pathsep.join([RECIPES, str(Path(__file__).parent)]),
    PYSPARK_PYTHON=sys.executable,
    JAVA_HOME=str(ROOT / "tools" / "java"),
    SPARK_LOCAL_IP="127.0.0.1",
)
sys.path.insert(0, RECIPES)
warnings.simplefilter("ignore")  # Spark warns of new versions of pandas, which are not used here

import duckdb  # noqa: E402
import pandas as pd  # noqa: E402
import polars as pl  # noqa: E402
import pyspark  # noqa: E402
import with_duckdb  # noqa: E402
import with_pandas  # noqa: E402
import with_polars  # noqa: E402
import with_pyspark  # noqa: E402
from pyspark.sql import DataFrame, SparkSession  # noqa: E402
from pyspark.sql.functions import udf  # noqa: E402

Way = Callable[[], object]
SNIPPET = ("Python", "the docs' snippet")


def snippet(email: str) -> str:
    secret_bytes = bytes.fromhex(SECRET)
    return hmac.new(secret_bytes, email.encode(), hashlib.sha256).hexdigest()


def find_ways(folder: Path) -> dict[tuple[str, str], Way]:
    """Return the ways by engine and name. The recipe follows the snippet on the same engine."""
    emails = [f"{i:06}{EMAIL}" for i in range(ROWS)]
    text, source = folder / "emails.txt", str(folder / "emails.parquet")
    text.write_text("".join(f"{email}\n" for email in emails))
    polars = pl.DataFrame({"email": emails})
    polars.write_parquet(source, row_group_size=ROWS // 8)
    pandas = polars.to_pandas()

    connection = duckdb.connect()
    connection.create_function("snippet", snippet, ["VARCHAR"], "VARCHAR")
    with_duckdb.create_email_hash(connection)
    connection.read_parquet(source).create("users")

    session = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    session = session.config("spark.ui.showConsoleProgress", "false")
    spark = session.config("spark.log.level", "ERROR").getOrCreate()
    (folder / "spark").mkdir()
    for i in range(FILES):
        polars.write_parquet(folder / "spark" / f"{i}.parquet", row_group_size=ROWS // 8)
    users = spark.read.parquet(str(folder / "spark"))
    spark_snippet = udf(snippet)

    def run_spark(table: DataFrame) -> None:
        table.write.format("noop").mode("overwrite").save()

    def run_duckdb(function: str) -> object:
        return connection.sql(f"SELECT max({function}(email)) FROM users").fetchall()  # noqa: S608

    def run_command(*options: str) -> None:
        command = [ROOT / "target" / "release" / "pylon-identity", "sign", "-", *options]
        with text.open() as lines:
            subprocess.run(command, stdin=lines, stdout=subprocess.DEVNULL, check=True)

    secret, ours = with_pandas.secret, "the recipe"
    mapped = pl.col("email").map_elements(snippet, return_dtype=pl.String)
    return {
        SNIPPET: lambda: [snippet(email) for email in emails],
        ("Python", "sign_many"): lambda: secret.sign_many(emails),
        ("command line", "sign -"): run_command,
        ("command line", "sign - --json"): lambda: run_command("--json"),
        ("pandas", "the docs' snippet"): lambda: pandas.assign(h=pandas["email"].map(snippet)),
        ("pandas", ours): lambda: with_pandas.add_email_hashes(pandas),
        ("Polars", "the docs' snippet"): lambda: polars.with_columns(h=mapped),
        ("Polars", ours): lambda: with_polars.add_email_hashes(polars.lazy()).collect(),
        ("DuckDB", "the docs' snippet"): lambda: run_duckdb("snippet"),
        ("DuckDB", ours): lambda: run_duckdb("email_hash"),
        ("PySpark", "the docs' snippet"): lambda: run_spark(
            users.withColumn("email_hash", spark_snippet("email"))
        ),
        ("PySpark", ours): lambda: run_spark(with_pyspark.add_email_hashes(users)),
    }


def cpu_seconds() -> float:
    """Return the processor time of this process, those it started, and those that have ended."""
    parents, ticks = {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        pid = int(path.parent.name)
        parents[pid], ticks[pid] = int(fields[1]), sum(map(int, fields[11:15]))
    tree = [os.getpid()]
    for pid in tree:
        tree += [child for child, parent in parents.items() if parent == pid]
    return sum(ticks.get(pid, 0) for pid in tree) / os.sysconf("SC_CLK_TCK")


def measure(ways: dict[tuple[str, str], Way]) -> dict[tuple[str, str], list[tuple[float, float]]]:
    """Return the seconds and the CPU seconds of each round."""
    samples: dict[tuple[str, str], list[tuple[float, float]]] = {way: [] for way in ways}
    for way in ways.values():
        way()  # this starts Spark's workers and warms Java up
    for _ in range(ROUNDS):
        for name in random.sample(list(ways), len(ways)):
            used, start = cpu_seconds(), time.perf_counter()
            ways[name]()
            samples[name].append((time.perf_counter() - start, cpu_seconds() - used))
    return samples


def main() -> None:
    if not Path("/proc/self/stat").exists():
        sys.exit("bench: only Linux tells the processor time of all processes")
    engines = {"duckdb": duckdb, "pandas": pd, "polars": pl, "pyspark": pyspark}
    versions = {name: engine.__version__ for name, engine in engines.items()}
    machine = {"cpu": cpu(), "processors": os.cpu_count(), "python": platform.python_version()}
    for name, value in {**machine, **versions}.items():
        print(f"{name:>18}  {value}")
    with tempfile.TemporaryDirectory() as folder:
        samples = measure(find_ways(Path(folder)))

    print(f"\n{'many emails':<32}{'rows/s':>12}{'CPU µs/row':>12}   times as fast")
    report = []
    for (engine, way), own in samples.items():
        rival = (engine, "the docs' snippet") if engine != "command line" else SNIPPET
        pairs = list(zip(samples[rival], own, strict=True))
        rows = ROWS * FILES if engine == "PySpark" else ROWS
        row = {
            "engine": engine,
            "way": way,
            "rows per second": rows / statistics.median(seconds for seconds, _ in own),
            "CPU microseconds": statistics.median(cpu for _, cpu in own) / rows * 1e6,
            "ratio": statistics.median(theirs[0] / ours[0] for theirs, ours in pairs),
            "CPU ratio": statistics.median(theirs[1] / ours[1] for theirs, ours in pairs),
        }
        report.append(row)
        label, ratio = f"{engine}: {way}", f"{row['ratio']:.1f} × (CPU {row['CPU ratio']:.1f} ×)"
        speed = f"{row['rows per second']:>12,.0f}{row['CPU microseconds']:>12.2f}"
        print(f"  {label:<30}{speed}   {'' if way == SNIPPET[1] else ratio}")
    lines = samples["command line", "sign -"], samples["command line", "sign - --json"]
    times = statistics.median(b[1] / a[1] for a, b in zip(*lines, strict=True))
    print(f"\nsign - --json takes {times:.2f} × the CPU of sign -")

    report = {"machine": {**machine, **versions}, "ways": report}
    OUTPUT.mkdir(parents=True, exist_ok=True)
    (OUTPUT / "bulk.json").write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
