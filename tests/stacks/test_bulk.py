"""The recipes of examples/bulk on the real engines, with the wheel."""

from __future__ import annotations

import json
import os
import re
import sys
import sysconfig
from pathlib import Path

import oracle
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dist import ROOT
from installed import EMAIL, EMAIL_HASH, SECRET, attempt, first_match, package, run

SITE = Path(sysconfig.get_path("purelib"))
RECIPES = ROOT / "examples" / "bulk"
MALFORMED = "of" * 32
PLANTED = "c0ffee" * 10  # two digits more make it look like a secret

EMAILS = [f"user{i}@example.com" for i in range(30_000)]
EMAILS[1:6] = [None, "", " ", "jürgen@example.com", EMAIL]  # type: ignore[list-item]
EXPECTED = [oracle.sign(bytes.fromhex(SECRET), e.encode()) if e else None for e in EMAILS]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of an environment with the wheel, beside the engines of make."""
    folder = tmp_path_factory.mktemp("bulk")
    run([sys.executable, "-m", "venv", folder], folder, os.environ)
    installed = folder / "bin" / "python"
    run([installed, "-m", "pip", "install", "-q", "--no-index", package("wheel")], folder, {})
    return installed


@pytest.fixture(scope="module")
def env(python: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    home = tmp_path_factory.mktemp("spark")  # where Spark writes, too
    for path in (SITE / "pyspark").iterdir():
        (home / path.name).symlink_to(path)
    tools = [python.parent, Path(sys.executable).parent]
    return {
        **os.environ,
        "PATH": os.pathsep.join([*map(str, tools), os.environ["PATH"]]),
        "PYTHONPATH": os.pathsep.join([str(SITE), str(RECIPES)]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYLON_IDENTITY_SECRET": SECRET,
        "PYSPARK_PYTHON": str(python),
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "JAVA_HOME": str(ROOT / "tools" / "java"),
    }


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with an index that is not the default, in which labels repeat."""
    path = tmp_path_factory.mktemp("source") / "emails.parquet"
    users = pd.DataFrame({"id": range(len(EMAILS)), "email": EMAILS})
    users.set_index(users["id"] % 7).rename_axis(None).to_parquet(path)
    return path


def check(table: pa.Table) -> None:
    rows = table.sort_by("id")
    assert rows["email"].to_pylist() == EMAILS
    assert rows["email_hash"].to_pylist() == EXPECTED
    assert pa.types.is_string(rows["email_hash"].type) | pa.types.is_large_string(
        rows["email_hash"].type
    )


@pytest.mark.parametrize("engine", ["duckdb", "polars", "pandas"])
def test_recipe(
    engine: str, python: Path, env: dict[str, str], source: Path, tmp_path: Path
) -> None:
    command = [python, RECIPES / f"with_{engine}.py", source, "hashes.parquet"]
    malformed = attempt(command, tmp_path, {**env, "PYLON_IDENTITY_SECRET": MALFORMED})
    assert malformed.returncode != 0
    assert malformed.stderr.endswith(words(python, env, MALFORMED) + "\n")
    assert MALFORMED not in malformed.stderr
    assert list(tmp_path.iterdir()) == []
    run(command, tmp_path, env)
    check(pq.read_table(tmp_path / "hashes.parquet"))


def words(python: Path, env: dict[str, str], secret: str) -> str:
    """Return the error of the package for a secret."""
    program = "from pylon_identity import IdentitySecret; IdentitySecret.from_env()"
    done = attempt([python, "-c", program], ROOT, {**env, "PYLON_IDENTITY_SECRET": secret})
    return done.stderr.splitlines()[-1].removeprefix("pylon_identity.")


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_command_line(kind: str, env: dict[str, str], source: Path, tmp_path: Path) -> None:
    block = first_match(r"^```sh\n(set -o pipefail\n.*?)^```$", ROOT / "docs" / "bulk.md")
    pq.write_table(pq.read_table(source, columns=["id", "email"]), tmp_path / "emails.parquet")
    if kind == "csv":
        copy = "COPY (FROM 'emails.parquet') TO 'emails.csv'"
        run(["duckdb", "-c", copy], tmp_path, env)
    run(["bash", "-ec", block.replace(".parquet", f".{kind}")], tmp_path, env)
    read = f"COPY (FROM 'hashes.{kind}') TO 'read.parquet'"
    run(["duckdb", "-c", read], tmp_path, env)
    rows = pq.read_table(tmp_path / "read.parquet").to_pydict()
    assert list(zip(rows["email"], rows["email_hash"], strict=True)) == [
        pair for pair in zip(EMAILS, EXPECTED, strict=True) if pair[1]
    ]


def test_data_frames(python: Path, env: dict[str, str], tmp_path: Path) -> None:
    """Run the programs of the README."""
    section = first_match(r"^## pandas and Polars\n(.*?)^## ", ROOT / "python" / "README.md")
    programs = re.findall(r"^```python\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    assert len(programs) == 2
    for program in programs:
        assert run([python, "-c", program], tmp_path, env) == f"{EMAIL_HASH}\n"
    # As pandas.concat leaves it: a label stands for several rows.
    twice = programs[0].replace("None]}", "None, 'eve@example.com']}, index=[0, 0, 0]")
    shown = "print([str(users['email_hash'].iloc[row])[:4] for row in range(3)])"
    twice = twice.replace('print(users["email_hash"][0])', shown)
    hashes = [EMAIL_HASH[:4], "nan", oracle.sign(bytes.fromhex(SECRET), b"eve@example.com")[:4]]
    assert run([python, "-c", twice], tmp_path, env) == f"{hashes}\n"


def found(text: str, folder: Path) -> list[str]:
    """Return the files of the folder that show the text."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    forms = {text.encode(), text.upper().encode(), bytes.fromhex(text)}
    shows = [path for path in files if any(form in path.read_bytes() for form in forms)]
    return sorted(str(path.relative_to(folder)) for path in shows)


@pytest.mark.parametrize("master", ["local[2]", "local-cluster[2,1,1024]"])
def test_pyspark(
    master: str, python: Path, env: dict[str, str], source: Path, tmp_path: Path
) -> None:
    program = Path(__file__).with_name("bulk_spark.py")
    environment = {**env, "PLANTED": PLANTED}
    log = run([python, program, master, source, tmp_path], tmp_path, environment)
    result = json.loads((tmp_path / "result").read_text())
    check(pq.read_table(tmp_path / "hashes"))
    assert result["unchanged"], "the recipe changes the schema of its argument"
    assert result["executors"] == (3 if "cluster" in master else 1)

    for problem, secret in (("empty", ""), ("malformed", MALFORMED)):
        failure = result["failures"][problem]
        expected = words(python, env, secret)
        assert expected in failure["raised"]
        assert MALFORMED not in failure["raised"]
        assert {f"IdentityError: {error}" for error in failure["errors"]} == {expected}
        assert len(failure["errors"]) == 4
        assert failure["files"] == []
    assert result["not unicode"] == [None]
    assert result["own hmac"] in ([True, True, False], False)

    work = Path(env["SPARK_HOME"]) / "work"
    shown, planted = tmp_path / "shown", result["planted"]
    (shown / "log").write_text(log)
    assert SECRET not in log
    assert found(SECRET, tmp_path) == []
    if "cluster" in master:
        assert found(SECRET, work) == []
        printed = found(planted["printed"], work)
        assert [Path(path).name for path in printed] == ["stderr", "stderr"]

    # Where the other ways to pass a secret show, as docs/bulk.md says.
    for way in ("literal", "parameter", "variable"):
        places = " ".join(found(planted[way], shown))
        for place in (
            "plan of query",
            r"events/",
            r"page \d+ SQL execution",
            r"page \d+ api v1 \S+ \S+ sql",
        ):
            assert re.search(place, places), (way, place)
    places = " ".join(found(planted["executorEnv"], shown))
    assert re.search(r"events/.*page \d+ api v1 \S+ \S+ environment", places)
    redacted = found(planted["executorEnv SECRET"], tmp_path)
    assert redacted == ["configuration", "processes", "result"]
