"""Whether the chain of the audit log holds: followed whole once, then only where it has grown."""

from oo.kit.clock import Clock
from oo.kit.errors import ConfigurationError
from oo.kit.settings import Settings
from oo.store import audit
from oo.store.audit import START, Broken, Head
from oo.store.database import Database
from oo.vault.audit_head import AuditHead

AGAIN_S = 60.0


class Chain:
    """What is known of the chain in this process."""

    def __init__(self, db: Database, settings: Settings, clock: Clock) -> None:
        self._db = db
        self._settings = settings
        self._clock = clock
        self._looked_at = float("-inf")
        self.head: Head = START
        self.broken: Broken | None = None

    async def look(self, *, whole: bool = False) -> Broken | None:
        """The first link that does not hold, if there is one; what is new, once a minute.

        With `whole` it is followed from its beginning, through the head that is kept beside the
        store.
        """
        now = self._clock.monotonic()
        if not whole and now - self._looked_at < AGAIN_S:
            return self.broken
        self._looked_at = now
        try:
            kept = AuditHead.of(self._settings).read() if whole or self.head is START else None
        except ConfigurationError as error:
            self.broken = Broken(0, str(error))
            return self.broken
        async with self._db.read() as connection:
            start = START if whole or self.broken else self.head
            found = await audit.verify(connection, kept, start)
        self.broken = found if isinstance(found, Broken) else None
        if isinstance(found, Head):
            self.head = found
        return self.broken
