"""Builds the portable core: the C library as a WebAssembly module, and that module as Go source.

    make portable               # writes both, and a stamp of their sources
    tools/portable.py --check   # builds both again, and compares

Needs the sources of Rust's standard library (`rustup component add rust-src`; on Debian
`apt-get install rustc-web cargo-web rust-web-src lld-19`, with /usr/bin first in PATH) and Go.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MODULE = ROOT / "node" / "core.wasm"
SOURCE = ROOT / "go" / "internal" / "core" / "core.go"
STAMP = ROOT / "tools" / "portable.stamp"
BUILT = ROOT / "target" / "portable"

TARGET = "wasm32-unknown-unknown"
WASM2GO = "github.com/ncruces/wasm2go@v0.4.21"
STD = ["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"]
LINKER = "wasm-ld-19"  # Debian's; rustup's Rust has its own
PROFILE = ["opt-level='z'", "panic='abort'", "strip=true", "lto=true", "codegen-units=1"]
# These also replace the profiles of packages in Cargo.toml. A diagnosis makes thousands of hashes.
PROFILE += ["package.'*'.opt-level='z'", "package.sha2.opt-level=3"]
PROFILE += [f"package.{name}.opt-level='z'" for name in ("base16ct", "hmac", "pylon-identity-core")]
FLAGS = [
    '--cfg=getrandom_backend="unsupported"',
    '--cfg=sha2_backend_soft="compact"',  # a tenth of the module less, and signing a fifth slower
    "-Clink-arg=--max-memory=268435456",
    "-Clink-arg=-zstack-size=131072",
    # A panic is a trap: its text could not be read, and would be a fifth of the module.
    "-Zunstable-options",
    "-Cpanic=immediate-abort",
]

# Memory that grows may move. The old place may hold a secret.
GROW = "\t*mem = append(buf, make([]byte, int(new<<16)-len)...)\n"
WIPE = "\tif &(*mem)[0] != &buf[0] {\n\t\tclear(buf)\n\t}\n"


def output(*command: str, env: dict[str, str] | None = None) -> str:
    env = {**os.environ, **(env or {})}
    return subprocess.run(
        command, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def origin() -> str:
    """Return a hash of the sources, of the crates with their features, and of the flags."""
    tree = output(
        *["cargo", "tree", "--locked", "--package=pylon-identity-c", f"--target={TARGET}"],
        *["--edges=normal", "--prefix=none", "--no-dedupe", "--format={p} {f}", "--color=never"],
    )
    crates = {re.sub(r" \(.*?\)", "", line).strip() for line in tree.splitlines()}
    paths = [*ROOT.glob("core/src/**/*.rs"), *ROOT.glob("c-abi/src/**/*.rs")]
    files = [f"{path.relative_to(ROOT).as_posix()} {sha256(path.read_bytes())}" for path in paths]
    manifest = (ROOT / "Cargo.toml").read_text("utf-8")
    profile = re.findall(r"^\[profile\.release.+?(?=^\[|\Z)", manifest, re.MULTILINE | re.DOTALL)
    built = [TARGET, WASM2GO, *STD, *PROFILE, *FLAGS, GROW, WIPE, *profile]
    return sha256("\n".join([*built, *sorted(crates), *sorted(files)]).encode())


def stamp(module: bytes, source: bytes) -> str:
    """Return the hashes of the sources of the two files, and of the files."""
    return "".join(
        f"{found}  {name}\n"
        for found, name in [
            (origin(), "core/src c-abi/src crates flags"),
            (sha256(module), MODULE.relative_to(ROOT).as_posix()),
            (sha256(source), SOURCE.relative_to(ROOT).as_posix()),
        ]
    )


def is_fresh() -> bool:
    """Whether the committed files are made from these sources."""
    written = STAMP.read_text("utf-8")
    return written.startswith(stamp(MODULE.read_bytes(), SOURCE.read_bytes()))


def tools() -> str:
    """Return the tools: the bytes of the module depend on them, too."""
    linker = output(LINKER, "--version") if shutil.which(LINKER) else "Rust's own linker"
    return f"made by {output('rustc', '-V').strip()}, {linker.strip()}, {WASM2GO}\n"


def build() -> tuple[bytes, bytes]:
    home = os.environ.get("CARGO_HOME", str(Path.home() / ".cargo"))
    sysroot = output("rustc", "--print", "sysroot").strip()
    flags = [*FLAGS, f"--remap-path-prefix={home}=cargo", f"--remap-path-prefix={sysroot}=rust"]
    if shutil.which(LINKER):
        flags.append(f"-Clinker={LINKER}")
    env = {"CARGO_TARGET_DIR": str(BUILT), "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(flags)}
    env |= {"RUSTC_BOOTSTRAP": "1"}  # for the standard library
    output(
        *["cargo", "rustc", "--quiet", "--release", "--locked", "--package=pylon-identity-c"],
        *["--lib", "--crate-type=cdylib", f"--target={TARGET}", *STD],
        *(f"--config=profile.release.{setting}" for setting in PROFILE),
        env=env,
    )
    module = BUILT / TARGET / "release" / "pylon_identity.wasm"
    source = output("go", "run", WASM2GO, "-pkg=core", str(module), env={"GOFLAGS": ""})
    assert source.count(GROW) == 1, "wasm2go grows memory in another way"
    return module.read_bytes(), source.replace(GROW, GROW + WIPE).encode()


def main() -> None:
    module, source = build()
    made = stamp(module, source) + tools()
    if sys.argv[1:] == ["--check"]:
        if made != STAMP.read_text("utf-8") or not is_fresh():
            sys.exit(f"The committed files are not these:\n\n{made}\nRun: make portable")
        return
    SOURCE.parent.mkdir(parents=True, exist_ok=True)
    MODULE.write_bytes(module)
    SOURCE.write_bytes(source)
    STAMP.write_text(made, "utf-8")
    print(f"{MODULE.name}: {len(module) / 1000:.1f} kB, {SOURCE.name}: {len(source) / 1000:.1f} kB")


if __name__ == "__main__":
    main()
