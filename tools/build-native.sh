#!/bin/sh
# Builds the Rust libraries, and copies the Node addon and the Go archive into their packages.
set -eu
cd "$(dirname "$0")/.."

cargo build --quiet --release --locked \
    -p pylon-identity-c -p pylon-identity-command -p pylon-identity-node -p pylon-identity-cli -p client -p bench

# A file with the same contents keeps its time, so that make builds nothing again because of it.
copy() {
    cmp -s "$1" "$2" || { mkdir -p "${2%/*}" && cp "$1" "$2"; }
}

for archive in libpylon_identity.a libpylon_identity_command.a; do
    copy "target/release/$archive" "go/lib/$(go env GOOS)_$(go env GOARCH)/$archive"
done

# Node's name of the machine, and on Linux the libc that Rust builds for: linux-x64-gnu
platform=$(node -p '`${process.platform}-${process.arch}`')$(rustc -vV | sed -n 's/^host: .*-linux-\(gnu\|musl\).*/-\1/p')
for addon in target/release/libpylon_identity_node.so target/release/libpylon_identity_node.dylib; do
    if [ -e "$addon" ]; then copy "$addon" "node/pylon-identity.$platform.node"; fi
done
