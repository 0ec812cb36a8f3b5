"""What the engine's replicas need of Ray and vLLM beyond their public APIs, all of it in this file.

`tests/contracts/test_private_apis.py` says what breaks when they change it.
"""

import asyncio
from pathlib import Path
from typing import Any

from ray.llm._internal.common.callbacks.base import CallbackBase
from ray.serve.llm import LLMServer

POLL_S = 0.2


class NoInitNode(CallbackBase):
    """Leaves out the task that prepares a node: the model is on disk, and it costs a minute."""

    async def on_before_node_init(self) -> None:
        self.ctx.run_init_node = False


async def died(server: LLMServer) -> None:
    """Return when the vLLM engine of this replica has died; vLLM offers no event for it."""
    client = server.engine._engine_client
    while not client.errored:  # noqa: ASYNC110 - see above
        await asyncio.sleep(POLL_S)


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
