#!/bin/sh
# Runs every formatter check and linter; stops at the first that finds something. `make lint` sets them up.
set -eu
cd "$(dirname "$0")/.."

set -x
cargo fmt --all --check
cargo fmt --manifest-path fuzz/Cargo.toml --check
cargo clippy --quiet --workspace --all-targets --locked -- -D warnings
# The fuzz targets are checked without libFuzzer, which would take minutes to compile.
CUSTOM_LIBFUZZER_PATH=/dev/null cargo clippy --quiet --manifest-path fuzz/Cargo.toml --target-dir target/fuzz --locked -- -D warnings

ruff format --quiet --check .
ruff check --quiet .
strict="mypy --strict --no-error-summary"
MYPYPATH=tools $strict tools/portable.py python/pylon_identity python/tests tests bench/measure.py --exclude tests/stacks
MYPYPATH=tests:packaging $strict --exclude 'bulk|stacks/conftest' packaging tests/stacks # bulk needs the engines
$strict examples/fastapi
MYPYPATH=harden:packaging $strict harden
(cd python && python -m mypy.stubtest --concise --allowlist stubtest.allowlist pylon_identity)

(cd node && node_modules/.bin/tsc -p .)

set +x
unformatted=$("$(go env GOROOT)/bin/gofmt" -l go tests bench examples harden)
[ -z "$unformatted" ] || { echo "gofmt would change: $unformatted"; exit 1; }
git ls-files '*go.mod' | grep . >/dev/null || { echo "git lists no Go module"; exit 1; }
git ls-files '*go.mod' | while read -r module; do
    (cd "$(dirname "$module")" && go vet ./...)
done
(cd go && go vet -tags=pylonidentity_portable .)

go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.11 -shellcheck=
zizmor --offline --quiet --no-progress --persona=pedantic .github
