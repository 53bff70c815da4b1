#!/bin/sh
# Puts a C++ compiler into .venv/bin: the one of this machine, or Zig's from PyPI.
set -eu

if found=$(command -v c++); then
    ln -sf "$found" .venv/bin/c++
else
    python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/zig.txt
    printf '#!/bin/sh\nexec "%s" -m ziglang c++ "$@"\n' "$PWD/.venv/bin/python" >.venv/bin/c++
    chmod +x .venv/bin/c++
fi
