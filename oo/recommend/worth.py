"""Whether a tip that was decided on may still be put before its person: said of many at once."""

from collections.abc import Collection, Mapping

from oo.domain.deliveries import TipRef, TipWords
from oo.kit.clock import Clock
from oo.recommend import pool
from oo.store import decisions
from oo.store.database import Database


class Worth:
    """:class:`oo.domain.deliveries.TellsTips` over the pools that tips came from."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def apt(self, tips: Collection[TipRef]) -> Mapping[TipRef, TipWords]:
        """See :class:`oo.domain.deliveries.TellsTips`.

        A candidate ends with its reaction and rests with its task, so what may be served of the
        pool now says it all.
        """
        now = self._clock.now()
        people = {tip.user_id for tip in tips}
        async with self._db.read_hot() as connection:
            shown = await decisions.shown(connection, people, {tip.tip_id for tip in tips})
            stocks = await pool.load(connection, people, now)
        eligible = {
            (user_id, entry.candidate.id): entry.candidate
            for user_id, stock in stocks.items()
            for entry in stock.eligible(now)
        }
        found = {}
        for tip in tips:
            decided = shown.get(tip.tip_id)
            if decided is None or decided.user_id != tip.user_id:
                continue
            candidate = eligible.get((tip.user_id, decided.candidate_id))
            if candidate is not None:
                found[tip] = TipWords(candidate.kind.value, candidate.content, candidate.about)
        return found
