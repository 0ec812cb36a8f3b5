"""People's profiles for the request path: cached, kept in the store, rebuilt when stale (D3).

A reaction makes a profile stale. For a quarter of an hour the stale one still serves, since one
reaction moves a month's numbers little, and the job rebuilds it behind; an older one is rebuilt
on demand. What the person erases serves no longer: their `past_version` moves with it, and a
profile of before counts for nothing, wherever it is cached.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from cachetools import LRUCache

from oo.domain.profile import DEFAULTS, FRESHNESS_S, WINDOW, PastTip, summarise
from oo.kit.clock import Clock
from oo.kit.single_flight import SingleFlight
from oo.store import kept_profiles
from oo.store.database import Database
from oo.store.kept_profiles import HistoryRow, Profile

FRESH = timedelta(seconds=FRESHNESS_S)
KEEP = timedelta(days=1)  # the window moves on even when nothing happens


class _Cached(NamedTuple):
    """A profile, and the person's `past_version` when it was read or made."""

    profile: Profile
    past_version: int


class Profiles:
    """Profiles of the people that one process serves.

    A person's profile is read once for all who wait for it, and to its end though they stop
    waiting: on a busy machine every request would begin it anew and none would finish it.
    """

    def __init__(self, db: Database, clock: Clock, capacity: int = 20_000) -> None:
        self._db = db
        self._clock = clock
        self._cache: LRUCache[str, _Cached] = LRUCache(capacity)
        self._reading: SingleFlight[str, _Cached] = SingleFlight()

    def at_hand(self, user_id: str, user_seq: int, past_version: int) -> Profile | None:
        """The profile that :meth:`get` would give, if that takes no waiting."""
        cached = self._cache.get(user_id)
        if cached is None or cached.past_version < past_version:
            return None
        return cached.profile if self._serves(cached.profile, user_seq) else None

    async def get(self, user_id: str, user_seq: int, past_version: int) -> Profile:
        """The person's profile, fresh enough for one who has reacted `user_seq` times.

        None of before they erased some of their past, as which `past_version` counts.
        """
        while (profile := self.at_hand(user_id, user_seq, past_version)) is None:
            # what is under way may be for fewer reactions, or of before they erased
            await self._reading.join(user_id, lambda: self._read(user_id, user_seq, past_version))
        return profile

    async def _read(self, user_id: str, user_seq: int, past_version: int) -> _Cached:
        async with self._db.read_hot() as connection:
            profile = (await kept_profiles.load(connection, [user_id])).get(user_id)
        if profile is not None and self._serves(profile, user_seq):
            # who erases takes the kept one along: it is no older than `past_version`
            made = _Cached(profile, past_version)
        else:
            made = await self._made(user_id, past_version)
        self._cache[user_id] = made
        return made

    async def rebuild(self, user_id: str) -> Profile:
        """Compute the person's profile from their log now, and keep it."""
        return (await self._made(user_id, 0)).profile

    async def _made(self, user_id: str, past_version: int) -> _Cached:
        now = self._clock.now()
        async with self._db.read_hot() as connection:
            person = await kept_profiles.newest(connection, user_id)
            tips = await kept_profiles.history(connection, user_id, now - WINDOW)
        if person is None:
            return _Cached(Profile(user_id, 0, dict(DEFAULTS), now), past_version)
        values = _values(tips, ZoneInfo(person.timezone), now)
        profile = Profile(user_id, person.user_seq, values, now)
        async with self._db.write_hot() as connection:
            await kept_profiles.save(connection, profile, person.past_version)
        return _Cached(profile, person.past_version)

    def _serves(self, profile: Profile, user_seq: int) -> bool:
        age = self._clock.now() - profile.computed_at
        return age < FRESH or (profile.user_seq >= user_seq and age < KEEP)


def _values(tips: Sequence[HistoryRow], zone: ZoneInfo, now: datetime) -> dict[str, float]:
    if not tips:
        return dict(DEFAULTS)
    days = max((now - tips[0].created_at) / timedelta(days=1), 1.0)
    return summarise([_past(tip, zone) for tip in tips], days)


def _past(tip: HistoryRow, zone: ZoneInfo) -> PastTip:
    local = tip.created_at.astimezone(zone)
    return PastTip(local.hour + local.minute / 60, tip.action, (tip.dwell_ms or 0) / 1000)
