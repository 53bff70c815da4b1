"""Checks what the project depends on: nothing more than listed, all of it locked, and allowed.

harden/dependencies.txt lists the crates that each package is made of. After a change on purpose:

    python3 harden/supply.py
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import zipfile
from pathlib import Path

from check import BUILT, ROOT, Broken, Check, caught, run

LIST = ROOT / "harden" / "dependencies.txt"
PACKAGES = ("core", "cli", "python", "node", "c")
MEND = "If it is on purpose: python3 harden/supply.py"
OWN = "github.com/pylon-identity/pylon-identity/"


def files(pattern: str) -> list[Path]:
    return [ROOT / name for name in run(["git", "ls-files", "--", pattern]).splitlines()]


def workspace(planted: str) -> Path:
    """Copy the workspace, with something added to the dependencies of the core."""
    copy = BUILT / "workspace"
    shutil.rmtree(copy, ignore_errors=True)
    for pattern in ("*.toml", "Cargo.lock", "*.rs"):
        for file in files(pattern):
            to = copy / file.relative_to(ROOT)
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, to)
    manifest = copy / "core" / "Cargo.toml"
    text = manifest.read_text("utf-8")
    manifest.write_text(text.replace("\n[dependencies]\n", f"\n[dependencies]\n{planted}\n"))
    return copy


# --- the list ---


def dependencies(root: Path) -> str:
    """Write down what each package is compiled from, on all platforms, and what builds it."""
    text = "# The crates in each package, and those that build it; harden/supply.py writes this.\n"
    for package in PACKAGES:
        tree = ["cargo", "tree", "--locked", "--package", f"pylon-identity-{package}"]
        tree += ["--edges", "normal,build", "--target", "all", "--prefix", "none"]
        lines = run([*tree, "--format", "{p}"], cwd=root).splitlines()
        crates = sorted({line.split()[0] for line in lines if re.match(r"\S+ v\d", line)})
        crates.remove(f"pylon-identity-{package}")
        text += f"\npylon-identity-{package}: {len(crates)}\n"
        text += "".join(f"    {crate}\n" for crate in crates)
    return text


def compare(root: Path) -> str:
    listed, found = LIST.read_text("utf-8"), dependencies(root)
    if listed != found:
        before, after = set(listed.splitlines()), set(found.splitlines())
        change = [f"- {line.strip()}" for line in sorted(before - after)]
        change += [f"+ {line.strip()}" for line in sorted(after - before)]
        raise Broken("\n".join(["not what harden/dependencies.txt lists:", *change, MEND]))
    return found


def listed() -> str:
    counts = re.findall(r"^pylon-identity-(\w+): (\d+)", compare(ROOT), re.MULTILINE)
    return ", ".join(f"{package} {count}" for package, count in counts) + " crates, as listed"


def one_more() -> str:
    # Both are in the lock file already; the tests of the core need the first.
    caught(r"\+ hex", compare, workspace('hex = "0.4.3"'))
    caught("--locked", compare, workspace("lexopt.workspace = true"))
    return "one more crate in the core and a lock file that is out of date: refused"


# --- what is locked ---


def requirements(text: str) -> dict[str, int]:
    """Return the packages that a lock file pins, with how many hashes each has."""
    entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    pinned: dict[str, int] = {}
    for entry in entries:
        pin = re.split(r"[\s;]", entry)[0].lower()
        pinned[pin] = len(re.findall("--hash=sha256:[0-9a-f]{64}", entry))
    return pinned


def check_cargo(lock: str, name: str) -> int:
    """Look for crates without a hash; what has no source is a folder of ours."""
    crates, hashes = lock.count("\nsource = "), lock.count("\nchecksum = ")
    if crates != hashes:
        raise Broken(f"{name}: a crate without a hash")
    return crates


def check_requirements(wanted: str, locked: str, name: str) -> int:
    pinned = requirements(locked)
    if bare := [pin for pin, hashes in pinned.items() if "==" not in pin or not hashes]:
        raise Broken(f"{name}: no version or hash of {', '.join(bare)}")
    for line in re.findall("^[^#].*", wanted, re.MULTILINE):
        pin = re.sub(r"\[.*?\]", "", line.split(";")[0]).strip().lower()
        if pin not in {re.sub(r"\[.*?\]", "", pin) for pin in pinned}:
            raise Broken(f"{name}: {pin} is not locked. Run: make lock")
    return len(pinned)


def check_npm(lock: dict[str, dict[str, dict[str, object]]], name: str) -> int:
    """Look for packages without a hash; what is not in node_modules is a folder of ours."""
    packages = lock["packages"].items()
    fetched = {path: of for path, of in packages if "node_modules/" in path and not of.get("link")}
    if bare := [path for path, of in fetched.items() if "integrity" not in of]:
        raise Broken(f"{name}: no hash of {', '.join(bare)}")
    return len(fetched)


def check_go(module: str, name: str) -> int:
    """Go's modules need none but our own, so there is nothing to lock."""
    required = re.findall(r"^(?:require\s+|\t)([\w./-]+) v", module, re.MULTILINE)
    if foreign := [path for path in required if not path.startswith(OWN)]:
        raise Broken(f"{name}: requires {', '.join(foreign)}")
    return 1


def locked() -> str:
    cargo = python = npm = go = 0
    for file in files("*Cargo.lock"):
        cargo += check_cargo(file.read_text("utf-8"), str(file.relative_to(ROOT)))
    for wanted in files("requirements/*.in"):
        file = wanted.with_suffix(".txt")
        python += check_requirements(wanted.read_text("utf-8"), file.read_text("utf-8"), file.name)
    for file in files("*package-lock.json"):
        npm += check_npm(json.loads(file.read_text("utf-8")), str(file.relative_to(ROOT)))
    for file in files("*go.mod"):
        go += check_go(file.read_text("utf-8"), str(file.relative_to(ROOT)))
    for file in files("*package.json"):
        if (
            not (file.with_name("package-lock.json")).exists()
            and b"ependencies" in file.read_bytes()
        ):
            raise Broken(f"{file.relative_to(ROOT)} has dependencies, but no lock file")
    if not all((cargo, python, npm, go)):
        raise Broken(f"no lock files of some kind were found: {cargo}, {python}, {npm}, {go}")
    return (
        f"{cargo} crates, {python} Python and {npm} npm packages locked with their hashes; "
        f"{go} Go modules that need none"
    )


def unlocked() -> str:
    wanted = (ROOT / "requirements" / "go.in").read_text("utf-8")
    lock = (ROOT / "requirements" / "go.txt").read_text("utf-8")
    bare = re.sub(r"--hash=.*", "", lock)
    npm = json.loads((ROOT / "node" / "package-lock.json").read_text("utf-8"))
    del npm["packages"]["node_modules/typescript"]["integrity"]
    crates = re.sub(r"\nchecksum = .*", "", (ROOT / "Cargo.lock").read_text("utf-8"), count=1)
    caught("without a hash", check_cargo, crates, "")
    caught("no version or hash", check_requirements, wanted, bare, "")
    caught("no hash", check_npm, npm, "")
    caught("make lock", check_requirements, wanted.replace("==", "==9"), lock, "")
    caught("example.com/y", check_go, "module x\n\nrequire example.com/y v1.0.0\n", "")
    caught("MATCH", install_other_hash)
    return (
        "a crate, a Python and an npm package without a hash, a version that is not the locked "
        "one, a foreign Go module, a Python package with another hash: refused"
    )


def install_other_hash() -> None:
    """Let pip install a wheel that is not the one whose hash is required."""
    folder = BUILT / "wheel"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / "planted-1.0-py3-none-any.whl", "w") as wheel:
        info = "planted-1.0.dist-info"
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: planted\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    (folder / "planted.txt").write_text(f"planted==1.0 --hash=sha256:{'0' * 64}\n")
    pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--dry-run"]
    pip += ["--require-hashes", "--no-index", "--find-links", str(folder)]
    run([*pip, "--requirement", folder / "planted.txt"])


# --- what is allowed ---


def deny(root: Path, *options: str, locked: bool = False) -> str:
    command = ["cargo-deny", "--color", "never", "--config", str(ROOT / "deny.toml")]
    command += ["--locked"] if locked else []
    command += ["check", "--hide-inclusion-graph", *options, "bans", "licenses", "sources"]
    return run(command, cwd=root).strip().splitlines()[-1]


def allowed() -> str:
    # Not every licence that is allowed is among the few crates there.
    fuzzing = deny(ROOT / "fuzz", "--allow=license-not-encountered", locked=True)
    return f"cargo-deny: {deny(ROOT, locked=True)}; for the fuzz targets {fuzzing}"


def crate(name: str, version: str, licence: str) -> Path:
    """Make a crate to depend on."""
    folder = BUILT / "planted" / name
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "lib.rs").touch()
    (folder / "Cargo.toml").write_text(
        f'[package]\nname = "{name}"\nversion = "{version}"\nedition = "2024"\n'
        f'license = "{licence}"\n\n[workspace]\n'
    )
    return folder


def forbidden() -> str:
    second = crate("zeroize", "0.0.1", "MIT")
    strict = crate("strict", "1.0.0", "GPL-3.0-only")
    elsewhere = crate("elsewhere", "1.0.0", "MIT")
    git = ["git", "-c", "user.name=nobody", "-c", "user.email=nobody@example.com"]
    run([*git, "init", "--quiet"], cwd=elsewhere)
    run([*git, "add", "."], cwd=elsewhere)
    run([*git, "commit", "--quiet", "--message=planted"], cwd=elsewhere)
    planted = {
        "a second version": (
            f'second = {{ package = "zeroize", path = "{second}", version = "0.0.1" }}',
            "error[duplicate]",
        ),
        "a wildcard": ('hex = "*"', "error[wildcard]"),
        "a licence": (f'strict = {{ path = "{strict}", version = "1" }}', "error[rejected]"),
        "a git repository": (
            f'elsewhere = {{ git = "{elsewhere.as_uri()}", version = "1" }}',
            "error[source-not-allowed]",
        ),
    }
    for line, reason in planted.values():
        caught(re.escape(reason), deny, workspace(line))
    return f"{', '.join(planted)}: each refused in a copy of the workspace"


CHECKS = [
    Check("dependencies are those listed", listed, one_more, quick=True),
    Check("dependencies are locked", locked, unlocked, quick=True),
    Check("dependencies are allowed", allowed, forbidden),
]

if __name__ == "__main__":
    LIST.write_text(dependencies(ROOT), "utf-8")
