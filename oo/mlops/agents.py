"""What sub-agents say of a person: the same that the writer of tips is told."""

from collections.abc import Callable

from ml.agents.orchestrator import listen
from ml.composing.composer import Composer
from ml.composing.writing import knowing_composer
from oo.domain.agents import Report
from oo.kit.clock import Clock
from oo.kit.errors import NotFound
from oo.recommend.gathering import gather
from oo.store import connections
from oo.store.database import Database


class Listener:
    """Asks the sub-agents on demand; the `composer` tells them each task's kind of work."""

    def __init__(self, db: Database, clock: Clock, composer: Callable[[], Composer]) -> None:
        self._db = db
        self._clock = clock
        self._composer = composer

    async def listen(self, user_id: str) -> Report:
        """What each says now, from what is stored. Raises NotFound for somebody who is gone."""
        now = self._clock.now()
        async with self._db.read() as connection:
            assembled = await gather(connection, user_id, now)
            sources = await connections.list_for(connection, user_id)
        if assembled is None:
            raise NotFound("There is no such person.")
        read = [source.synced_at for source in sources if source.synced_at is not None]
        said = listen(assembled.context, self._composer(), now)
        return Report(said, now, min(read, default=None))


async def listen_offline(db: Database, clock: Clock, user_id: str) -> Report:
    """The same for a command, which has the seconds that telling kinds of work by example takes."""
    return await Listener(db, clock, knowing_composer).listen(user_id)
