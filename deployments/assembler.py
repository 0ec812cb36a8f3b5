"""ContextAssembler: a thin shim; what a writer is told about one person, and what may be told."""

from dataclasses import replace
from datetime import datetime

from deployments.calls import called
from deployments.process import start
from oo.integrations.service import Integrations
from oo.kit.niceness import BEHIND
from oo.recommend.gathering import gather
from oo.recommend.ports import Assembled
from oo.store import prompts


class ContextAssembler:
    """Assembles the contexts of the making of candidates; requests assemble in process."""

    def __init__(self) -> None:
        settings, self._clock, self._db, _ = start("assembler", BEHIND)
        self._integrations = Integrations.of(settings, self._db, self._clock)

    async def assemble(
        self, user_id: str, at: datetime | None = None, carried: str = ""
    ) -> Assembled | None:
        """The person's context now, or `at` a later instant; None when the person is gone."""
        with called("ContextAssembler.assemble", carried, user_id):
            return await self._assemble(user_id, at)

    async def _assemble(self, user_id: str, at: datetime | None) -> Assembled | None:
        # sources that were not read within 30 s are; one that fails leaves what is stored
        await self._integrations.open_tasks(user_id)
        now = at or self._clock.now()
        async with self._db.read() as connection:
            found = await gather(connection, user_id, now)
            if found is None:
                return None
            prompt = await prompts.given_to(connection, user_id)
        return found._replace(context=replace(found.context, prompt=prompt))

    async def status(self) -> str:
        """Answers when the replica is up."""
        return "ready"
