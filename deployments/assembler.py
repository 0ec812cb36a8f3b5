"""ContextAssembler: a thin shim; what a writer is told about one person, and what may be told."""

from datetime import datetime
from zoneinfo import ZoneInfo

from deployments.process import BEHIND, start
from oo.domain.standing import Standing
from oo.integrations.service import Integrations
from oo.recommend.assembly import assemble
from oo.recommend.ports import Assembled
from oo.store import decisions, signals, tasks, users


class ContextAssembler:
    """Assembles the contexts of the making of candidates; requests assemble in process."""

    def __init__(self) -> None:
        settings, self._clock, self._db, _ = start("assembler", BEHIND)
        self._integrations = Integrations.of(settings, self._db, self._clock)

    async def assemble(self, user_id: str, at: datetime | None = None) -> Assembled | None:
        """The person's context now, or `at` a later instant; None when the person is gone."""
        # sources that were not read within 30 s are; one that fails leaves what is stored
        await self._integrations.open_tasks(user_id)
        now = at or self._clock.now()
        async with self._db.read() as connection:
            head = (await users.heads(connection, [user_id])).get(user_id)
            if head is None:
                return None
            listed = (await tasks.lists(connection, [user_id]))[user_id]
            available = await tasks.list_available(connection, user_id, now)
            current = (await signals.current(connection, [user_id], now))[user_id]
            heard = await decisions.heard(connection, user_id, now)
        moment = Standing(listed, ZoneInfo(head.timezone)).at(now)
        return Assembled(assemble(moment, available, current, heard), head.pool_version)

    async def status(self) -> str:
        """Answers when the replica is up."""
        return "ready"
