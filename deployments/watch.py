"""How the parts of the application are, asked every two seconds off the request path."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from deployments.calls import answered
from oo.domain.health import State
from oo.kit.admission import Admission
from oo.kit.metrics import ADMISSION, ADMISSION_LIMIT, REQUESTS

log = logging.getLogger(__name__)

EVERY_S = 2.0
ANSWER_WITHIN_S = 1.5
COUNT_EVERY_S = 1.0


class Watch:
    """Asks each part for its state; a part that has never answered is warming."""

    def __init__(self, probes: Mapping[str, Callable[[], Awaitable[State]]]) -> None:
        self._probes = probes
        self._states = dict.fromkeys(probes, State.WARMING)
        self._task = asyncio.get_running_loop().create_task(self._run())

    def states(self) -> dict[str, State]:
        """The state of each part, as last seen."""
        return {"ingress": State.READY, **self._states}

    async def _run(self) -> None:
        while True:
            await asyncio.gather(*(self._ask(name) for name in self._probes))
            await asyncio.sleep(EVERY_S)

    async def _ask(self, name: str) -> None:
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                state = await answered(self._probes[name]())
        except Exception as error:
            known = self._states[name]
            state = State.WARMING if known is State.WARMING else State.DOWN
            log.debug("%s does not answer: %r", name, error)
        if state is not self._states[name]:
            log.info("%s: %s", name, state)
        self._states[name] = state


async def count_waiting(admission: Admission) -> None:
    """Say in `/metrics` how many requests for a tip wait and are under way in this process, and
    how long those took that have ended."""
    while True:
        ADMISSION.set(admission.waiting, "waiting")
        ADMISSION.set(admission.under_way, "under_way")
        ADMISSION_LIMIT.set(admission.limit)
        REQUESTS.tell()
        await asyncio.sleep(COUNT_EVERY_S)
