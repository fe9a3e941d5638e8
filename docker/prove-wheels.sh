#!/usr/bin/env bash
# Beweist, dass jedes Paket der Sperrdateien für jedes Python von pyproject.toml als fertiges Rad zu haben ist, mit einer
# der genannten Prüfsummen. Fragt das Paketverzeichnis, lädt aber nichts. Was ohne Netz zu prüfen ist, prüft
# tests/unit/test_pythons.py.
#
#   docker/prove-wheels.sh [VERSION …]      ohne Angabe 3.11 3.12 3.13; PLATFORM=x86_64-manylinux_2_28
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

docker/bootstrap.sh python-dev >/dev/null
platform=${PLATFORM:-x86_64-manylinux_2_28}
versions=("$@")
[ "${#versions[@]}" -gt 0 ] || versions=(3.11 3.12 3.13)
target=$(mktemp -d)
trap 'rm -rf "$target"' EXIT
failed=0
for lock in requirements/*.txt; do
  for version in "${versions[@]}"; do
    if said=$(.venv/bin/uv pip install --dry-run --no-deps --target "$target" --python-version "$version" \
      --python-platform "$platform" --only-binary :all: --require-hashes -r "$lock" 2>&1); then
      printf '%s, Python %s, %s: %s Pakete\n' "$lock" "$version" "$platform" "$(grep -c '^ + ' <<<"$said")"
    else
      printf '%s, Python %s, %s: FEHLT\n%s\n' "$lock" "$version" "$platform" "$said" >&2
      failed=1
    fi
  done
done
exit "$failed"
