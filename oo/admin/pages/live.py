"""Events as they happen: the last ones, and then a tail by server-sent events."""

from typing import Any

import orjson
from pydantic import Field

from oo.admin.desk import Desk
from oo.admin.page import ConsolePage, Group
from oo.admin.query import Query
from oo.admin.screen import Column, Kind, Screen, Table
from oo.domain.events import RING, EventFilter, EventSeen

SHOWN = 100


class LiveQuery(Query):
    """Which events."""

    subject: str = Field("", max_length=120, pattern=r"^[a-z0-9_.*>]*$", description="Subject")
    person: str = Field("", pattern=r"^([0-9a-f]{32})?$", description="Person")


async def read(desk: Desk, query: LiveQuery) -> Screen:
    """The newest of the ring, the newest first; the page's script goes on behind them."""
    ring = desk.parts.events
    filters = EventFilter(query.subject, query.person)
    found = await ring.read(await ring.start(), RING, filters)
    newest = await ring.newest()
    rows = [_row(event) for event in reversed(found[-SHOWN:])]
    return Screen(
        tables=[
            Table(
                "events",
                "Events",
                (
                    Column("at", "When", Kind.INSTANT),
                    Column("subject", "Subject", filter="subject"),
                    Column("person", "Person", Kind.ID, to="/admin/people/{}", by="person"),
                    Column("payload", "What"),
                    Column("seq", "No.", Kind.NUMBER, to="/admin/live/{}"),
                ),
                rows,
                "Nothing has happened yet that these filters take.",
                peek="/admin/live/{}",
            )
        ],
        values={"newest": newest, "subject": query.subject, "person": query.person},
    )


def _row(event: EventSeen) -> dict[str, Any]:
    payload = {name: value for name, value in event.payload.items() if name != "user_id"}
    return {
        "id": event.seq,
        "at": event.at,
        "subject": event.subject,
        "person": event.user_id,
        "payload": orjson.dumps(payload).decode()[1:-1].replace('"', ""),
        "seq": event.seq,
    }


PAGE = ConsolePage(
    "live",
    "Live events",
    Group.NOW,
    1,
    "What happens, as it happens.",
    LiveQuery,
    read,
    template="live.html",
    has_period=False,
)
