#!/usr/bin/env python3
"""Compiles with counters of what is run; cargo calls it for the crates of the workspace.

Not a shell script: some shells drop variables of the environment that have a hyphen in their name.
"""

import os
import sys

os.execvp(sys.argv[1], [*sys.argv[1:], "-C", "instrument-coverage"])  # noqa: S606
