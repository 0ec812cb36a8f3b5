"""What the engine's replicas need of Ray and vLLM beyond their public APIs, all of it in this file.

`tests/contracts/test_private_apis.py` says what breaks when they change it.
"""

import asyncio
from pathlib import Path
from typing import Any

from ray.llm._internal.common.callbacks.base import CallbackBase
from ray.llm._internal.serve.core.protocol import RawRequestInfo
from ray.serve.llm import LLMServer

from oo.kit import tracing

POLL_S = 0.2
OURS = "grpc://oo"  # in place of a collector: spans go where oO's go


class NoInitNode(CallbackBase):
    """Leaves out the task that prepares a node: the model is on disk, and it costs a minute."""

    async def on_before_node_init(self) -> None:
        self.ctx.run_init_node = False


async def died(server: LLMServer) -> None:
    """Return when the vLLM engine of this replica has died; vLLM offers no event for it."""
    client = server.engine._engine_client
    while not client.errored:  # noqa: ASYNC110 - see above
        await asyncio.sleep(POLL_S)


def trace_calls(server: LLMServer) -> None:
    """Have vLLM make a span of each call that is traced, through the process' global provider.

    Its own way in is the address of a collector, to which it would connect by itself. Where it
    counts nothing it has no times to tell.
    """
    client = server.engine._engine_client
    if client.log_stats:
        client.observability_config.otlp_traces_endpoint = OURS
        client.output_processor.tracing_enabled = True


def traced_request() -> RawRequestInfo | None:
    """What tells vLLM below which span a call is; None where it is not traced."""
    header = tracing.traceparent()
    return RawRequestInfo(headers={"traceparent": header}) if header else None


async def load(server: LLMServer, adapter: str, folder: Path) -> None:
    """Have the engine answer requests for the model `adapter` with the LoRA weights of a folder.

    Ray's own configuration of LoRA takes addresses of object stores only.
    """
    from vllm.entrypoints.serve.lora.protocol import LoadLoRAAdapterRequest

    asked = LoadLoRAAdapterRequest(lora_name=adapter, lora_path=str(folder))
    _check(await server.engine._oai_models.load_lora_adapter(asked))


async def unload(server: LLMServer, adapter: str) -> None:
    """Take an adapter out of the engine."""
    from vllm.entrypoints.serve.lora.protocol import UnloadLoRAAdapterRequest

    models = server.engine._oai_models
    number = models.lora_requests[adapter].lora_int_id
    _check(await models.unload_lora_adapter(UnloadLoRAAdapterRequest(lora_name=adapter)))
    await server.engine._engine_client.remove_lora(number)


def _check(answer: Any) -> None:
    if error := getattr(answer, "error", None):
        raise RuntimeError(f"the engine refused the adapter: {error.message}")
