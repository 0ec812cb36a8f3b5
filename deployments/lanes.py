"""The short way to a shard of the same host, beside Serve's own."""

import asyncio
from pathlib import Path
from typing import Any

from ray import serve

from deployments.calls import answered
from oo.kit.clock import Clock
from oo.kit.lane import Answer, Lane, NobodyThere, listen

LOOK_AGAIN_S = 1.0  # after nobody was there


def lane_of(run_dir: Path, deployment: str) -> Path:
    """Where the only replica of that deployment listens."""
    return run_dir / deployment


async def answer_near(run_dir: Path, answer: Answer) -> asyncio.Server:
    """Have this replica reached by processes of its host on the short way too."""
    return await listen(lane_of(run_dir, serve.get_replica_context().deployment), answer)


class Near:
    """Calls one method of a deployment of one replica: over its lane where it is on this host, else
    by its handle, which knows where it is.
    """

    def __init__(self, method: Any, lane: Lane, clock: Clock) -> None:
        self._method = method
        self._lane = lane
        self._clock = clock
        self._far_until = float("-inf")

    async def __call__(self, *message: Any) -> Any:
        """What it answers; where it does not, an `Exception`, as :func:`answered` has it."""
        if self._clock.monotonic() >= self._far_until:
            try:
                return await self._lane.call(*message)
            except NobodyThere:
                self._far_until = self._clock.monotonic() + LOOK_AGAIN_S
        return await answered(self._method.remote(*message))
