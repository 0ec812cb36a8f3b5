"""One event: what it told, who has heard of it, and what hearing of it again would do."""

from typing import Any

from oo.admin.desk import Desk
from oo.admin.page import ConsolePage, Group
from oo.admin.query import Query
from oo.admin.screen import Column, Kind, Screen, Table
from oo.domain.events import Heard


async def read(desk: Desk, query: Query, event: str) -> Screen:
    """Looking changes nothing; the table is the preview of a replay."""
    found, heard = await desk.parts.replays.preview(event)
    payload = [(name, value) for name, value in found.payload.items() if name != "user_id"]
    return Screen(
        tables=[
            Table(
                "consumers",
                "What a replay would do",
                (
                    Column("consumer", "Consumer"),
                    Column("hearing", "This event", Kind.STATE),
                    Column("effect", "Once more"),
                ),
                [_row(one) for one in heard],
                "Nobody hears of events.",
            ),
            Table(
                "payload",
                "What it told",
                (Column("name", "Field"), Column("value", "Value")),
                [{"name": name, "value": str(value)} for name, value in payload],
                "Nothing but that it happened.",
            ),
        ],
        facts={
            "subject": found.subject,
            "at": found.at,
            "number": found.seq,
            "id": found.id,
            "person": found.user_id,
        },
        values={"event": found, "heard": [one for one in heard if one.may_replay]},
        subject=f"{found.subject}, no. {found.seq}",
    )


def _row(one: Heard) -> dict[str, Any]:
    return {"consumer": one.consumer, "hearing": one.hearing.value, "effect": one.effect}


PAGE = ConsolePage(
    "event",
    "Event",
    Group.NOW,
    1,
    "One event, and who has heard of it.",
    Query,
    read,
    path="live/{id}",
    template="event.html",
    under="live",
    has_period=False,
)
