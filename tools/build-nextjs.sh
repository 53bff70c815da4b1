#!/bin/sh
# Builds the example of Next.js, and moves it to target/examples, away from its sources as in a container.
set -eu
cd "$(dirname "$0")/../examples/nextjs"

# Next ignores serverExternalPackages for links, so the package is copied.
cp ../../node/*.* node_modules/pylon-identity/
NEXT_TELEMETRY_DISABLED=1 npm run --silent build
rm -rf ../../target/examples/nextjs
mkdir -p ../../target/examples
mv .next/standalone ../../target/examples/nextjs
touch ../../target/examples/nextjs/server.js
