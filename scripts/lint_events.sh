#!/usr/bin/env bash
# Lints the messages of events and compares them with those of the last release (released.binpb):
# what its readers rely on may not change. --freeze makes today's messages the released ones.
set -euo pipefail
cd "$(dirname "$0")/.."
buf=node_modules/.bin/buf
if [ ! -x "$buf" ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  command -v npm >/dev/null || { echo "buf comes from npm: run scripts/setup_peers.sh" >&2; exit 2; }
  # the set-up of peers may run beside this
  flock .npm.lock bash -c "[ -x $buf ] || npm ci --no-audit --no-fund --loglevel=error"
fi
schemas=oo/events/schemas
export BUF_CACHE_DIR=${BUF_CACHE_DIR:-${XDG_CACHE_HOME:-$PWD/node_modules/.cache}/buf}
mkdir -p "$BUF_CACHE_DIR"
if [ "${1:-}" = --freeze ]; then
  "$buf" build "$schemas" --exclude-source-info -o "$schemas/released.binpb"
  exit
fi
"$buf" lint "$schemas"
"$buf" breaking "$schemas" --against "$schemas/released.binpb"
echo "messages of events: linted, and nothing that was released is broken"
