#!/bin/sh
# Lists the crates inside each package, as CycloneDX files in dist/sbom/. The release attaches them.
set -eu
cd "$(dirname "$0")/.."

[ -x target/tools/bin/cargo-cyclonedx ] ||
    cargo install --quiet --locked --root target/tools cargo-cyclonedx@0.5.9
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
rm -rf dist/sbom
mkdir -p dist/sbom
for folder in python node c-abi cli; do
    target/tools/bin/cargo-cyclonedx cyclonedx --quiet --format json --no-build-deps \
        --manifest-path "$folder/Cargo.toml" --override-filename pylon-identity.cdx
    # The folder of the build is private, and would differ between two builds.
    sed "s|$PWD|.|g" "$folder/pylon-identity.cdx.json" >"dist/sbom/pylon-identity-$folder.cdx.json"
    find . -name pylon-identity.cdx.json -not -path './target/*' -delete
done
