"""Seals a Rust static library: one object in which only the C interface is visible.

Two Rust static libraries in one program define the same symbols of Rust's standard library, and
a linker refuses that, or mixes them up. Sealed, each keeps its own to itself. Sealing also removes
all code that no function of the interface needs. On Linux the object also runs with glibc and with
musl alike, and needs nothing but the C library: it has an unwinder of its own, to catch panics. It
needs GNU binutils and Zig on Linux, or macOS.
"""

from __future__ import annotations

import platform
import re
import subprocess
import sys
import tempfile
from pathlib import Path

# Joins the compiler's thousands of small sections, whose names are longer than their code.
# Nothing refers to the tables for unwinding, but no panic can be caught without them.
LAYOUT = """SECTIONS {
  .text : { *(.text .text.*) }
  .rodata : { *(.rodata .rodata.*) }
  .data.rel.ro : { *(.data.rel.ro .data.rel.ro.*) }
  .data : { *(.data .data.*) }
  .bss : { *(.bss .bss.*) }
  .tdata : { *(.tdata .tdata.*) }
  .tbss : { *(.tbss .tbss.*) }
  .gcc_except_table : { *(.gcc_except_table .gcc_except_table.*) }
  .eh_frame : { KEEP(*(.eh_frame)) }
}
"""

# The compiler's own intermediate form of the standard library, and names for debuggers.
USELESS = [".llvmbc", ".llvmcmd", ".debug_*", ".comment"]


def interface(header: Path) -> list[str]:
    """Return the names of the functions that the header declares."""
    code = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.DOTALL)
    return sorted(set(re.findall(r"\b(pylon_identity_\w+)\(", code)))


def seal(archive: Path, functions: list[str], sealed: Path) -> None:
    sealed.unlink(missing_ok=True)
    (seal_on_macos if sys.platform == "darwin" else seal_on_linux)(archive, functions, sealed)


def seal_on_macos(archive: Path, functions: list[str], sealed: Path) -> None:
    """Have Apple's linker make all symbols local except the list. Mach-O has no groups."""
    with tempfile.TemporaryDirectory() as folder:
        names, alone = Path(folder) / "names", Path(folder) / "pylon_identity.o"
        names.write_text("".join(f"_{function}\n" for function in functions))
        keep = [f"-Wl,-u,_{function}" for function in functions]
        command = ["cc", "-r", "-nostdlib", f"-Wl,-exported_symbols_list,{names}", *keep]
        subprocess.run([*command, str(archive), "-o", str(alone)], check=True)
        subprocess.run(["strip", "-S", "-x", str(alone)], check=True)  # noqa: S607
        subprocess.run(["libtool", "-static", "-o", str(sealed), str(alone)], check=True)  # noqa: S607


def seal_on_linux(archive: Path, functions: list[str], sealed: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        layout, names = folder / "layout.ld", folder / "names"
        whole, alone = folder / "whole.o", folder / "pylon_identity.o"
        layout.write_text(LAYOUT)
        names.write_text("\n".join(functions) + "\n")
        # Groups would let the linker merge a section with that of another Rust library.
        keep = [f"--undefined={function}" for function in functions]
        command = ["ld", "-r", "--force-group-allocation", "--gc-sections", *keep]
        command += [f"--entry={functions[0]}", "-T", str(layout), str(archive)]
        subprocess.run([*command, str(unwinder(folder)), "-o", str(whole)], check=True)
        changes = [f"--remove-section={section}" for section in USELESS]
        # First without LLVM's bitcode, which an nm with a plugin for another LLVM cannot read.
        subprocess.run(["objcopy", *changes, str(whole)], check=True)  # noqa: S607
        changes = [f"--redefine-sym={name}64={name}" for name in names_of_large_files(whole)]
        changes += [f"--keep-global-symbols={names}", "--strip-unneeded"]
        subprocess.run(["objcopy", *changes, str(whole), str(alone)], check=True)  # noqa: S607
        subprocess.run(["ar", "rcsD", str(sealed), str(alone)], check=True)  # noqa: S607


def unwinder(folder: Path) -> Path:
    """Return LLVM's libunwind, which Zig compiles. Not every C compiler links one by itself."""
    target = f"{platform.machine()}-linux-gnu.2.17"
    command = [sys.executable, "-m", "ziglang", "cc", "-target", target, "--verbose", "-shared"]
    command += ["-O2", "-lunwind", "-x", "c", "/dev/null", "-o", str(folder / "empty.so")]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return Path(re.findall(r"\S+/libunwind\.a", done.stderr)[-1])


def names_of_large_files(whole: Path) -> list[str]:
    """Return `open` for `open64` and so on: musl lacks the second name, and both are one here."""
    command = ["nm", "--undefined-only", "--format=just-symbols", str(whole)]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return re.findall(r"^([a-z]+)64$", listed, re.MULTILINE)
