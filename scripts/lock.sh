#!/usr/bin/env bash
# Makes the lock files from the .in files: hash-pinned, without the name of any registry.
set -euo pipefail
cd "$(dirname "$0")/../requirements"
links=${PIP_FIND_LINKS:-$(python3 -m pip config get global.find-links 2>/dev/null || true)}
[ -z "$links" ] || export UV_FIND_LINKS="${links// /,}"
compile() {
  ../.venv/bin/uv pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url \
    --no-emit-find-links --no-annotate --no-header "$@"
}
if [ -z "$links" ]; then backend=(--torch-backend cpu); else backend=(); fi
compile "${backend[@]}" --override cpu-overrides.txt cpu.in -o cpu.lock
compile gpu.in -o gpu.lock
compile -c cpu.lock dev.in -o dev.lock
shared='fastapi|starlette|uvicorn|uvloop|httptools|httpx2|numpy|orjson|pydantic|pydantic-core|pydantic-settings'
compile -c <(sed -nE "s/^(($shared)==[^ ]+).*/\1/p" cpu.lock) bench.in -o bench.lock
echo "uv" | compile - -o bootstrap.lock
