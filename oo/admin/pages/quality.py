"""Data quality: how complete the log is by day, and how fresh the sources are."""

from datetime import datetime, timedelta

from oo.admin.ageing import Age, Counted, ages_of, verdict
from oo.admin.desk import Desk
from oo.admin.page import ConsolePage, Group
from oo.admin.query import Query
from oo.admin.screen import Column, Kind, Level, Notice, Screen, Table
from oo.domain.profile import FRESHNESS_S
from oo.store.everyone import quality, queues, staleness
from oo.store.everyone.quality import Day, SourceState


async def read(desk: Desk, query: Query) -> Screen:
    """Shares of each day's decisions; a low one is darker."""
    period = query.period(desk.now)
    offset = desk.now.astimezone(desk.looker.zone).utcoffset()
    seconds = int(offset.total_seconds()) if offset else 0

    before = desk.now - timedelta(seconds=FRESHNESS_S)

    async def count() -> Counted:
        async with desk.reading() as connection:
            return Counted(
                await quality.by_day(connection, desk.by, period, seconds),
                await quality.sources(connection, desk.by),
                await staleness.of_profiles(connection, desk.by, before),
                await queues.people_behind(connection, desk.by),
            )

    counted = await desk.counted(("quality", query.model_dump_json()), count)
    found = counted.value
    ages = ages_of(found, await desk.parts.freshness.now())
    return Screen(
        notices=[verdict(ages), *_to_reconnect(found.sources)],
        tables=[_stale(ages), _sources(found.sources), _days(desk, found.days)],
        age_s=counted.age_s,
    )


def _to_reconnect(sources: list[SourceState]) -> list[Notice]:
    return [
        Notice(
            Level.WATCH,
            f"{one.source}: {one.reconnect} wait to be connected again",
            "Their tokens are no longer accepted.",
            "/admin/people?state=troubled",
        )
        for one in sources
        if one.reconnect
    ]


def _stale(ages: list[Age]) -> Table:
    return Table(
        "freshness",
        "Is anything stale?",
        (
            Column("what", "What"),
            Column("state", "", Kind.STATE),
            Column("fresh", "Fresh", Kind.SHARE),
            Column("stale", "Stale", Kind.NUMBER),
            Column("of", "Of", Kind.NUMBER),
            Column("oldest", "Stalest", Kind.AGE),
            Column("limit", "Fresh is"),
        ),
        [
            {
                **one._asdict(),
                "fresh": one.share,
                "state": "stale" if one.is_stale else "fresh" if one.of else "none there",
            }
            for one in ages
        ],
        "",
        note="Profiles and learnt states are brought up to date at the person's next request too.",
    )


def _days(desk: Desk, days: list[Day]) -> Table:
    rows = [
        {
            "day": f"{datetime.fromtimestamp(one.start, desk.looker.zone):%a %-d %b}",
            "decisions": one.decisions,
            **{
                name: getattr(one, name) / one.decisions
                for name in ("seen", "reacted", "by_model", "ranked", "with_task")
            },
        }
        for one in reversed(days)
    ]
    return Table(
        "days",
        "Completeness by day",
        (
            Column("day", "Day"),
            Column("decisions", "Decisions", Kind.NUMBER),
            Column("seen", "Seen", Kind.HEAT),
            Column("reacted", "Has a reward", Kind.HEAT),
            Column("by_model", "Written by a model", Kind.HEAT),
            Column("ranked", "Ranked in time", Kind.HEAT),
            Column("with_task", "Names its task", Kind.HEAT),
        ),
        rows,
        "Nothing was served in this time.",
    )


def _sources(sources: list[SourceState]) -> Table:
    return Table(
        "sources",
        "Sources",
        (
            Column("source", "Source"),
            Column("people", "People", Kind.NUMBER),
            Column("reconnect", "To connect again", Kind.NUMBER),
            Column("failed", "Failed the last time", Kind.NUMBER),
            Column("oldest", "Stalest read", Kind.AGE),
            Column("newest", "Newest read", Kind.AGE),
        ),
        [one._asdict() for one in sources],
        "Nobody has connected anything.",
    )


PAGE = ConsolePage(
    "quality",
    "Data quality",
    Group.LEARNING,
    6,
    "How complete the log is, and how fresh the sources are.",
    Query,
    read,
)
