"""Loads the fixtures of packaging/installed.py."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2] / folder) for folder in ("packaging", "tests")]
pytest_plugins = ["installed"]
