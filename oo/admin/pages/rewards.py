"""What tips earn: over time, and by whatever they have in common."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from oo.admin.desk import Desk
from oo.admin.estimating import SMALL, mean_of, share_of
from oo.admin.filtering import carried, choices
from oo.admin.page import ConsolePage, Group
from oo.admin.query import Filter, Query, Span
from oo.admin.screen import (
    Chart,
    Column,
    Estimate,
    Kind,
    Level,
    Notice,
    Screen,
    Series,
    Table,
)
from oo.store.everyone import sums
from oo.store.everyone.counts import Group as Slice
from oo.store.everyone.counts import Point

FILTERS = ("policy", "version", "model", "prompt", "kind", "source")
By = Literal["policy", "version", "model", "prompt", "kind", "source", "hour", "action"]


class RewardsQuery(Query):
    """Of which tips, and by what they are told apart."""

    span: Span = Field(Span.MONTH, alias="range", description="Time range")
    not_filters: ClassVar[frozenset[str]] = frozenset({"by"})
    by: By = Field("prompt", description="By")
    policy: Filter = Field("", description="Policy")
    version: Filter = Field("", description="Version")
    model: Filter = Field("", description="Model")
    prompt: Filter = Field("", description="Prompt")
    kind: Filter = Field("", description="Kind")
    source: Filter = Field("", description="Source")


async def read(desk: Desk, query: RewardsQuery) -> Screen:
    """Counted once a minute at most."""
    key = ("rewards", query.model_dump_json(), desk.offset_s)
    counted = await desk.counted(key, lambda: _count(desk, query))
    points, slices = counted.value
    rewards = [mean_of(point.reacted, point.reward, point.squares) for point in points]
    rows = [_row(one) for one in slices]
    few = [row for row in rows if 0 < row["reward"].n < SMALL]
    notices = []
    if few:
        names = ", ".join(str(row["value"]) for row in few[:4])
        said = f"{names}: fewer than {SMALL} reactions. Their means say nothing yet."
        notices.append(Notice(Level.WATCH, "Too few to read", said, "#slices"))
    verdict = _verdict(rows)
    if verdict:
        notices.append(verdict)
    return Screen(
        notices=notices,
        charts=[_over_time(points, rewards), _by_slice(query.by, rows)],
        tables=[_table(query, rows)],
        values={"by": query.by},
        age_s=counted.age_s,
    )


async def _count(desk: Desk, query: RewardsQuery) -> tuple[list[Point], list[Slice]]:
    period, filters = query.period(desk.now), choices(query, *FILTERS)
    seconds = desk.offset_s
    async with desk.reading() as connection:
        points = await sums.over_time(connection, desk.by, period, filters, seconds)
        if query.by == "hour":
            slices = await sums.by_hour(connection, desk.by, period, filters, seconds)
        else:
            slices = await sums.grouped(connection, desk.by, period, filters, query.by)
    return points, slices


def _row(one: Slice) -> dict[str, Any]:
    return {
        "value": one.value,
        "tips": one.tips,
        "seen": one.seen / one.tips if one.tips else None,
        "reactions": one.reacted,
        "done": share_of(one.done, one.reacted).value,
        "dismissed": share_of(one.dismissed, one.reacted).value,
        "reward": mean_of(one.reacted, one.reward, one.squares),
    }


def _verdict(rows: list[dict[str, Any]]) -> Notice | None:
    """Whether the best of the slices that can be read is better than the next, in words."""
    known = [row for row in rows if row["reward"].n >= SMALL and row["reward"].low is not None]
    if len(known) < 2:
        return None
    first, second = sorted(known, key=lambda row: -row["reward"].value)[:2]
    best, other = first["reward"], second["reward"]
    gap = best.value - other.value
    half = ((best.high - best.value) ** 2 + (other.high - other.value) ** 2) ** 0.5
    interval = f"{gap - half:+.2f} to {gap + half:+.2f}"
    if gap > half:
        said = f"{first['value']} earns {gap:.2f} more than {second['value']} ({interval})."
        return Notice(Level.CALM, "A difference that holds", said, "#slices")
    said = (
        f"{first['value']} earns {gap:.2f} more than {second['value']}, and that may be chance"
        f" ({interval})."
    )
    return Notice(Level.CALM, "No difference that holds", said, "#slices")


def _over_time(points: list[Point], rewards: list[Estimate]) -> Chart:
    return Chart(
        "over-time",
        "Mean reward, with its 95% interval",
        [
            Series(
                "Reward",
                [it.value for it in rewards],
                [it.low for it in rewards],
                [it.high for it in rewards],
            )
        ],
        [float(point.start) for point in points],
        unit="reward",
    )


def _by_slice(by: str, rows: list[dict[str, Any]]) -> Chart:
    shown = rows[:24]
    return Chart(
        "by-slice",
        f"By {by}",
        [Series("Reward", [row["reward"].value for row in shown])],
        labels=[str(row["value"]) for row in shown],
        unit="reward",
        bars=True,
    )


def _table(query: RewardsQuery, rows: list[dict[str, Any]]) -> Table:
    is_filter = query.by in FILTERS
    to = f"/admin/decisions?{carried(query, *FILTERS, but=query.by)}&{query.by}={{}}"
    return Table(
        "slices",
        f"By {query.by}",
        (
            Column("value", query.by.capitalize(), filter=query.by if is_filter else ""),
            Column("tips", "Tips", Kind.NUMBER, to=to if is_filter else "", by="value"),
            Column("seen", "Seen", Kind.SHARE),
            Column("reactions", "n", Kind.NUMBER),
            Column("done", "Done", Kind.SHARE),
            Column("dismissed", "Dismissed", Kind.SHARE),
            Column("reward", "Reward and 95%", Kind.ESTIMATE),
        ),
        rows,
        "Nothing was served in this time.",
        note="Raw means: people are not assigned at random to policies. `oo ope` weighs them."
        if query.by in ("policy", "version")
        else "",
    )


PAGE = ConsolePage(
    "rewards",
    "Rewards",
    Group.LEARNING,
    2,
    "What tips earn, by whatever they have in common.",
    RewardsQuery,
    read,
    template="rewards.html",
)
