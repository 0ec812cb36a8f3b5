#!/usr/bin/env bash
# The console's scripts from npm, by the hashes of package-lock.json, into a folder that git ignores.
set -euo pipefail
cd "$(dirname "$0")/.."
to=oo/admin/static/vendor
files=(htmx.org/dist/htmx.min.js uplot/dist/uPlot.iife.min.js uplot/dist/uPlot.min.css)
for file in "${files[@]}"; do
  [ -f "node_modules/$file" ] || missing=1
done
if [ -n "${missing:-}" ]; then
  if ! command -v npm >/dev/null; then
    echo "Without npm the console has tables but neither charts nor pages that refresh: install npm, then make serve again." >&2
    exit 0
  fi
  exec 9> .npm.lock
  flock 9 # the peers of the tests may be taken at the same time
  dev=(--omit=dev)
  [ ! -d node_modules/oidc-provider ] || dev=()
  npm ci "${dev[@]}" --no-audit --no-fund --loglevel=error
fi
mkdir -p "$to"
for file in "${files[@]}"; do
  cp "node_modules/$file" "$to/"
done
