"""A tip for somebody who has not asked."""

from oo.kit.errors import Unauthorized
from oo.recommend.deciding import Account, Served
from oo.recommend.recommender import Recommender
from oo.store import users
from oo.store.database import Database


class TipPicker:
    """Picks a person's tip as a request of theirs would."""

    def __init__(self, db: Database, recommender: Recommender) -> None:
        self._db = db
        self._recommender = recommender

    async def pick(self, user_id: str) -> str | None:
        """The id of a decision that is committed; None where there is nothing to say.

        Raises Unavailable when that takes too long.
        """
        async with self._db.read_hot() as connection:
            head = (await users.heads(connection, [user_id])).get(user_id)
        if head is None:
            return None
        account = Account(
            user_id, head.user_seq, head.pool_version, head.timezone, head.past_version
        )
        try:
            found = await self._recommender.recommend(account)
        except Unauthorized:  # erased this moment
            return None
        return found.decision.id if isinstance(found, Served) else None
