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
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import zopfli
from seal import interface, seal

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
BUILT = ROOT / "target" / "dist"
STAGED = BUILT / "staged"
HEADER = ROOT / "c-abi" / "include" / "pylon_identity.h"
LICENSES = [ROOT / "LICENSE-APACHE", ROOT / "LICENSE-MIT"]
GO_MODULE = "github.com/pylon-identity/pylon-identity/go"


def output(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def run(*command: str | Path, folder: Path = ROOT) -> None:
    subprocess.run(command, cwd=folder, env={**os.environ, **REPRODUCIBLE}, check=True)


HOST = re.search("^host: (.+)$", output("rustc", "-vV"), re.MULTILINE)[1]  # type: ignore[index]
VERSION = output("cargo", "pkgid", "--package", "pylon-identity-core").strip().split("@")[1]
MAJOR = VERSION.split(".")[0]
GLIBC = HOST.endswith("-linux-gnu")
TARGET = f"{HOST}.2.17" if GLIBC else HOST
ARCH = {"x86_64": "x64", "aarch64": "arm64"}[HOST.split("-")[0]]
SYSTEM = {"Linux": "linux", "Darwin": "darwin", "Windows": "win32"}[platform.system()]
STATIC, SHARED = {
    "linux": ("lib{}.a", "lib{}.so"),
    "darwin": ("lib{}.a", "lib{}.dylib"),
    "win32": ("{}.lib", "{}.dll"),
}[SYSTEM]
PLATFORM = "-".join([SYSTEM, ARCH, *re.findall("(?:gnu|musl|msvc)$", HOST)])


def last_commit() -> int:
    """Return the time of the last commit, or 1980 outside a checkout."""
    command = ["git", "log", "-1", "--format=%ct"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return int(done.stdout) if done.returncode == 0 else 315532800


EPOCH = int(os.environ.get("SOURCE_DATE_EPOCH") or last_commit())
REPRODUCIBLE = {
    "SOURCE_DATE_EPOCH": str(EPOCH),
    "CARGO_TARGET_DIR": str(BUILT),
    "RUSTFLAGS": " ".join(
        f"--remap-path-prefix={path}={name}"
        for path, name in [
            (ROOT, "pylon-identity"),
            (os.environ.get("CARGO_HOME", Path.home() / ".cargo"), "cargo"),
            (Path(output("rustc", "--print", "sysroot").strip()).resolve(), "rust"),
        ]
    ),
    "CARGO_PROFILE_RELEASE_STRIP": "symbols",
}


def cargo(package: str, crate_type: str, *flags: str) -> Path:
    """Build a library, and return it."""
    tool = ["cargo-zigbuild", "rustc", "--target", TARGET] if GLIBC else ["cargo", "rustc"]
    options = ["--quiet", "--release", "--locked", "--package", package, "--lib"]
    run(*tool, *options, "--crate-type", crate_type, "--", *flags)
    name = (STATIC if crate_type == "staticlib" else SHARED).format(package.replace("-", "_"))
    return BUILT / (HOST if GLIBC else "") / "release" / name.replace("_c.", ".")


def fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


# --- Python ---


def build_python() -> None:
    build = ["maturin", "build", "--release", "--locked", "--quiet", "--compression-level", "9"]
    build += ["--zig", "--compatibility", "manylinux2014"] if GLIBC else []
    out = ["--out", str(fresh(DIST / "python"))]
    run(*build, *out, folder=ROOT / "python")
    # The stable ABI leaves out the Python without the GIL. pyenv may have only its name.
    free = shutil.which("python3.14t")
    if free and subprocess.run([free, "-c", ""], capture_output=True).returncode == 0:
        run(*build, *out, "--interpreter", free, folder=ROOT / "python")
    run("maturin", "sdist", *out, folder=ROOT / "python")


# --- Node ---


def build_npm() -> None:
    fresh(DIST / "npm")
    package = json.loads((ROOT / "node" / "package.json").read_text("utf-8"))
    common = ("version", "description", "license", "repository", "engines")

    name, addon = f"pylon-identity-{PLATFORM}", f"pylon-identity.{PLATFORM}.node"
    folder = fresh(STAGED / "npm" / PLATFORM)
    shutil.copy(cargo("pylon-identity-node", "cdylib"), folder / addon)
    manifest = {"name": name, **{key: package[key] for key in common}}
    manifest |= {"main": addon, "os": [SYSTEM], "cpu": [ARCH], "files": [addon, "LICENSE-*"]}
    if SYSTEM == "linux":
        manifest["libc"] = ["glibc" if GLIBC else "musl"]
    use = f"The addon of `pylon-identity` for {PLATFORM}. Install `pylon-identity`."
    (folder / "README.md").write_text(f"# {name}\n\n{use}\n", "utf-8")
    pack(folder, manifest)

    folder = fresh(STAGED / "npm" / "main")
    files = [name for name in package["files"] if "*" not in name]
    for file in [*files, "README.md"]:
        shutil.copy(ROOT / "node" / file, folder)
    manifest = {key: package[key] for key in package if key not in ("devDependencies", "scripts")}
    # The platforms have the names that napi-rs gives them.
    loader = (ROOT / "node" / "addon.js").read_text("utf-8")
    names = re.findall(r"require\('(pylon-identity-[a-z0-9-]+)'\)", loader)
    manifest |= {"optionalDependencies": dict.fromkeys(names, VERSION)}
    pack(folder, {**manifest, "files": [*files, "LICENSE-*"]})


def pack(folder: Path, manifest: dict[str, object]) -> None:
    for license_ in LICENSES:
        shutil.copy(license_, folder)
    (folder / "package.json").write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")
    npm = shutil.which("npm") or "npm"  # npm.cmd on Windows
    run(npm, "pack", "--silent", "--pack-destination", DIST / "npm", folder=folder)


# --- the C library ---


def build_libraries() -> tuple[Path, Path]:
    """Return the static library, sealed, and the shared one."""
    folder = fresh(STAGED / "libraries")
    static = folder / STATIC.format("pylon_identity")
    # On Linux the file has the whole version in its name, and links lead to it.
    version = f".{VERSION}" if SYSTEM == "linux" else ""
    shared = folder / (SHARED.format("pylon_identity") + version)
    built = cargo("pylon-identity-c", "staticlib")
    if SYSTEM != "win32":
        seal(built, interface(HEADER), static)
    else:
        shutil.copy(built, static)
    names = {
        "linux": [f"-Clink-arg=-Wl,-soname,{major(shared)}"],
        "darwin": [f"-Clink-arg=-Wl,-install_name,@rpath/{shared.name}"],
    }
    built = cargo("pylon-identity-c", "cdylib", *names.get(SYSTEM, []))
    shutil.copy(built, shared)
    for imports in built.parent.glob("pylon_identity.dll.lib"):
        shutil.copy(imports, folder)
    return static, shared


def major(shared: Path) -> str:
    return shared.name.removesuffix(VERSION) + MAJOR


def native_static_libs() -> str:
    """Return the system libraries to link; the compiler adds -lc and libgcc itself."""
    command = ["rustc", "--print", "native-static-libs", "--crate-type", "staticlib", "-"]
    command += ["-o", str(STAGED / "empty.a")]
    done = subprocess.run(command, input="", capture_output=True, text=True, check=True)
    libs = done.stderr.split("native-static-libs:")[1].split("\n")[0].split()
    return " ".join(lib for lib in libs if lib not in ("-lgcc_s", "-lc"))


def build_c(static: Path, shared: Path) -> None:
    name = f"pylon-identity-c-{VERSION}-{PLATFORM}"
    folder = fresh(STAGED / name)
    lib = shutil.copytree(static.parent, folder / "lib")
    if SYSTEM == "linux":
        (lib / major(shared)).symlink_to(shared.name)
        (lib / SHARED.format("pylon_identity")).symlink_to(major(shared))
    (folder / "include").mkdir()
    for header in (HEADER, HEADER.with_name("pylon_identity_ffi.h")):
        shutil.copy(header, folder / "include")
    for file in [*LICENSES, ROOT / "c-abi" / "README.md", ROOT / "docs" / "other-languages.md"]:
        shutil.copy(file, folder)
    values = {
        "VERSION": VERSION,
        "STATIC_LIBS": native_static_libs(),
        "STATIC": static.name,
        "SHARED": shared.name,
        "LINKED_AS": {
            "linux": f'IMPORTED_SONAME "{major(shared)}"',
            "darwin": f'IMPORTED_SONAME "@rpath/{shared.name}"',
            "win32": f'IMPORTED_IMPLIB "${{_pylon_identity_prefix}}/lib/{shared.name}.lib"',
        }[SYSTEM],
    }
    places = {".pc": lib / "pkgconfig", ".cmake": lib / "cmake" / "pylon_identity"}
    for template in (ROOT / "packaging" / "c").iterdir():
        text = template.read_text("utf-8")
        for key, value in values.items():
            text = text.replace(f"@{key}@", value)
        place = places.get(template.suffix, folder)
        place.mkdir(parents=True, exist_ok=True)
        (place / template.name).write_text(text, "utf-8")
    write_tar(folder, fresh(DIST / "c") / f"{name}.tar.gz")


def write_tar(folder: Path, to: Path) -> None:
    def anonymous(info: tarfile.TarInfo) -> tarfile.TarInfo:
        info.uid = info.gid = 0
        info.uname = info.gname = ""
        info.mtime = EPOCH
        info.mode = 0o755 if info.isdir() or ".so" in info.name else 0o644
        return info

    with gzip.GzipFile(to, "wb", mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w") as tar:
        tar.add(folder, folder.name, filter=anonymous)  # in the order of the names


# --- Go ---


def go_lib() -> str:
    """Return for example lib/linux_amd64."""
    return "lib/" + output("go", "env", "GOOS", "GOARCH").strip().replace("\n", "_")


def build_go(static: Path) -> None:
    """Write the module as a proxy serves it: https://go.dev/ref/mod#goproxy-protocol"""
    archives = [static]
    if SYSTEM != "win32":
        # The command line is apart, since other programs link only the first.
        built = cargo("pylon-identity-command", "staticlib")
        archives.append(fresh(STAGED / "command") / built.name)
        seal(built, ["pylon_identity_command_line"], archives[1])
    released = fresh(DIST / "go" / go_lib())
    for path in archives:
        shutil.copy(path, released)

    files = {path.name: path for path in LICENSES}
    files |= {f"{go_lib()}/{path.name}": path for path in archives}
    for path in (ROOT / "go").rglob("*"):
        # Tests need files outside the module, but pkg.go.dev shows the examples.
        is_test = path.name.endswith("_test.go") and path.name != "example_test.go"
        if path.suffix in (".go", ".h", ".md", ".mod") and not is_test:
            files[path.relative_to(ROOT / "go").as_posix()] = path
    out = fresh(DIST / "go" / GO_MODULE / "@v")
    version = f"v{VERSION}"
    time = datetime.fromtimestamp(EPOCH, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    (out / "list").write_text(f"{version}\n")
    (out / f"{version}.info").write_text(json.dumps({"Version": version, "Time": time}) + "\n")
    shutil.copy(ROOT / "go" / "go.mod", out / f"{version}.mod")
    with zipfile.ZipFile(out / f"{version}.zip", "w") as module:
        for name, path in sorted(files.items()):
            info = zipfile.ZipInfo(f"{GO_MODULE}@{version}/{name}")
            info.external_attr = 0o644 << 16
            module.writestr(info, path.read_bytes(), zipfile.ZIP_DEFLATED)


# --- checksums ---


def compress_better(package: Path) -> None:
    """Compress a package again with Zopfli, which takes longer and makes it 4 % smaller."""
    options: dict[str, Any] = {"block_splitting_max": 0}  # no limit
    contents = io.BytesIO(package.read_bytes())
    if package.suffix in (".gz", ".tgz"):
        compressor = zopfli.ZopfliCompressor(zopfli.ZOPFLI_FORMAT_GZIP, **options)
        compressed = compressor.compress(gzip.decompress(contents.read())) + compressor.flush()
        package.write_bytes(compressed)
    elif package.suffix == ".whl":
        with zipfile.ZipFile(contents) as old, zopfli.ZipFile(package, "w", **options) as new:
            for info in old.infolist():
                new.writestr(info, old.read(info))


def write_sums() -> None:
    files = sorted(path for path in DIST.rglob("*") if path.is_file())
    with ThreadPoolExecutor() as pool:
        list(pool.map(compress_better, files))
    with (DIST / "SHA256SUMS").open("w") as sums:
        for path in files:
            name = path.relative_to(DIST).as_posix()
            sums.write(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}\n")
            print(f"{path.stat().st_size / 1000:>9.1f} kB  {name}")


def main() -> None:
    fresh(DIST)
    static, shared = build_libraries()
    build_c(static, shared)
    build_go(static)
    build_npm()
    build_python()
    write_sums()


if __name__ == "__main__":
    main()
