"""When a person's source was read last, and when it may be asked again."""

from typing import NamedTuple

from cachetools import TLRUCache

from oo.kit.clock import Clock
from oo.kit.errors import OoError

FRESH_S = 30.0
MAX_KEPT = 50_000


class _Until(NamedTuple):
    moment: float
    error: OoError | None


class Freshness:
    """Remembers per person and source, in this process; forgetting only costs a call."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: TLRUCache[tuple[str, str], _Until] = TLRUCache(
            MAX_KEPT, ttu=lambda _key, kept, _now: kept.moment, timer=clock.monotonic
        )

    def is_fresh(self, user_id: str, source: str) -> bool:
        """Whether the source was read within FRESH_S."""
        kept = self._current(user_id, source)
        return kept is not None and kept.error is None

    def check_may_ask(self, user_id: str, source: str) -> None:
        """Raise the last failure again while it is too early to ask once more."""
        kept = self._current(user_id, source)
        if kept is not None and kept.error is not None:
            raise kept.error

    def was_read(self, user_id: str, source: str) -> None:
        """The source was read just now."""
        self._keep(user_id, source, _Until(self._clock.monotonic() + FRESH_S, None))

    def has_failed(self, user_id: str, source: str, error: OoError) -> None:
        """The source failed just now; it is left alone for as long as it asked for."""
        pause = max(FRESH_S, float(error.retry_after or 0))
        self._keep(user_id, source, _Until(self._clock.monotonic() + pause, error))

    def is_stale(self, user_id: str, source: str) -> None:
        """What was read no longer holds; a pause after a failure goes on."""
        if self.is_fresh(user_id, source):
            del self._kept[user_id, source]

    def forget(self, user_id: str, source: str) -> None:
        """Begin anew with this source."""
        self._kept.pop((user_id, source), None)

    def _current(self, user_id: str, source: str) -> _Until | None:
        return self._kept.get((user_id, source))

    def _keep(self, user_id: str, source: str, until: _Until) -> None:
        self._kept[user_id, source] = until
