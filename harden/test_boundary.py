"""The boundary to C: wrong arguments are refused, panics caught, and no memory is misused.

A C program is made from the header. It calls each function with every way to pass its arguments, in
combination, and judges the status and all memory around. See boundary/matrix.h.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
import shutil
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest
from conftest import Figure
from shared import BUILT, LIBRARIES, RELEASE, ROOT, Broken, build_c_library, compiler, run

sys.path.append(str(ROOT / "packaging"))
from seal import interface, seal

HEADER = ROOT / "c-abi" / "include" / "pylon_identity.h"
PARTS = ROOT / "harden" / "boundary"
HERE = BUILT / "boundary"

# --- the program made from the header ---

KEY = bytes(range(32))
EMAIL = "ada@example.com"

NOW = 1_800_000_000


def token() -> str:
    """Return a JWT for EMAIL, signed with KEY as text. EMAIL is also the app ID."""

    def encode(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    claims = {"email": EMAIL, "aud": EMAIL, "iat": NOW, "exp": NOW + 600}
    signed = ".".join(encode(json.dumps(part).encode()) for part in ({"alg": "HS256"}, claims))
    return f"{signed}.{encode(hmac.digest(KEY.hex().encode(), signed.encode(), 'sha256'))}"


# Right texts, by the names of parameters; EMAIL is right for all others.
RIGHT = {
    **dict.fromkeys(("hex", "value", "text", "secret"), KEY.hex()),
    "token": token(),
    "name": "PYLON_IDENTITY_SECRET",
    "hash": hmac.digest(KEY, EMAIL.encode(), "sha256").hex(),
    "nonce": "bm9uY2U=",
}

# Which parameters belong together, and the function of matrix.h that makes the ways to pass them.
ARGUMENTS = {
    r"const struct pylon_identity_secret \*(?P<secret>\w+)": "secret(0, 0, {optional})",
    r"struct pylon_identity_secret \*\w+": "secret(0, 1, 0)",
    r"const struct pylon_identity_jwt_secret \*\w+": "secret(1, 0, 0)",
    r"struct pylon_identity_jwt_secret \*\w+": "secret(1, 1, 0)",
    r"const struct pylon_identity_user \*\w+": "user(sizeof(pylon_identity_user), 0)",
    r"const struct pylon_identity_jwt_user \*\w+": "user(sizeof(pylon_identity_jwt_user), 1)",
    r"const char \*(?P<text>\w+), size_t (?P=text)_len": 'text("{right}", {optional})',
    r"const char \*\w+, const size_t \*lengths, size_t count": "texts({even}, {for_each})",
    r"char \*(?P<buffer>\w+), size_t (?P=buffer)_size": "buffer({optional})",
    r"char \*out": "hash({for_each})",
    r"uint64_t \*\w+": "number_output(sizeof(uint64_t), 0)",
    r"size_t \*(?P<number>\w+)": "number_output(sizeof(size_t), {optional})",
    r"uint64_t now": f"seconds({NOW})",
    r"uint64_t expires_in": "seconds(600)",
    r"u?int(?:32|64)_t \w+": "number()",
}

PROTOTYPE = re.compile(
    r"/\*\*(?P<docs>(?:(?!\*/).)*)\*/\n(?P<returns>[\w\s*]+?)(?P<name>pylon_identity_\w+)\("
    r"(?P<parameters>[^)]*)\);",
    re.DOTALL,
)


def program(header: Path) -> str:
    """Return the program that tries each function of the header."""
    text = header.read_text("utf-8")
    statuses = set(re.findall(r"^  (PYLON_IDENTITY_(?!CAUSE_)\w+) = ", text, re.MULTILINE))
    prototypes = {found["name"]: found for found in PROTOTYPE.finditer(text)}
    if unread := {*interface(header)} - {*prototypes}:
        raise Broken(f"not understood in the header: {', '.join(unread)}")
    texts = {name: words(found["docs"]) for name, found in prototypes.items()}
    docs = {name: dict(re.findall(r"@param (\w+) ([^@]*)", text)) for name, text in texts.items()}

    def documented(name: str) -> set[str]:
        returned = texts[name].split("@return")[-1]
        named = set(re.findall(r"PYLON_IDENTITY_\w+", returned)) & statuses
        for other in re.findall(r"(\w+)\(\)", returned):
            named |= documented(other)
        return named or {"PYLON_IDENTITY_OK"}

    functions, tries = [], []
    for name, found in prototypes.items():
        for parameter, said in docs[name].items():
            if other := re.match(r"as for (\w+)\(\)", said):
                docs[name][parameter] = docs[other[1]][parameter]
        ways, passed = arguments(found, docs[name])
        call = f"{name}({', '.join(passed)})"
        is_status = "status" in found["returns"]
        result = call if is_status else f"is_text({call})"
        functions.append(
            f"static int call_{name}(const way *const *a) {{ (void)a; return {result}; }}"
        )
        bits = " | ".join(f"BIT({status})" for status in sorted(documented(name)))
        uncertain = "no certain contents after PYLON_IDENTITY_PANIC" in texts[name]
        flags = f"{len(ways)}, {int(is_status)}, {int(uncertain)}"
        tries.append(f"""
            documented = {bits};
            {{
                const argument all[] = {{{", ".join(ways) or "none()"}}};
                check("{name}", call_{name}, all, {flags}, wrong);
            }}""")
    return f"""#define HEX "{KEY.hex()}"
        #include "matrix.h"
        {" ".join(functions)}
        int main(int argc, char **argv) {{
            const unsigned long wrong = start(argc, argv);
            {"".join(tries)}
            return finish();
        }}
        """


def words(comment: str) -> str:
    return " ".join(re.sub(r"^ \*", "", comment, flags=re.MULTILINE).split())


def arguments(prototype: re.Match[str], docs: dict[str, str]) -> tuple[list[str], list[str]]:
    """Return how to make each argument, and the argument for each parameter."""
    rest = " ".join(prototype["parameters"].replace("void", "").split())
    ways: list[str] = []
    passed: list[str] = []
    while rest:
        matches = (
            (re.match(f"(?:{pattern})(?:, |$)", rest), way) for pattern, way in ARGUMENTS.items()
        )
        found, way = next(((found, way) for found, way in matches if found), (None, ""))
        if not found:
            raise Broken(f"no way is known to pass to {prototype['name']}: {rest}")
        for parameter in found[0].removesuffix(", ").split(", "):
            type_ = re.sub(r"\w+$", "", parameter)
            member = "pointer" if "*" in type_ else "length"
            if type_ == "const size_t *":
                member = "lengths"
            passed.append(f"({type_.strip()})a[{len(ways)}]->{member}")
        name = next(iter(found.groupdict().values()), "")
        ways.append(
            way.format(
                right=RIGHT.get(name, EMAIL),
                optional=int("NULL" in docs.get(name, "")),
                even=int("even" in docs.get("count", "")),
                for_each=int("for each" in docs.get("out", "")),
            )
        )
        rest = rest[found.end() :]
    return ways, passed


# --- how programs are built and run ---

VECTORS = ROOT / "tests" / "vectors"
STATIC = "libpylon_identity.a"
SHARED = "libpylon_identity." + ("dylib" if sys.platform == "darwin" else "so")

C, CPP = ["-std=c99"], ["-std=c++11", "-x", "c++"]
SYSTEM = [[*compiler(), *C], ["c++", *CPP]]
GNU = [["gcc", *C], ["g++", *CPP]]  # which come with sanitizers

PANICS = ["-DMARGIN=64", "-DPANICS"]
SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
VALGRIND = ["valgrind", "--error-exitcode=99", "--leak-check=full"]
# A thread's handle of itself is never freed.
VALGRIND += ["--errors-for-leak-kinds=definite,indirect"]


def build(compile_: list[str], source: Path, library: Path, *flags: str) -> Path:
    options = ["-g", "-Wall", "-Wextra", "-Wpedantic", "-Werror", *flags]
    options += [f"-I{HEADER.parent}", f"-I{PARTS}"]
    files = [str(source), "-x", "none", str(library), *LIBRARIES, "-o", str(HERE / "program")]
    run([*compile_, *options, *files])
    return HERE / "program"


def execute(*command: str | Path, expect: int | None = 0) -> str:
    options = "handle_segv=2:detect_leaks=1:detect_stack_use_after_return=1"
    env = {"RUST_BACKTRACE": "0", "ASAN_OPTIONS": options}
    return run(command, env=env, expect=expect)


def write_matrix() -> Path:
    HERE.mkdir(parents=True, exist_ok=True)
    path = HERE / "matrix.c"
    path.write_text(program(HEADER), "utf-8")
    return path


def matrix(
    compile_: list[str], library: Path, *flags: str, under: Sequence[str] = (), wrong: int = 2
) -> tuple[int, int]:
    """Return how many calls there were with so many wrong arguments, and how many panics."""
    built = build(compile_, write_matrix(), library, *flags)
    said = execute(*under, built, str(wrong))
    [(calls, panics)] = re.findall(r"^(\d+) calls, (\d+) panics, 0 failed$", said, re.MULTILINE)
    if said.count("panicked at") != int(panics):
        raise Broken(f"of {panics} panics {said.count('panicked at')} were real")
    assert KEY.hex() not in said
    return int(calls), int(panics)


def plant(faults: dict[str, str], library: Path, *flags: str) -> None:
    """Plant each fault in one of the functions, and look for the words about it."""
    for fault, sign in {"nothing_wrong": ", 0 failed$", **faults}.items():
        planted = build(SYSTEM[0], write_matrix(), library, f"-DPLANTED={fault}", *flags)
        said = execute(planted, "1", expect=None)
        assert re.search(sign, said), f"{fault} went unnoticed:\n{said[-2000:]}"


def everything_in_c(
    compilers: list[list[str]], library: Path, *flags: str, under: Sequence[str], vectors: Path
) -> str:
    """Run the programs in C under a detector, as C and as C++."""
    for compile_ in compilers:
        calls, panics = matrix(compile_, library, *flags, under=under)
        built = build(compile_, ROOT / "c-abi" / "tests" / "vectors.c", library, *flags)
        assert re.search(r"^\d+ passed, 0 failed$", execute(*under, built, vectors), re.MULTILINE)
    return f"{calls:,} calls, {panics:,} panics"


@cache
def panicking() -> Path:
    return build_c_library("panic", "--cfg pylon_identity_panic")


# --- the checks ---

quick = pytest.mark.quick
WROTE = "wrote where it may not"


@quick
def test_wrong_arguments_are_refused(figure: Figure) -> None:
    runs = [(SYSTEM[0], STATIC), (SYSTEM[0], SHARED), (SYSTEM[1], STATIC)]
    # All arguments may be wrong at once.
    every = {matrix(compile_, RELEASE / name, "-DMARGIN=64", wrong=8) for compile_, name in runs}
    [(calls, _)] = every
    figure(f"{calls:,} calls of {len(interface(HEADER))} functions, from C and from C++")


@quick
def test_wrong_arguments_are_refused_control() -> None:
    faults = {
        "looks_before_checking": "killed by signal 11",
        "aborts": "killed by signal 6",
        "writes_before_checking": f"{WROTE}, with status [46]",
        "writes_one_too_many": f"{WROTE}, with status 0",
        "writes_into_the_email": f"{WROTE}, with status 0",
        "accepts_a_wiped_secret": "wiped.*unexpected status 0",
        "returns_a_foreign_status": "unexpected status 8",
    }
    plant(faults, RELEASE / STATIC, "-DMARGIN=64")


@quick
def test_every_function_of_the_header_is_tried_control(tmp_path: Path) -> None:
    planted = tmp_path / "planted.h"
    for docs, argument in (("/** */\n", "double"), ("", "void")):
        function = f"{docs}pylon_identity_status pylon_identity_planted({argument} a);\n"
        planted.write_text(HEADER.read_text("utf-8") + function)
        with pytest.raises(Broken, match="pylon_identity_planted"):
            program(planted)


def test_panics_become_a_status(figure: Figure) -> None:
    folder = panicking()
    sealed = BUILT / "sealed.a"  # as the packages carry it
    seal(folder / STATIC, [*interface(HEADER), "pylon_identity_test_panic_after"], sealed)
    libraries = (folder / STATIC, folder / SHARED, sealed)
    [(_, panics)] = {matrix(SYSTEM[0], library, *PANICS) for library in libraries}
    figure(f"{panics:,} panics in each of the static, shared and sealed library")


def test_panics_become_a_status_control() -> None:
    faults = {
        "aborts_when_it_panics": "killed by signal 6",
        "writes_when_it_panics": "wrote, and then panicked",
        "hides_a_panic": "never panicked",
    }
    plant(faults, panicking() / STATIC, *PANICS)


@pytest.mark.needs("gcc", "g++", "asan")
def test_memory_with_sanitizers(figure: Figure) -> None:
    folder = build_c_library("address", "-Zsanitizer=address --cfg pylon_identity_panic")
    flags = ["-DMARGIN=0", "-DPANICS", *SANITIZE]
    figure(everything_in_c(GNU, folder / STATIC, *flags, under=[], vectors=VECTORS))


@pytest.mark.needs("valgrind")
def test_memory_with_valgrind(figure: Figure) -> None:
    """Run every 16th diagnosis, since each takes a third of a second here."""
    few = HERE / "vectors"
    shutil.copytree(VECTORS, few, dirs_exist_ok=True)
    for file in few.glob("diagnose*.tsv"):
        _, title, *cases = file.read_text("ascii").splitlines(keepends=True)
        kept = cases[::16]
        file.write_text(f"cases\t{len(kept)}\n{title}{''.join(kept)}", "ascii")
    library = RELEASE / STATIC
    figure(everything_in_c(SYSTEM, library, "-DMARGIN=0", under=VALGRIND, vectors=few))
