"""What the relay has not told yet."""

from datetime import datetime
from typing import NamedTuple

from oo.events.relay import NAME
from oo.events.subject import subjects
from oo.store import event_log, event_positions
from oo.store.database import Hot

MOST = 1_000  # counted


class Untold(NamedTuple):
    """Committed facts that are no events yet: how many, `MOST` of a kind at most, and when the
    oldest of them happened."""

    facts: int
    oldest: datetime | None


async def untold(connection: Hot) -> Untold:
    """Counted behind the mark that the relay keeps; nothing before it has ever run."""
    kept = await event_positions.get(connection, NAME)
    if kept is None:
        return Untold(0, None)
    named = {subject.row for subject in subjects().values()}
    facts = await event_log.untold_rows(connection, named, kept.state["low"], MOST)
    since = datetime.fromisoformat(kept.state["since"])
    facts += await event_log.untold_decisions(connection, since, MOST)
    return Untold(len(facts), min((fact.at for fact in facts), default=None))
