"""Who did what to whom, why, and what it was before and after; and whether the chain holds."""

from typing import ClassVar

from pydantic import Field

from oo.admin import entries
from oo.admin.desk import Desk
from oo.admin.filtering import choices
from oo.admin.page import ConsolePage, Group
from oo.admin.query import Filter, Query, Span
from oo.admin.screen import Column, Kind, Level, Notice, Screen, Table
from oo.store import audit


class AuditQuery(Query):
    """Which entries."""

    span: Span = Field(Span.MONTH, alias="range", description="Time range")
    actor: Filter = Field("", description="By")
    action: Filter = Field("", description="Action")
    whom: Filter = Field("", description="To whom")
    not_filters: ClassVar[frozenset[str]] = frozenset({"whole"})
    whole: bool = Field(False, description="Follow the whole chain")


async def read(desk: Desk, query: AuditQuery) -> Screen:
    """A page of the log, the newest first; the chain is followed as far as it is new."""
    rows = query.rows("-id")
    async with desk.reading() as connection:
        found = await audit.page(
            connection,
            query.period(desk.now),
            choices(query, "actor", "action", "whom"),
            rows._replace(limit=rows.limit + 1),
        )
        shown = found[: rows.limit]
        called = await entries.actors(connection, desk.by, (it.entry.actor for it in shown))
    broken = await desk.parts.chain.look(whole=query.whole)
    head = desk.parts.chain.head
    if broken is None:
        said = f"Followed up to entry {head.id}: each carries the hash of the one before."
        notice = Notice(Level.CALM, "The chain holds", said, "/admin/audit?whole=true")
    else:
        said = f"At entry {broken.id}: {broken.reason}."
        notice = Notice(Level.ACT, "The chain is broken", said, "/admin/audit?whole=true")
    return Screen(
        notices=[notice],
        tables=[
            Table(
                "entries",
                "Entries",
                (
                    Column("id", "No.", Kind.NUMBER, sortable=True),
                    Column("at", "When", Kind.INSTANT),
                    Column("by", "By", filter="actor", pick="actor"),
                    Column("action", "What", filter="action"),
                    Column("whom", "To whom", filter="whom"),
                    Column("why", "Why"),
                    Column("before", "Before"),
                    Column("after", "After"),
                    Column("actor", "By, as it is kept", hidden=True),
                    Column("hash", "Hash", Kind.ID, hidden=True),
                ),
                entries.rows(shown, called),
                "Nothing was done in this time.",
                more=len(found) > rows.limit,
            )
        ],
    )


PAGE = ConsolePage(
    "audit", "Audit", Group.SYSTEM, 3, "Who did what to whom, and why.", AuditQuery, read
)
