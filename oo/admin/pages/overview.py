"""How oO is doing, and what wants attention."""

from datetime import timedelta
from typing import NamedTuple

from oo.admin.desk import Desk
from oo.admin.estimating import mean_of
from oo.admin.filtering import carried
from oo.admin.page import ConsolePage, Group
from oo.admin.query import Query
from oo.admin.screen import Chart, Column, Figure, Kind, Level, Notice, Screen, Series, Table
from oo.domain.console import Period
from oo.domain.health import State
from oo.domain.rewards import Action
from oo.recommend.freshness import OBJECTIVE
from oo.store.everyone import counts, sums
from oo.store.everyone.counts import Funnel, Point, Served, Troubles
from oo.store.everyone.counts import Group as Slice
from oo.store.everyone.filtering import NONE

MUCH_FALLBACK = 0.05
DAY, WEEK = timedelta(days=1), timedelta(days=7)


class Seen(NamedTuple):
    """All that the store is asked for."""

    now: Served
    before: Served
    daily: int
    weekly: int
    points: list[Point]
    people: dict[int, int]
    reactions: list[Slice]
    reactions_before: list[Slice]
    funnel: Funnel
    troubles: Troubles


async def read(desk: Desk, query: Query) -> Screen:
    """Counted once a minute at most, for all who look."""
    period, offset = query.period(desk.now), desk.offset_s
    counted = await desk.counted(
        ("overview", query.model_dump_json(), offset), lambda: _count(desk, period, offset)
    )
    seen = counted.value
    return Screen(
        figures=_figures(seen, query),
        notices=await _notices(desk, seen),
        charts=_charts(seen),
        tables=[_reactions(seen, query), _funnel(seen.funnel)],
        age_s=counted.age_s,
    )


async def _count(desk: Desk, period: Period, offset: int) -> Seen:
    until = period.until
    async with desk.reading() as connection:
        by = desk.by
        return Seen(
            await sums.served(connection, by, period),
            await sums.served(connection, by, period.before),
            await sums.people(connection, by, Period(until - DAY, until)),
            await sums.people(connection, by, Period(until - WEEK, until)),
            await sums.over_time(connection, by, period, {}, offset),
            await sums.people_over_time(connection, by, period, offset),
            await sums.grouped(connection, by, period, {}, "action"),
            await sums.grouped(connection, by, period.before, {}, "action"),
            await sums.funnel(connection, by, Period(until - timedelta(days=30), until)),
            await counts.troubles(connection, by),
        )


def _figures(seen: Seen, query: Query) -> list[Figure]:
    mine, before = _own(seen.reactions), _own(seen.reactions_before)
    tips = [float(point.tips) for point in seen.points]
    people = [float(count) for count in seen.people.values()]
    return [
        Figure(
            "Active today",
            seen.daily,
            "people",
            to="/admin/people?sort=-created_at",
            note=f"{seen.weekly:,} in 7 days",
            spark=people,
        ),
        Figure(
            "Tips served",
            seen.now.tips,
            before=seen.before.tips,
            to=f"/admin/tips?{carried(query)}",
            spark=tips,
        ),
        Figure(
            "Done",
            mine.done / mine.reactions if mine.reactions else None,
            kind=Kind.SHARE,
            before=before.done / before.reactions if before.reactions else None,
            to=f"/admin/decisions?action=done&{carried(query)}",
            note=f"of {mine.reactions:,} reactions",
            spark=[point.done / point.reacted for point in seen.points if point.reacted],
        ),
        Figure(
            "Mean reward",
            mean_of(mine.reactions, mine.reward, None).value,
            kind=Kind.REWARD,
            before=mean_of(before.reactions, before.reward, None).value,
            to=f"/admin/rewards?{carried(query)}",
            note=f"n = {mine.reactions:,}",
            spark=[point.reward / point.reacted for point in seen.points if point.reacted],
        ),
    ]


class _Own(NamedTuple):
    """People's own reactions, without what oO noticed by itself."""

    reactions: int
    done: int
    reward: float


def _own(found: list[Slice]) -> _Own:
    own = [one for one in found if one.value in list(Action)]
    return _Own(
        sum(one.tips for one in own), sum(one.done for one in own), sum(one.reward for one in own)
    )


def _charts(seen: Seen) -> list[Chart]:
    points = seen.points
    at = [float(point.start) for point in points]
    rewards = [mean_of(point.reacted, point.reward, point.squares) for point in points]
    return [
        Chart(
            "tips",
            "Tips and people",
            [
                Series("Tips", [point.tips for point in points]),
                Series("People", [seen.people.get(point.start, 0) for point in points]),
            ],
            at,
        ),
        Chart(
            "reward",
            "Mean reward, with its 95% interval",
            [
                Series(
                    "Reward",
                    [it.value for it in rewards],
                    [it.low for it in rewards],
                    [it.high for it in rewards],
                )
            ],
            at,
            unit="reward",
        ),
    ]


def _reactions(seen: Seen, query: Query) -> Table:
    came = [one for one in seen.reactions if one.value != NONE]
    total = sum(one.tips for one in came)
    rows = [
        {
            "action": one.value.replace("_", " "),
            "value": one.value,
            "count": one.tips,
            "share": one.tips / total,
            "reward": one.reward / one.tips,
        }
        for one in came
    ]
    return Table(
        "reactions",
        "What people answered",
        (
            Column(
                "action",
                "Reaction",
                to=f"/admin/decisions?{carried(query)}&action={{}}",
                by="value",
            ),
            Column("count", "Count", Kind.NUMBER),
            Column("share", "Share", Kind.SHARE),
            Column("reward", "Mean reward", Kind.REWARD),
        ),
        rows,
        "Nobody has reacted to what was served in this time.",
    )


def _funnel(funnel: Funnel) -> Table:
    steps = (
        ("Signed in", funnel.signed_in, ""),
        ("Connected a source", funnel.connected, "?state=unconnected"),
        ("Got a first tip", funnel.first_tip, ""),
        ("Finished a first tip", funnel.first_done, ""),
        ("Came back a day later", funnel.came_back, ""),
    )
    rows = [
        {
            "step": name,
            "people": count,
            "share": count / funnel.signed_in if funnel.signed_in else None,
            "to": to,
        }
        for name, count, to in steps
    ]
    return Table(
        "funnel",
        "Who came in the last 30 days, and how far they got",
        (
            Column("step", "Step"),
            Column("people", "People", Kind.NUMBER, to="/admin/people"),
            Column("share", "Of those who signed in", Kind.SHARE),
        ),
        rows if funnel.signed_in else [],
        "Nobody has come in the last 30 days.",
    )


async def _notices(desk: Desk, seen: Seen) -> list[Notice]:
    found: list[Notice] = []
    for part, state in sorted(desk.parts.health.states().items()):
        if state in (State.DOWN, State.SPENT):
            found.append(
                Notice(Level.ACT, f"{part} is {state}", "See what it says.", "/admin/health")
            )
    fallback = seen.now.fallbacks / seen.now.tips if seen.now.tips else 0.0
    if fallback > MUCH_FALLBACK:
        detail = f"{fallback:.1%} of the tips were composed lines, not written by a model."
        found.append(
            Notice(Level.WATCH, "Many fallbacks", detail, "/admin/decisions?source=fallback")
        )
    if seen.now.degraded:
        detail = (
            f"{seen.now.degraded:,} decisions were drawn at random: ranking failed or was late."
        )
        found.append(
            Notice(Level.WATCH, "Ranking failed", detail, "/admin/decisions?degraded=!none")
        )
    if seen.now.wrong:
        detail = f"{seen.now.wrong:,} propensities cannot be. Do not evaluate on these decisions."
        found.append(
            Notice(Level.ACT, "Impossible propensities", detail, "/admin/decisions?sort=propensity")
        )
    fresh = desk.parts.freshness.lately()
    if fresh.share is not None and fresh.share < OBJECTIVE:
        detail = (
            f"{fresh.share:.0%} of {fresh.active} active people have a good pool;"
            f" {OBJECTIVE:.0%} should."
        )
        found.append(Notice(Level.WATCH, "Pools are stale", detail, "/admin/health"))
    if seen.troubles.to_reconnect or seen.troubles.failed:
        detail = (
            f"{seen.troubles.to_reconnect:,} wait for their person,"
            f" {seen.troubles.failed:,} failed the last time."
        )
        found.append(
            Notice(Level.WATCH, "Sources in trouble", detail, "/admin/people?state=troubled")
        )
    broken = await desk.parts.chain.look()
    if broken is not None:
        detail = f"At entry {broken.id}: {broken.reason}."
        found.append(Notice(Level.ACT, "The audit log is broken", detail, "/admin/audit"))
    return found


PAGE = ConsolePage(
    "overview",
    "Overview",
    Group.NOW,
    0,
    "How oO is doing, and what wants attention.",
    Query,
    read,
    refresh_s=60,
)
