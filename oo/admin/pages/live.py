"""Events as they happen: the last ones, and then a tail by server-sent events."""

from collections import deque
from typing import Any

from pydantic import Field

from oo.admin.desk import Desk
from oo.admin.page import ConsolePage, Group
from oo.admin.query import Query, Span
from oo.admin.screen import Column, Kind, Screen, Table
from oo.domain.events import RING, EventFilter, EventSeen, RecentEvents

SHOWN = 100
MOST_PAGES = 60  # of a look back, and of a person with many thousands of events


class LiveQuery(Query):
    """Which events."""

    span: Span = Field(Span.MONTH, alias="range", description="Time range")
    subject: str = Field("", max_length=120, pattern=r"^[a-z0-9_.*>]*$", description="Subject")
    person: str = Field("", pattern=r"^([0-9a-f]{32})?$", description="Person")


async def read(desk: Desk, query: LiveQuery) -> Screen:
    """The newest that the filters take, the newest first; the page's script goes on behind them."""
    filters = filters_of(desk, query)
    found, newest = await _newest(desk.parts.events, filters)
    rows = [_row(event) for event in reversed(found)]
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
        values={
            "newest": newest,
            "subject": filters.subject,
            "person": filters.person,
            "since": filters.since,
            "until": filters.until,
        },
    )


def filters_of(desk: Desk, query: LiveQuery) -> EventFilter:
    """What is asked for; of all times unless the address says one."""
    period = query.period(desk.now)
    asked = query.model_fields_set
    since = period.since if {"since", "span"} & asked else None
    return EventFilter(query.subject, query.person, since, period.until if query.until else None)


async def _newest(ring: RecentEvents, filters: EventFilter) -> tuple[list[EventSeen], int]:
    """The newest events, oldest first, and the number behind which the tail goes on without a gap.

    The number is that of the last page, so what comes meanwhile is on neither but on the tail.
    """
    shown: deque[EventSeen] = deque(maxlen=SHOWN)
    after = await ring.start(filters)
    for _ in range(MOST_PAGES):
        page = await ring.page(after, RING, filters)
        shown.extend(page.events)
        after = page.next
        if page.is_all:
            break
    return list(shown), after


def _row(event: EventSeen) -> dict[str, Any]:
    return {
        "id": event.seq,
        "at": event.at,
        "subject": event.subject,
        "person": event.user_id,
        "payload": ", ".join(
            f"{name}: {value}" for name, value in event.payload.items() if name != "user_id"
        ),
        "seq": event.seq,
    }


PAGE = ConsolePage(
    "live",
    "Live events",
    Group.NOW,
    2,
    "What happens, as it happens.",
    LiveQuery,
    read,
    template="live.html",
    of_all_times=True,
)
