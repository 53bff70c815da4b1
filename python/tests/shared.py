"""Reads the shared test vectors in place."""

from pathlib import Path
from typing import Any

import pytest

VECTORS = Path(__file__).parents[2] / "tests" / "vectors"


def cases(file: str) -> list[Any]:
    """Return a pytest parameter per line; fail if the file holds another number than it says."""
    count, _columns, *lines = (VECTORS / file).read_text(encoding="ascii").splitlines()
    assert count == f"cases\t{len(lines)}", f"{file}: cases missing or extra"
    rows = [line.split("\t") for line in lines]
    return [pytest.param(*columns, id=name) for name, *columns in rows]


def text(digits: str) -> str:
    """Decode a column that holds text as the hexadecimal digits of its UTF-8 bytes."""
    return bytes.fromhex(digits).decode()
