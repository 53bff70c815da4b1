"""The boundary to C: wrong arguments are refused, panics caught, and no memory is misused.

A C program is made from the header. It calls each function with every way to pass its arguments, in
combination, and judges the status and all memory around. See boundary/matrix.h.
"""

from __future__ import annotations

import hmac
import re
import shutil
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

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

# Right texts, by the names of parameters; EMAIL is right for all others.
RIGHT = {
    "hex": KEY.hex(),
    "value": KEY.hex(),
    "name": "PYLON_IDENTITY_SECRET",
    "hash": hmac.digest(KEY, EMAIL.encode(), "sha256").hex(),
    "nonce": "bm9uY2U=",
}

# Which parameters belong together, and the function of matrix.h that makes the ways to pass them.
ARGUMENTS = {
    r"const struct pylon_identity_secret \*(?P<secret>\w+)": "secret(0, {optional})",
    r"struct pylon_identity_secret \*\w+": "secret(1, 0)",
    r"const struct pylon_identity_user \*\w+": "user()",
    r"const char \*(?P<text>\w+), size_t (?P=text)_len": 'text("{right}", {optional})',
    r"const char \*\w+, const size_t \*lengths, size_t count": "texts({even}, {for_each})",
    r"char \*(?P<buffer>\w+), size_t (?P=buffer)_size": "buffer({optional})",
    r"char \*out": "hash({for_each})",
    r"uint64_t \*\w+": "number_output(sizeof(uint64_t), 0)",
    r"size_t \*(?P<number>\w+)": "number_output(sizeof(size_t), {optional})",
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
    docs = {
        name: dict(re.findall(r"@param (\w+) ([^@]*)", words(found["docs"])))
        for name, found in prototypes.items()
    }
    returns = {name: found["docs"].split("@return")[-1] for name, found in prototypes.items()}

    def documented(name: str) -> set[str]:
        named = set(re.findall(r"PYLON_IDENTITY_\w+", returns[name])) & statuses
        for other in re.findall(r"(\w+)\(\)", returns[name]):
            named |= documented(other)
        return named or {"PYLON_IDENTITY_OK"}

    functions, tries = [], []
    for name, found in prototypes.items():
        for parameter, said in docs[name].items():
            if other := re.match(r"as for (\w+)\(\)", said):
                docs[name][parameter] = docs[other[1]][parameter]
        ways, passed, sized = arguments(found, docs[name])
        call = f"{name}({', '.join(passed)})"
        is_status = "status" in found["returns"]
        functions += [
            f"static int call_{name}(const way *const *a) {{",
            f"    (void)a;\n    return {call if is_status else f'is_text({call})'};",
            "}",
        ]
        bits = " | ".join(f"BIT({status})" for status in sorted(documented(name)))
        uncertain = "no certain contents after PYLON_IDENTITY_PANIC" in words(found["docs"])
        tries += [
            f"    documented = {bits};",
            "    {",
            f"        const argument all[] = {{{', '.join(ways) or 'none()'}}};",
            f'        check("{name}", call_{name}, all, {len(ways)}, {sized}, {int(is_status)},',
            f"              {int(uncertain)}, wrong);",
            "    }",
        ]
    return "\n".join(
        [
            f'#define HEX "{KEY.hex()}"',
            '#include "matrix.h"',
            "#ifdef PLANTED",
            '#include "faults.h"',
            "#endif",
            *functions,
            "int main(int argc, char **argv) {",
            '    if (argc < 2) give_up("how many arguments may be wrong at a time?");',
            "    const unsigned long wrong = strtoul(argv[1], NULL, 10);",
            "#ifdef PLANTED",
            '    plant(argc > 2 ? argv[2] : "");',
            "#endif",
            "    start();",
            *tries,
            "    return finish();",
            "}\n",
        ]
    )


def words(comment: str) -> str:
    return " ".join(re.sub(r"^ \*", "", comment, flags=re.MULTILINE).split())


def arguments(prototype: re.Match[str], docs: dict[str, str]) -> tuple[list[str], list[str], int]:
    """Return how to make each argument, the argument for each parameter, and which is a buffer."""
    rest = " ".join(prototype["parameters"].replace("void", "").split())
    ways: list[str] = []
    passed: list[str] = []
    sized = None
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
        names = found.groupdict()
        name = next((name for name in names.values() if name), "")
        if "buffer" in names:
            sized = len(ways)
        ways.append(
            way.format(
                right=RIGHT.get(name, EMAIL),
                optional=int("NULL" in docs.get(name, "")),
                even=int("even" in docs.get("count", "")),
                for_each=int("for each" in docs.get("out", "")),
            )
        )
        rest = rest[found.end() :]
    return ways, passed, len(ways) if sized is None else sized


# --- how programs are built and run ---

VECTORS = ROOT / "tests" / "vectors"
LANGUAGES = {"C": ["-std=c99"], "C++": ["-std=c++11", "-x", "c++"]}
STATIC = "libpylon_identity.a"
SHARED = "libpylon_identity." + ("dylib" if sys.platform == "darwin" else "so")
ENVIRONMENT = {
    "RUST_BACKTRACE": "0",
    "ASAN_OPTIONS": "handle_segv=2:detect_leaks=1:detect_stack_use_after_return=1",
}


class Detector(NamedTuple):
    """A way to run programs, and its words for the faults of faults.h."""

    catches: dict[str, str]
    library: Callable[[], Path] = lambda: RELEASE / STATIC
    flags: tuple[str, ...] = ("-DMARGIN=64",)
    command: tuple[str, ...] = ()
    wrong: int = 2  # how many arguments are wrong at a time
    gnu: bool = False  # for compilers that come with sanitizers
    clean: str = ""  # its words for a program without fault

    def build(self, source: Path, library: Path, language: str = "C", *flags: str) -> Path:
        system, gnu = {"C": compiler(), "C++": ["c++"]}, {"C": ["gcc"], "C++": ["g++"]}
        compilers = gnu if self.gnu else system
        out = HERE / "program"
        options = ["-g", "-Wall", "-Wextra", "-Wpedantic", "-Werror", *self.flags, *flags]
        options += [f"-I{HEADER.parent}", f"-I{PARTS}"]
        files = [str(source), "-x", "none", str(library), *LIBRARIES, "-o", str(out)]
        run([*compilers[language], *LANGUAGES[language], *options, *files])
        return out

    def run(self, program: Path, *arguments: str, input: str = "") -> str:  # noqa: A002
        said = run([*self.command, str(program), *arguments], env=ENVIRONMENT, input=input)
        if self.clean not in said:
            raise Broken(f"{program.name} is not clean:\n{said[-2000:]}")
        return said

    def matrix(self, library: Path, language: str = "C") -> tuple[int, int]:
        """Return how many calls there were, and how many panics."""
        said = self.run(self.build(matrix(), library, language), str(self.wrong))
        [(calls, panics)] = re.findall(r"^(\d+) calls, (\d+) panics, 0 failed$", said, re.MULTILINE)
        if said.count("panicked at") != int(panics):
            raise Broken(f"of {panics} panics {said.count('panicked at')} were real")
        return int(calls), int(panics)

    def check_control(self) -> None:
        """Plant each fault in one of the functions."""
        program = self.build(matrix(), self.library(), "C", "-DPLANTED")
        self.run(program, "1", "nothing_wrong")
        for fault, sign in self.catches.items():
            said = run([*self.command, str(program), "1", fault], env=ENVIRONMENT, expect=None)
            assert re.search(sign, said), f"{fault} went unnoticed:\n{said[-2000:]}"


def matrix() -> Path:
    """Write the program, and return it."""
    HERE.mkdir(parents=True, exist_ok=True)
    path = HERE / "matrix.c"
    path.write_text(program(HEADER), "utf-8")
    return path


@cache
def panicking() -> Path:
    return build_c_library("panic", "--cfg pylon_identity_panic")


@cache
def sanitized() -> Path:
    return build_c_library("address", "-Zsanitizer=address --cfg pylon_identity_panic")


def sealed(archive: Path, functions: list[str]) -> Path:
    """Return the archive as the packages carry it."""
    HERE.mkdir(parents=True, exist_ok=True)
    seal(archive, functions, HERE / "sealed.a")
    return HERE / "sealed.a"


WROTE = "wrote where it may not"
PLAIN = Detector(
    {
        "looks_before_checking": "killed by signal 11",
        "aborts": "killed by signal 6",
        "writes_before_checking": f"{WROTE}, with status [46]",
        "writes_one_too_many": f"{WROTE}, with status 0",
        "writes_into_the_email": f"{WROTE}, with status 0",
        "accepts_a_wiped_secret": "wiped.*unexpected status 0",
        "returns_a_foreign_status": "unexpected status 8",
    },
    wrong=8,  # all that there are
)
PANICS = Detector(
    {
        "aborts_when_it_panics": "killed by signal 6",
        "writes_when_it_panics": "wrote, and then panicked",
        "hides_a_panic": "never panicked",
    },
    library=lambda: panicking() / STATIC,
    flags=("-DMARGIN=64", "-DPANICS"),
)
SANITIZERS = Detector(
    {
        "reads_misaligned": "runtime error: load of misaligned address",
        "reads_one_too_many": r"heap-buffer-overflow(.|\n)*READ of size(.|\n)*secret3tag",
        "leaks": "LeakSanitizer: detected memory leaks",
    },
    library=lambda: sanitized() / STATIC,
    flags=(
        "-DMARGIN=0",
        "-DPANICS",
        "-fsanitize=address,undefined",
        "-fno-sanitize-recover=all",
    ),
    gnu=True,
)
VALGRIND = Detector(
    {
        "reads_one_too_many": r"Invalid read(.|\n)*secret::tag",
        "uses_what_nobody_wrote": "depends on uninitialised value",
        "leaks": "definitely lost",
    },
    flags=("-DMARGIN=0",),
    command=(
        "valgrind",
        "--error-exitcode=99",
        "--leak-check=full",
        "--errors-for-leak-kinds=definite,indirect",  # a thread keeps a handle of itself for ever
    ),
    clean="ERROR SUMMARY: 0 errors",
)

# --- the checks ---

quick = pytest.mark.quick


@quick
def test_wrong_arguments_are_refused(figure: Figure) -> None:
    runs = [(STATIC, "C"), (SHARED, "C"), (STATIC, "C++")]
    [(calls, _)] = {PLAIN.matrix(RELEASE / library, language) for library, language in runs}
    figure(f"{calls:,} calls of {len(interface(HEADER))} functions, from C and from C++")


@quick
def test_wrong_arguments_are_refused_control() -> None:
    PLAIN.check_control()


@quick
@pytest.mark.parametrize(
    ("name", "declared"),
    {
        "with_a_double": "/** */\npylon_identity_status pylon_identity_with_a_double(double a);\n",
        "without_docs": "pylon_identity_status pylon_identity_without_docs(void);\n",
    }.items(),
)
def test_every_function_of_the_header_is_tried_control(
    name: str, declared: str, tmp_path: Path
) -> None:
    planted = tmp_path / "planted.h"
    planted.write_text(HEADER.read_text("utf-8") + declared)
    with pytest.raises(Broken, match=name):
        program(planted)


def compare_exports(library: Path) -> None:
    """Compare the functions that a library shows with the header."""
    kind = "--extern-only" if library.suffix != ".so" else "--dynamic"
    listed = [line.split() for line in run(["nm", kind, "--defined-only", library]).splitlines()]
    shown = {line[-1] for line in listed if len(line) == 3}
    if sys.platform == "darwin":
        shown = {name.removeprefix("_") for name in shown}
    assert shown == {*interface(HEADER)}, library.name


@quick
def test_the_libraries_show_the_functions_of_the_header() -> None:
    compare_exports(RELEASE / SHARED)
    compare_exports(sealed(RELEASE / STATIC, interface(HEADER)))


def test_panics_become_a_status(figure: Figure) -> None:
    folder = panicking()
    archive = sealed(folder / STATIC, [*interface(HEADER), "pylon_identity_test_panic_after"])
    libraries = (folder / STATIC, folder / SHARED, archive)
    [(_, panics)] = {PANICS.matrix(library) for library in libraries}
    figure(f"{panics:,} panics in each of the static, shared and sealed library")


def test_panics_become_a_status_control() -> None:
    PANICS.check_control()


def everything_in_c(detector: Detector, vectors: Path) -> str:
    """Run the programs in C under a detector, as C and as C++."""
    library = detector.library()
    for language in LANGUAGES:
        calls, panics = detector.matrix(library, language)
        program = detector.build(ROOT / "c-abi" / "tests" / "vectors.c", library, language)
        assert re.search(
            r"^\d+ passed, 0 failed$", detector.run(program, str(vectors)), re.MULTILINE
        )
    return f"{calls:,} calls, {panics:,} panics"


@pytest.mark.needs("gcc", "g++", "asan")
def test_memory_with_sanitizers(figure: Figure) -> None:
    figure(everything_in_c(SANITIZERS, VECTORS))


@pytest.mark.needs("gcc", "asan")
def test_memory_with_sanitizers_control() -> None:
    """The sanitizers see the library itself, and not only the program in C."""
    SANITIZERS.check_control()


@pytest.mark.needs("valgrind")
def test_memory_with_valgrind(figure: Figure) -> None:
    """Run one in 16 of the diagnoses, of which each takes a third of a second here."""
    few = HERE / "vectors"
    shutil.copytree(VECTORS, few, dirs_exist_ok=True)
    _, title, *cases = (few / "diagnose.tsv").read_text("ascii").splitlines(keepends=True)
    kept = cases[::16]
    (few / "diagnose.tsv").write_text(f"cases\t{len(kept)}\n{title}{''.join(kept)}", "ascii")
    figure(everything_in_c(VALGRIND, few))


@pytest.mark.needs("valgrind")
def test_memory_with_valgrind_control() -> None:
    VALGRIND.check_control()
