"""What may be sent to a person right now, asked once more before it is."""

from collections.abc import Collection, Mapping
from zoneinfo import ZoneInfo

from oo.delivery.engaged import approachable
from oo.domain.deliveries import TellsTips, TipRef, TipWords
from oo.kit.clock import Clock
from oo.store import users
from oo.store.database import Database


class WhileWelcome:
    """:class:`oo.domain.deliveries.TellsTips` of those who may be spoken to now.

    Between decision and sending a person may have gone to sleep, travelled, said "not now", gone
    into a meeting or taken their budget to 0: their tips are not apt, and nothing of them waits.
    """

    def __init__(self, db: Database, clock: Clock, tells: TellsTips) -> None:
        self._db = db
        self._clock = clock
        self._tells = tells

    async def apt(self, tips: Collection[TipRef]) -> Mapping[TipRef, TipWords]:
        """Those of the tips that still hold, of people who are not left alone."""
        welcome = await self._welcome({tip.user_id for tip in tips})
        asked = [tip for tip in tips if tip.user_id in welcome]
        return await self._tells.apt(asked) if asked else {}

    async def _welcome(self, people: Collection[str]) -> set[str]:
        now = self._clock.now()
        async with self._db.read() as connection:
            heads = await users.heads(connection, people)
            zones = {user_id: ZoneInfo(head.timezone) for user_id, head in heads.items()}
            found = await approachable(connection, zones, now)
        return {user_id for user_id, own in found.items() if own.budget > 0}
