"""What all ingresses count of a person together, told to one another behind their requests.

No request waits for it: each ingress says four times a second what it has counted since, and hears
what the others have. So a person gets what is allowed once, and not once per ingress, but for what
comes within that quarter of a second. While Redis is away each ingress goes by its own counts.
"""

import asyncio
import logging

from oo.domain.health import State
from oo.kit.shared_counts import AWAY, More, RedisCounts
from oo.web.rates import Rates

log = logging.getLogger(__name__)

EVERY_S = 0.25
AGAIN_S = 2.0  # while it is away
AT_ONCE = 2_000  # windows in one exchange


class SharedRates:
    """Keeps the rates of this ingress and those of the others together."""

    def __init__(self, rates: Rates, counts: RedisCounts) -> None:
        self._rates = rates
        self._counts = counts
        self.state = State.WARMING

    async def run(self) -> None:
        """Tell and hear until cancelled."""
        while True:
            await self.exchange()
            await asyncio.sleep(EVERY_S if self.state is State.READY else AGAIN_S)

    async def exchange(self) -> None:
        """Tell what was counted since, and hear what the others counted.

        What gets lost on the way is not told again: nobody is refused for what they never asked.
        """
        windows = self._rates.untold(AT_ONCE)
        try:
            totals = await self._counts.add([More(it.name, it.more, it.seconds) for it in windows])
        except AWAY as error:
            if self.state is not State.DOWN:
                log.warning("each ingress counts requests alone while Redis is away: %r", error)
            self.state = State.DOWN
            return
        for told, total in zip(windows, totals, strict=True):
            self._rates.heard(told, total.counted, total.left_s)
        if self.state is State.DOWN:
            log.info("Redis is back: the ingresses count requests together")
        self.state = State.READY
