"""The person's pool of candidates as the request path sees it: cached until it moves."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from cachetools import TTLCache

from oo.domain.claims import BEYOND_THE_LIST, Claim, Fact, bounded, holds
from oo.domain.lately import NOTHING_BESIDE, busy_of
from oo.domain.pools import LOW_WATER
from oo.domain.signals import Signal
from oo.domain.standing import Moment, Standing
from oo.kit.clock import Clock
from oo.kit.coalesce import Coalescer, Take
from oo.kit.errors import Unauthorized
from oo.store import beside, candidates, signals, tasks, users
from oo.store.candidates import PoolEntry
from oo.store.database import Database, Hot

KEEP_S = 60.0
AT_MOST = timedelta(seconds=1)
GONE = "This account no longer exists."


@dataclass(slots=True)
class Stock:
    """A person's live candidates at one version, with the list and the signals they speak of."""

    version: int
    standing: Standing
    entries: list[PoolEntry]
    signals: Mapping[str, Sequence[Signal]]
    _looked: "_Looked | None" = None

    def eligible(self, now: datetime) -> list[PoolEntry]:
        """The candidates that may be served at `now`, oldest first: what they claim holds then.

        Of one version of the list only the clock changes that, so a look serves until the clock
        ends a claim, AT_MOST at the most; what is decided on is checked by itself when it commits.
        """
        looked = self._looked
        if looked is None or not looked.at <= now < looked.until:
            looked = self._looked = self._look(now)
        return looked.found

    def _look(self, now: datetime) -> "_Looked":
        moment = self.standing.at(now)
        found = [entry for entry in self.entries if _is_eligible(entry, moment, now)]
        ends = [now + AT_MOST, *(entry.candidate.expires_at for entry in found)]
        # bounded anew: what was written elsewhere ends by another clock than that of the zone now
        claims = [bounded(claim, moment) for entry in found for claim in entry.candidate.claims]
        ends += [claim.until for claim in claims if claim.until is not None]
        ends += [it.not_before for it in self.entries if it.not_before and it.not_before > now]
        return _Looked(now, min(ends), found)


class _Looked(NamedTuple):
    """What was eligible at an instant, and until when that is known."""

    at: datetime
    until: datetime
    found: list[PoolEntry]


def _is_eligible(entry: PoolEntry, moment: Moment, now: datetime) -> bool:
    return (
        entry.candidate.expires_at > now
        and (entry.not_before is None or entry.not_before <= now)
        and all(holds(claim, moment) for claim in entry.candidate.claims)
    )


def is_enough(eligible: Sequence[PoolEntry]) -> bool:
    """Whether a pool needs no filling: enough of what may be served was written by a model."""
    return sum(entry.candidate.source == "llm" for entry in eligible) >= LOW_WATER


async def load(
    connection: Hot,
    user_ids: Collection[str],
    now: datetime,
    claims: Collection[Claim] = (),
) -> dict[str, Stock]:
    """What these people have in stock, straight from the store; nobody who is gone.

    What goes beyond their lists is read as far as their candidates speak of it, and such `claims`
    of what may become one.
    """
    # the version first: what changes while this reads is then newer than the version that it is
    # kept under, and is read again
    heads = await users.heads(connection, user_ids)
    lists = await tasks.lists(connection, user_ids)
    entries = await candidates.live(connection, user_ids, now)
    current = await signals.current(connection, user_ids, now)
    beyond = {it: _beyond_the_list(entries[it], claims) for it in heads}
    asked = [user_id for user_id, found in beyond.items() if found]
    labelled = {
        claim.task_id
        for found in beyond.values()
        for claim in found
        if claim.fact is Fact.LABEL and claim.task_id
    }
    known = await beside.load(connection, asked, now, labelled) if asked else {}
    found = {}
    for user_id, head in heads.items():
        zone = ZoneInfo(head.timezone)
        busy = busy_of(current[user_id], zone)
        standing = Standing(
            lists[user_id], zone, known.get(user_id, NOTHING_BESIDE)._replace(busy=busy)
        )
        found[user_id] = Stock(head.pool_version, standing, entries[user_id], current[user_id])
    return found


async def after_a_fill(connection: Hot, user_id: str, stock: Stock, now: datetime) -> Stock:
    """The stock with the candidates that were put into it in this transaction.

    Nothing else changes in it: the person is locked.
    """
    entries = (await candidates.live(connection, [user_id], now))[user_id]
    return Stock(stock.version + 1, stock.standing, entries, stock.signals)


def _beyond_the_list(entries: Sequence[PoolEntry], claims: Collection[Claim]) -> list[Claim]:
    made = (claim for entry in entries for claim in entry.candidate.claims)
    return [claim for claim in (*made, *claims) if claim.fact in BEYOND_THE_LIST]


class Pool:
    """What people have in stock, by person.

    `pool_version` of the person's row tells when to reload: it moves with their candidates, tasks
    and zone. A task that was held back comes alive without any write, hence the time limit.
    """

    def __init__(self, db: Database, clock: Clock, capacity: int = 20_000) -> None:
        self._db = db
        self._clock = clock
        self._cache: TTLCache[str, Stock] = TTLCache(capacity, KEEP_S, clock.monotonic)
        self._loads: Coalescer[str, Stock] = Coalescer(self._load, name="pool.load")

    async def stock(self, user_id: str, pool_version: int) -> Stock:
        """The person's stock, at least as new as `pool_version`.

        Raises Unauthorized for somebody who is gone.
        """
        cached = self._cache.get(user_id)
        if cached is not None and cached.version >= pool_version:
            return cached
        return await self.reload(user_id)

    async def reload(self, user_id: str) -> Stock:
        """The person's stock, straight from the store."""
        stock = self._cache[user_id] = await self._loads.submit(user_id)
        return stock

    async def _load(self, take: Take[str]) -> list[Stock | Exception]:
        async with self._db.read_hot() as connection:
            user_ids = take()
            found = await load(connection, set(user_ids), self._clock.now())
        return [found.get(user_id) or Unauthorized(GONE) for user_id in user_ids]
