#!/bin/sh
# Locks requirements/*.in again, in requirements/*.txt, with the hash of each file.
set -eu
cd "$(dirname "$0")/../requirements"

python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement lock.txt
# dev and dist come first: other files are limited to the versions that these two choose.
for name in dev dist $(ls ./*.in | sed 's/\.\/\(.*\)\.in/\1/' | grep -vxE 'dev|dist'); do
    uv pip compile --quiet --no-python-downloads --universal --python-version 3.10 --generate-hashes \
        --custom-compile-command 'make lock' "$name.in" --output-file "$name.txt"
done
