#!/usr/bin/env bash
# Makes .venv-bench, where `make bench` runs BentoML and LitServe: their OpenTelemetry is not the product's.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -x .venv/bin/uv ] || { echo "Run \`make serve\` or \`make test\` first: it makes .venv." >&2; exit 2; }
echo "Installing BentoML and LitServe (about 200 MiB) …"
[ -x .venv-bench/bin/python ] || .venv/bin/uv venv --quiet --python .venv/bin/python .venv-bench
.venv/bin/uv pip install --python .venv-bench/bin/python --quiet --compile-bytecode --no-deps --require-hashes -r requirements/bench.lock
