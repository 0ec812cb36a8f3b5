"""How much one person may ask, by what it costs, so that nobody stops everybody else."""

import math
import time
from enum import StrEnum

from limits import RateLimitItem, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from oo.kit.errors import TooManyRequests
from oo.kit.settings import Limits


class Cost(StrEnum):
    """What a request costs: a decision or a reaction, a look at a page, or work on a whole list."""

    TIP = "tip"
    PAGE = "page"
    HEAVY = "heavy"


class Rates:
    """Counts people's requests in this process; each ingress has its own."""

    def __init__(self, limits: Limits) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._allowed: dict[Cost, RateLimitItem] = {
            Cost.TIP: RateLimitItemPerSecond(limits.tips_per_second),
            Cost.PAGE: RateLimitItemPerMinute(limits.pages_per_minute),
            Cost.HEAVY: RateLimitItemPerMinute(limits.heavy_per_minute),
        }

    def count(self, cost: Cost, user_id: str) -> None:
        """Count one request of the person; raises TooManyRequests over what is allowed."""
        allowed = self._allowed[cost]
        if self._limiter.hit(allowed, cost.value, user_id):
            return
        window = self._limiter.get_window_stats(allowed, cost.value, user_id)
        seconds = max(math.ceil(window.reset_time - time.time()), 1)  # the library's own clock
        raise TooManyRequests(f"That was a lot at once. Go on in {seconds} s.", retry_after=seconds)
