#!/bin/sh
# Sets one version in all manifests, lock files and the changelog: tools/version.sh 1.2.3
set -eu
cd "$(dirname "$0")/.."

printf '%s\n' "${1-}" | grep -qxE '(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*)){2}(-(alpha|beta|rc)\.(0|[1-9][0-9]*))?' ||
    { echo "refused: write make version VERSION=1.2.3, or 1.2.3-rc.1 (alpha, beta, rc)" >&2; exit 1; }
# The changelog must list something: a line with a bullet before the next heading.
awk '/^## /{in_it = /^## Unreleased/} in_it && /^[-*] /{found = 1} END{exit !found}' CHANGELOG.md ||
    { echo "refused: CHANGELOG.md lists nothing under Unreleased" >&2; exit 1; }

bump-my-version bump --config-file .bumpversion.toml --new-version "$1"
for folder in . fuzz; do
    (cd "$folder" && cargo update --quiet --workspace --offline)
done
git diff --stat 2>/dev/null || true
