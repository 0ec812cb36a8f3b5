"""The policies in shadow, as the store's record has them now."""

from oo.mlops.policy_lookup import in_shadow
from oo.recommend.ports import Shadow
from oo.store import policies
from oo.store.database import Database


class ShadowPolicies:
    """Looks each time whether something changed, and only then at what; one event loop owns it."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._seen = -1
        self._found: tuple[Shadow, ...] = ()

    async def current(self) -> tuple[Shadow, ...]:
        """The shadows that there are; one whose policy is no longer there is logged."""
        async with self._db.read_hot() as connection:
            latest = await policies.latest(connection)
        if latest != self._seen:
            async with self._db.read() as connection:
                roles = await policies.roles(connection)
                self._found = await in_shadow(connection, roles)
                self._seen = roles.latest
        return self._found
