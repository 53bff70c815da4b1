"""Builds the packages of all registries into dist/, for the machine that it runs on.

    make dist

On Linux with glibc, Zig links everything for glibc 2.17 (2012).
The same commit gives the same bytes.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import platform
import re
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

from seal import interface, seal

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
BUILT = ROOT / "target" / "dist"
STAGED = BUILT / "staged"
HEADER = ROOT / "c-abi" / "include" / "pylon_identity.h"
PLAIN_HEADER = ROOT / "c-abi" / "include" / "pylon_identity_ffi.h"
LICENSES = [ROOT / "LICENSE-APACHE", ROOT / "LICENSE-MIT"]
GO_MODULE = "github.com/pylon-identity/pylon-identity/go"

# The platforms of the npm packages, which have the names that napi-rs gives them.
NPM_PLATFORMS = re.findall(
    r"require\('pylon-identity-([a-z0-9-]+)'\)", (ROOT / "node" / "addon.js").read_text("utf-8")
)


def output(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def run(*command: str | Path, folder: Path = ROOT) -> None:
    subprocess.run(command, cwd=folder, env={**os.environ, **REPRODUCIBLE}, check=True)


HOST = re.search("^host: (.+)$", output("rustc", "-vV"), re.MULTILINE)[1]  # type: ignore[index]
VERSION = output("cargo", "pkgid", "--package", "pylon-identity-core").strip().split("@")[1]
GLIBC = HOST.endswith("-linux-gnu")
TARGET = f"{HOST}.2.17" if GLIBC else HOST
ARCH = {"x86_64": "x64", "aarch64": "arm64"}[HOST.split("-")[0]]
SYSTEM = {"Linux": "linux", "Darwin": "darwin", "Windows": "win32"}[platform.system()]
PLATFORM = "-".join([SYSTEM, ARCH, *re.findall("(?:gnu|musl|msvc)$", HOST)])


def last_commit() -> int:
    """Return the time of the last commit, or 1980 outside a checkout."""
    command = ["git", "log", "-1", "--format=%ct"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return int(done.stdout) if done.returncode == 0 else 315532800


RUST = Path(output("rustc", "--print", "sysroot").strip())
EPOCH = int(os.environ.get("SOURCE_DATE_EPOCH") or last_commit())
REPRODUCIBLE = {
    "SOURCE_DATE_EPOCH": str(EPOCH),
    "CARGO_TARGET_DIR": str(BUILT),
    "RUSTFLAGS": " ".join(
        f"--remap-path-prefix={path}={name}"
        for path, name in [
            (ROOT, "pylon-identity"),
            (os.environ.get("CARGO_HOME", Path.home() / ".cargo"), "cargo"),
            (RUST.resolve(), "rust"),
        ]
    ),
}


def cargo(package: str, crate_type: str, *flags: str) -> Path:
    """Build a library, and return its folder."""
    tool = ["cargo-zigbuild", "rustc", "--target", TARGET] if GLIBC else ["cargo", "rustc"]
    options = ["--quiet", "--release", "--locked", "--package", package, "--lib"]
    run(*tool, *options, "--crate-type", crate_type, "--", *flags)
    return BUILT / HOST / "release" if GLIBC else BUILT / "release"


def library(crate: str, kind: str) -> str:
    prefix = "" if SYSTEM == "win32" else "lib"
    suffixes = {
        "cdylib": {"linux": ".so", "darwin": ".dylib", "win32": ".dll"},
        "staticlib": {"linux": ".a", "darwin": ".a", "win32": ".lib"},
    }
    return f"{prefix}{crate}{suffixes[kind][SYSTEM]}"


def strip(path: Path) -> None:
    if SYSTEM != "win32":
        run("strip", *(["-x"] if SYSTEM == "darwin" else []), path)


def fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


# --- Python ---


def build_python() -> None:
    out = fresh(DIST / "python")
    source = ROOT / "python"
    zig = ["--zig", "--compatibility", "manylinux2014"] if GLIBC else []
    options = ["--release", "--locked", "--strip", "--quiet", "--compression-level", "9", "--out"]
    options += [str(out), *zig]
    run("maturin", "build", *options, folder=source)
    if python := free_threaded_python():
        run("maturin", "build", *options, "--interpreter", python, folder=source)
    run("maturin", "sdist", "--out", str(out), folder=source)


def free_threaded_python() -> str | None:
    """Return the Python of this machine that has no GIL, which the stable ABI leaves out."""
    found = shutil.which("python3.14t")
    works = found and subprocess.run([found, "-c", ""], capture_output=True).returncode == 0
    return found if works else None


# --- Node ---


def build_npm() -> None:
    out = fresh(DIST / "npm")
    package = json.loads((ROOT / "node" / "package.json").read_text("utf-8"))
    shared = {
        key: package[key] for key in ("version", "description", "license", "repository", "engines")
    }

    addon = f"pylon-identity.{PLATFORM}.node"
    folder = fresh(STAGED / "npm" / PLATFORM)
    built = cargo("pylon-identity-node", "cdylib") / library("pylon_identity_node", "cdylib")
    shutil.copy(built, folder / addon)
    strip(folder / addon)
    name = f"pylon-identity-{PLATFORM}"
    manifest = {"name": name, **shared, "main": addon, "os": [SYSTEM], "cpu": [ARCH]}
    if SYSTEM == "linux":
        manifest["libc"] = ["glibc" if GLIBC else "musl"]
    readme = (
        f"# {name}\n\nThe addon of `pylon-identity` for {PLATFORM}. Install `pylon-identity`.\n"
    )
    (folder / "README.md").write_text(readme, "utf-8")
    pack(folder, {**manifest, "files": [addon, "LICENSE-*"]}, out)

    folder = fresh(STAGED / "npm" / "main")
    files = [name for name in package["files"] if "*" not in name]
    for file in [*files, "README.md"]:
        shutil.copy(ROOT / "node" / file, folder)
    for key in ("devDependencies", "scripts"):
        package.pop(key, None)
    package["optionalDependencies"] = {f"pylon-identity-{key}": VERSION for key in NPM_PLATFORMS}
    pack(folder, {**package, "files": [*files, "LICENSE-*"]}, out)


def pack(folder: Path, manifest: dict[str, object], out: Path) -> None:
    for license_ in LICENSES:
        shutil.copy(license_, folder)
    (folder / "package.json").write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")
    npm = shutil.which("npm") or "npm"  # npm.cmd on Windows
    run(npm, "pack", "--silent", "--pack-destination", out, folder=folder)


# --- the C library ---


def build_libraries() -> tuple[Path, Path]:
    """Return the static library, sealed, and the shared one."""
    folder = fresh(STAGED / "libraries")
    static = folder / library("pylon_identity", "staticlib")
    # On Linux the file has the whole version in its name, and links lead to it.
    version = f".{VERSION}" if SYSTEM == "linux" else ""
    shared = folder / (library("pylon_identity", "cdylib") + version)
    built = cargo("pylon-identity-c", "staticlib") / static.name
    if SYSTEM != "win32":
        seal(built, interface(HEADER), static)
    else:
        shutil.copy(built, static)
    names = {
        "linux": f"-Wl,-soname,{major(shared.name)}",
        "darwin": f"-Wl,-install_name,@rpath/{shared.name}",
    }
    flags = [f"-Clink-arg={names[SYSTEM]}"] if SYSTEM in names else []
    built = cargo("pylon-identity-c", "cdylib", *flags) / library("pylon_identity", "cdylib")
    shutil.copy(built, shared)
    strip(shared)
    for imports in built.parent.glob("pylon_identity.dll.lib"):
        shutil.copy(imports, folder)
    return static, shared


def major(name: str) -> str:
    return name.removesuffix(VERSION) + VERSION.split(".")[0]


def native_static_libs() -> str:
    """Return the system libraries to link; the compiler adds -lc and libgcc itself."""
    command = ["rustc", "--print", "native-static-libs", "--crate-type", "staticlib", "-"]
    command += ["-o", str(STAGED / "empty.a")]
    done = subprocess.run(command, input="", capture_output=True, text=True, check=True)
    libs = done.stderr.split("native-static-libs:")[1].split("\n")[0].split()
    return " ".join(lib for lib in libs if lib not in ("-lgcc_s", "-lc"))


def build_c(static: Path, shared: Path) -> None:
    out = fresh(DIST / "c")
    name = f"pylon-identity-c-{VERSION}-{PLATFORM}"
    folder = fresh(STAGED / name)
    lib = folder / "lib"
    for path in ("include", "lib/pkgconfig", "lib/cmake/pylon_identity"):
        (folder / path).mkdir(parents=True)
    for header in (HEADER, PLAIN_HEADER):
        shutil.copy(header, folder / "include")
    for file in static.parent.iterdir():
        shutil.copy(file, lib)
    if SYSTEM == "linux":
        (lib / major(shared.name)).symlink_to(shared.name)
        (lib / library("pylon_identity", "cdylib")).symlink_to(major(shared.name))
    documents = [ROOT / "c-abi" / "README.md", ROOT / "docs" / "other-languages.md"]
    for file in [*LICENSES, *documents]:
        shutil.copy(file, folder)
    linked_as = {
        "linux": f'IMPORTED_SONAME "{major(shared.name)}"',
        "darwin": f'IMPORTED_SONAME "@rpath/{shared.name}"',
        "win32": f'IMPORTED_IMPLIB "${{_pylon_identity_prefix}}/lib/{shared.name}.lib"',
    }
    values = {
        "VERSION": VERSION,
        "STATIC_LIBS": native_static_libs(),
        "STATIC": static.name,
        "SHARED": shared.name,
        "LINKED_AS": linked_as[SYSTEM],
    }
    for template, to in {
        "pylon_identity.pc": "lib/pkgconfig",
        "pylon_identityConfig.cmake": "lib/cmake/pylon_identity",
        "pylon_identityConfigVersion.cmake": "lib/cmake/pylon_identity",
        "meson.build": "",
    }.items():
        text = (ROOT / "packaging" / "c" / template).read_text("utf-8")
        for key, value in values.items():
            text = text.replace(f"@{key}@", value)
        (folder / to / template).write_text(text, "utf-8")
    write_tar(folder, out / f"{name}.tar.gz")


def write_tar(folder: Path, to: Path) -> None:
    def anonymous(info: tarfile.TarInfo) -> tarfile.TarInfo:
        info.uid = info.gid = 0
        info.uname = info.gname = ""
        info.mtime = EPOCH
        info.mode = 0o755 if info.isdir() or ".so" in info.name else 0o644
        return info

    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for path in [folder, *sorted(folder.rglob("*"))]:
            name = str(path.relative_to(folder.parent))
            tar.add(path, name, recursive=False, filter=anonymous)
    to.write_bytes(gzip.compress(plain.getvalue(), mtime=0))


# --- Go ---


def go_files() -> Iterator[Path]:
    """Leave the tests out, which need files outside the module. pkg.go.dev shows the examples."""
    for path in sorted((ROOT / "go").rglob("*")):
        is_test = path.name.endswith("_test.go") and path.name != "example_test.go"
        if path.suffix in (".go", ".h", ".md", ".mod") and not is_test:
            yield path


def build_go_archives(static: Path) -> list[Path]:
    """Return the C library and the command line, which are apart: programs link only the first."""
    if SYSTEM == "win32":
        return [static]
    name = library("pylon_identity_command", "staticlib")
    command = fresh(STAGED / "command") / name
    built = cargo("pylon-identity-command", "staticlib") / name
    seal(built, ["pylon_identity_command_line"], command)
    return [static, command]


def build_go(archives: list[Path]) -> None:
    """Write the module as a proxy serves it: https://go.dev/ref/mod#goproxy-protocol"""
    out = fresh(DIST / "go" / GO_MODULE / "@v")
    version = f"v{VERSION}"
    time = datetime.fromtimestamp(EPOCH, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    (out / "list").write_text(f"{version}\n")
    (out / f"{version}.info").write_text(json.dumps({"Version": version, "Time": time}) + "\n")
    shutil.copy(ROOT / "go" / "go.mod", out / f"{version}.mod")
    files = {str(path.relative_to(ROOT / "go")): path for path in go_files()}
    files |= {f"lib/{go_platform()}/{path.name}": path for path in archives}
    files |= {path.name: path for path in LICENSES}
    with zipfile.ZipFile(out / f"{version}.zip", "w", zipfile.ZIP_DEFLATED) as module:
        for name, path in sorted(files.items()):
            info = zipfile.ZipInfo(f"{GO_MODULE}@{version}/{name}")
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            module.writestr(info, path.read_bytes())
    folder = DIST / "go" / "lib" / go_platform()
    folder.mkdir(parents=True, exist_ok=True)
    for path in archives:
        shutil.copy(path, folder)


def go_platform() -> str:
    return output("go", "env", "GOOS", "GOARCH").strip().replace("\n", "_")


# --- checksums ---


def write_sums() -> None:
    files = sorted(path for path in DIST.rglob("*") if path.is_file() and path.name != "SHA256SUMS")
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(DIST).as_posix()}\n"
        for path in files
    ]
    (DIST / "SHA256SUMS").write_text("".join(lines))
    for path in files:
        print(f"{path.stat().st_size / 1000:>9.1f} kB  {path.relative_to(DIST)}")


def main() -> None:
    fresh(DIST)
    static, shared = build_libraries()
    build_c(static, shared)
    build_go(build_go_archives(static))
    build_npm()
    build_python()
    write_sums()


if __name__ == "__main__":
    main()
