#!/usr/bin/env bash
# Real peers of the tests: PostgreSQL, NATS, Redis, Chromium, wrk and promtool from Debian, the OpenID provider from npm.
set -euo pipefail
cd "$(dirname "$0")/.."
missing=()
command -v chromium >/dev/null || missing+=(chromium)
command -v wrk >/dev/null || missing+=(wrk)
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing+=(postgresql)
command -v nats-server >/dev/null || [ -x /usr/sbin/nats-server ] || missing+=(nats-server)
command -v valkey-server >/dev/null || command -v redis-server >/dev/null || missing+=(redis-server)
command -v npm >/dev/null || missing+=(nodejs npm)
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" -ne 0 ]; then
    echo "The tests need: ${missing[*]}. Install them: sudo apt-get install ${missing[*]}" >&2
    exit 2
  fi
  echo "Installing ${missing[*]} …"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
# the package would start a server: its tool alone is taken out of it
if ! command -v promtool >/dev/null && [ ! -x .venv/bin/promtool ]; then
  echo "Fetching promtool …"
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  fetch() { (cd "$folder" && apt-get download -qq -o APT::Sandbox::User=root prometheus >/dev/null); }
  if ! fetch 2>/dev/null; then
    if [ "$(id -u)" -ne 0 ]; then
      echo "The tests need promtool, of Debian's package prometheus: sudo apt-get update, then again." >&2
      exit 2
    fi
    apt-get update -qq
    fetch
  fi
  dpkg -x "$folder"/prometheus_*.deb "$folder"
  install -m 755 "$folder/usr/bin/promtool" .venv/bin/promtool
fi
exec 9> .npm.lock
flock 9 # linting may need them at the same time
if [ ! -d node_modules/oidc-provider ] || [ ! -d node_modules/uplot ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  npm ci --no-audit --no-fund --loglevel=error
fi
