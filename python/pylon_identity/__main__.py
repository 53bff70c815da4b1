"""The command line: ``python -m pylon_identity``."""

import signal
import sys

from ._native import run_command_line


def main() -> int:
    # Python's own handler would wait for the native code, which may wait for input.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return run_command_line(sys.argv[1:], sys.stdin is None, sys.stdout is None)


if __name__ == "__main__":
    sys.exit(main())
