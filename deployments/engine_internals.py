"""What the engine's replicas need of Ray and vLLM beyond their public APIs, all of it in this file.

`tests/contracts/test_private_apis.py` says what breaks when they change it.
"""

import asyncio

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
