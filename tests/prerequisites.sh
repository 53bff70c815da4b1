#!/bin/sh
# Says, one line each, which prerequisites are missing; exits with 1 if any is.
# The argument "test" also checks the needs of `make test`.

status=0

missing() {
    echo "missing: $1" >&2
    status=1
}

# at_least MINIMUM VERSION
at_least() {
    [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]
}

"${CC:-cc}" --version >/dev/null 2>&1 ||
    missing "a C compiler called ${CC:-cc} (on Debian: apt install gcc)"

rust=$(cargo --version 2>/dev/null | cut -d ' ' -f 2)
at_least 1.88 "${rust:-0}" ||
    missing "Rust 1.88 or newer with cargo (found: ${rust:-none}; see https://rustup.rs)"

python=${PYTHON:-python3}
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
    missing "Python 3.10 or newer called $python (another one: make PYTHON=python3.12)"
elif ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    missing "Python's venv module (on Debian: apt install python3-venv)"
fi

node=$(node --version 2>/dev/null | tr -d v)
if ! at_least 20 "${node:-0}"; then
    missing "Node 20 or newer (found: ${node:-none}; see https://nodejs.org)"
elif ! npm --version >/dev/null 2>&1; then
    missing "npm (on Debian: apt install npm)"
fi

if [ "${1:-}" = test ]; then
    cargo fmt --version >/dev/null 2>&1 ||
        missing "rustfmt (rustup component add rustfmt)"
    cargo clippy --version >/dev/null 2>&1 ||
        missing "clippy (rustup component add clippy)"
fi

exit $status
