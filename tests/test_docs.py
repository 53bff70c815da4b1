"""The code blocks of all documents run or are checked, and all links and paths exist.

A program prints the text block after it. Without one it prints the script tag, the email hash or
nothing.
"""

from __future__ import annotations

import configparser
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import docs_frameworks
import oracle
import pytest

import pylon_identity

ROOT = Path(__file__).parents[1]
GO_MODULE = "github.com/pylon-identity/pylon-identity/go"
OWN_PAGES = "https://github.com/pylon-identity/pylon-identity/blob/main/"
EMAIL_HASH = oracle.sign(bytes.fromhex(oracle.SECRET), b"ada@example.com")
SETTINGS = {"app_id": "YOUR_APP_ID", "email": "ada@example.com", "name": "Ada"}
SCRIPT = oracle.script({**SETTINGS, "email_hash": EMAIL_HASH}, "r4nd0m")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def files(pattern: str) -> list[str]:
    command = ["git", "ls-files", "--", pattern]
    names = subprocess.check_output(command, cwd=ROOT, encoding="utf-8").splitlines()
    return [name for name in names if (ROOT / name).exists()]


DOCUMENTS = files("*.md")
FOLDERS = {name.split("/")[0] for name in files("*/*")}


class Block(NamedTuple):
    document: str
    line: int
    heading: str
    language: str
    code: str
    before: str = ""  # the shell block before a program
    output: str | None = None  # the text block after it


def parse(document: str) -> list[Block]:
    """Find the blocks, fenced or indented. An indented block is one of the shell."""
    found: list[Block] = []
    heading = ""
    pattern = r"^#+ (.+)$|^```(\w*).*\n((?:.*\n)*?)```$|(?<=\n\n)((?:    .+\n|\n(?=    ))+)"
    for match in re.finditer(pattern, read(document), re.MULTILINE):
        if match[1]:
            heading = match[1]
            continue
        last = found[-1] if found and found[-1].heading == heading else None
        if match[2] == "text" and last:
            found[-1] = last._replace(output=match[3])
            continue
        line = match.string.count("\n", 0, match.start()) + 1
        language, code = ("sh", match[4]) if match[4] else (match[2], match[3])
        before = last.code if last and last.language == "sh" else ""
        found.append(Block(document, line, heading, language, code, before))
    return found


BLOCKS = [
    block for document in DOCUMENTS if document != "CHANGELOG.md" for block in parse(document)
]


def run(command: list[str], folder: Path, **environment: str) -> str:
    environment |= {"PYLON_IDENTITY_SECRET": oracle.SECRET, "GOPROXY": "off"}
    environment = {**os.environ, **environment}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, encoding="utf-8"
    )
    may_say_no = "diagnose" in " ".join(command)
    assert done.returncode in (0, int(may_say_no)), done.stdout + done.stderr
    return done.stdout


# --- programs ---


def run_python(code: str, _: str, folder: Path) -> str:
    return run([sys.executable, "-c", code], folder)


def run_js(code: str, _: str, folder: Path) -> str:
    (folder / "node_modules").mkdir()
    (folder / "node_modules" / "pylon-identity").symlink_to(ROOT / "node")
    return run(["node", "--input-type=module", "--eval", code], folder)


def set_up_go(code: str, before: str, folder: Path) -> None:
    (folder / "program.go").write_text(code, encoding="utf-8")
    commands = f"go mod init app\ngo mod edit -replace {GO_MODULE}={ROOT}/go\ngo mod tidy"
    run(["sh", "-ec", before if before.startswith("go mod") else commands], folder)


def run_go(code: str, before: str, folder: Path) -> str:
    set_up_go(code, before, folder)
    return run(["go", "run", "."], folder)


def run_c(code: str, before: str, folder: Path) -> str:
    (folder / "program.c").write_text(code, encoding="utf-8")
    library = ROOT / "target" / "release"
    strict = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", f"-I{ROOT}/c-abi/include"]
    link = [f"-L{library}", "-lpylon_identity", f"-Wl,-rpath,{library}", "-o", "program"]
    run([os.environ.get("CC", "cc"), *strict, "program.c", *link], folder)
    if before.startswith("cc -I"):
        run(["sh", "-ec", before], folder)
    return run(["./program"], folder)


def run_cpp(code: str, _: str, folder: Path) -> str:
    (folder / "program.cpp").write_text(code, encoding="utf-8")
    strict = ["-std=c++11", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
    library = ROOT / "target" / "release"
    link = [f"-L{library}", "-lpylon_identity", f"-Wl,-rpath,{library}", "-o", "program"]
    run(["c++", *strict, f"-I{ROOT}/c-abi/include", "program.cpp", *link], folder)
    return run(["./program"], folder)


def run_rust(code: str, _: str, folder: Path) -> str:
    (folder / "src").mkdir()
    (folder / "src" / "main.rs").write_text(code, encoding="utf-8")
    shutil.copy(ROOT / "Cargo.lock", folder)
    (folder / "Cargo.toml").write_text(
        '[package]\nname = "program"\nedition = "2024"\n[workspace]\n'
        f'[dependencies]\npylon-identity.path = "{ROOT}/rust"\n'
    )
    target = str(ROOT / "target" / "readme")
    return run(["cargo", "run", "--quiet", "--offline"], folder, CARGO_TARGET_DIR=target)


PROGRAMS = {"python": run_python, "js": run_js, "go": run_go, "rust": run_rust}
PROGRAMS |= {"c": run_c, "cpp": run_cpp}


# --- other blocks ---

# The words that may follow a command. `cc` and `go mod` also run with their program, and
# tests/stacks/test_bulk.py runs DuckDB and Spark.
RECIPE = r"examples/bulk/with_\w+\.py emails\.parquet hashes\.parquet$"
COMMANDS = {
    "cargo": r"add |install --locked |test|xtask codegen",
    "cc": "",
    "cd": "",
    "duckdb": "-",
    "export": "",
    "go": rf"get {GO_MODULE}$|install {GO_MODULE}/cmd/pylon-identity@latest$|mod |run \.|test",
    "make": "",
    "npm": "ci|install|run|start|test",
    "npx": "wrangler dev",
    "pip": "install ",
    "pylon-identity": "sign - --json ",
    "python": rf"app\.py$|-m pytest|{RECIPE}",
    "set": "-o pipefail$",
    "spark-submit": RECIPE,
    "umask": "077$",
}


def check_shell(block: Block, _: Path) -> None:
    makefile, folder = read("Makefile"), ROOT
    code = re.sub(r"\$\([^()]*\)", "", block.code)
    for words in (shlex.split(part, comments=True) for part in re.split(r"\n|&&", code)):
        while words and re.match(r"[A-Z_]+=", words[0]):
            del words[0]
        if not words:
            continue
        command, rest = Path(words[0]).name, words[1:]
        assert command in COMMANDS, f"no rule for the command {command}"
        assert re.match(COMMANDS[command], " ".join(rest)), words
        if command == "cd":
            folder = (ROOT if rest[0] in FOLDERS else folder) / rest[0]
            assert folder.is_dir(), words
        if command == "make":
            patterns = [rf"\b{w.split('=')[0]}\b" if "=" in w else f"^{w}:" for w in rest]
            assert all(re.search(pattern, makefile, re.MULTILINE) for pattern in patterns), words
        if command == "npm" and rest[0] in ("run", "start", "test"):
            scripts = json.loads((folder / "package.json").read_text())["scripts"]
            assert rest[-1] in scripts, words
        names = [word for word in rest if re.search(r"\.(txt|py)$", word)]
        names += re.findall(r"(?:^|[ =I])(?:\./)?pylon-identity/(\S+)", " ".join(rest))
        assert all((folder / name).exists() for name in names), names


def check_console(block: Block, folder: Path) -> None:
    command, *shown = block.code.splitlines()
    path = os.pathsep.join([str(ROOT / "target" / "release"), os.environ["PATH"]])
    output = run(["sh", "-c", command.removeprefix("$ ")], folder, PATH=path)
    pattern = "\n".join(re.escape(line).replace("…", ".*") for line in shown)
    assert re.fullmatch(pattern, output.strip()), output


def check_example(block: Block, _: Path) -> None:
    """The block names a file of the example, which is built and tested in a browser."""
    name, code = block.code.split("\n", 1)
    assert code == read(f"examples/nextjs/{name.removeprefix('// ')}")


def check_cmake(block: Block, _: Path) -> None:
    ours = "".join(read(name) for name in files("packaging") if not name.endswith(".md"))
    assert all(name in ours for name in re.findall(r"pylon_identity::\w+", block.code))


def check_wrap(block: Block, _: Path) -> None:
    """The wrap names the file of the release. `make test-dist` uses the wrap."""
    wrap = configparser.ConfigParser()
    wrap.read_string(block.code)
    name = wrap["wrap-file"]["source_filename"]
    assert name == f"{wrap['wrap-file']['directory']}.tar.gz"
    assert wrap["wrap-file"]["source_url"].endswith(f"/releases/download/vVERSION/{name}")
    assert 'f"pylon-identity-c-{VERSION}-{PLATFORM}"' in read("packaging/dist.py")


def check_meson(block: Block, _: Path) -> None:
    [name] = re.findall(r"dependency\('(\w+)'", block.code)
    assert f"override_dependency('{name}'" in read("packaging/c/meson.build")


def check_foreign(block: Block, _: Path) -> None:
    """`make harden` runs these, in the languages that the machine has."""
    assert f'"{block.language}": ' in read("harden/test_other_languages.py")
    called = set(re.findall(r"pylon_identity_\w+", block.code)) - {"pylon_identity_ffi"}
    assert called
    assert [name for name in called if name not in read("c-abi/include/pylon_identity.h")] == []


def check_drawing(block: Block, _: Path) -> None:
    names = re.findall(r"[\w-]+/[\w./-]*", block.code)
    assert names, "a text block is a drawing, or stands after a program"
    assert [name for name in names if not (ROOT / name).exists()] == []


OTHERS = {
    "cmake": check_cmake,
    "console": check_console,
    "csharp": check_foreign,
    "ini": check_wrap,
    "java": check_foreign,
    "meson": check_meson,
    "php": check_foreign,
    "ruby": check_foreign,
    "sh": check_shell,
    "text": check_drawing,
    "ts": check_example,
    "tsx": check_example,
}


@pytest.mark.parametrize("block", [pytest.param(b, id=f"{b[0]}:{b[1]} {b[3]}") for b in BLOCKS])
def test_block(block: Block, tmp_path: Path) -> None:
    if harness := docs_frameworks.HARNESSES.get((block.heading, block.language)):
        if block.language == "go":
            set_up_go(block.code, "", tmp_path)
        harness(block.code, tmp_path, run)
    elif block.language in PROGRAMS:
        (tmp_path / "pylon-identity").symlink_to(ROOT)
        output = PROGRAMS[block.language](block.code, block.before, tmp_path)
        if block.output is not None or "r4nd0m" in block.code:
            assert output == (block.output or SCRIPT + "\n")
        assert block.output is not None or set(output.splitlines()) <= {SCRIPT, EMAIL_HASH}
    else:
        assert block.language in OTHERS, f"no rule for a block of {block.language or 'no language'}"
        OTHERS[block.language](block, tmp_path)


# --- text ---


def anchors(text: str) -> list[str]:
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_and_paths(document: str) -> None:
    text = re.sub(r"^```(.*\n)*?```$", "", read(document), flags=re.MULTILINE)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if link.startswith("http") and not link.startswith(OWN_PAGES):
            assert re.fullmatch(r"[\w-]+(\.[\w-]+)+", urlsplit(link).netloc), link
            continue
        folder = ROOT if link.startswith(OWN_PAGES) else (ROOT / document).parent
        path, _, anchor = link.removeprefix(OWN_PAGES).partition("#")
        target = folder / path if path else ROOT / document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.read_text(encoding="utf-8")), link
    for path in re.findall(r"`([\w.-]+/[\w./*-]*(?:/|\.[a-z]+))`", text):
        assert path.split("/")[0] not in FOLDERS or any(ROOT.glob(path.rstrip("/"))), path


def test_the_reference_has_every_public_name() -> None:
    go = "".join(read(name) for name in files("go/*.go") if not name.endswith("_test.go"))
    names = [*pylon_identity.__all__, *vars(pylon_identity.IdentitySecret)]
    names += vars(pylon_identity.JwtSecret)
    names += re.findall(r"export declare \w+ (\w+)", read("node/index.d.ts"))
    names += re.findall(r"^\w.*\b(pylon_identity_\w+)\(", read("go/include/pylon_identity.h"), re.M)
    names += re.findall(r"^func (?:\(s \*\w+Secret\) )?([A-Z]\w*)", go, re.M)
    reference = read("docs/reference.md")
    assert [n for n in names if n not in reference and (n[0] != "_" or n == "__version__")] == []


def test_the_front_pages_are_short() -> None:
    readme = read("README.md")
    assert readme[: readme.index("\n```")].count("\n") < 20
    assert (readme.count("\n") <= 200, read("SECURITY.md").count("\n") <= 60) == (True, True)
