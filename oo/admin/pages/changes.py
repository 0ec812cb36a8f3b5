"""What changed on one day: what somebody did, what decided and wrote, and what moved."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import Field

from oo.admin import entries
from oo.admin.desk import Desk
from oo.admin.estimating import mean_of
from oo.admin.moving import Day, Move, Verdict, mixed, moves, verdict
from oo.admin.page import ConsolePage, Group
from oo.admin.query import Query
from oo.admin.screen import Chart, Column, Figure, Kind, Level, Notice, Screen, Series, Table
from oo.domain.console import Period
from oo.store import audit
from oo.store.audit import Link
from oo.store.everyone import sums
from oo.store.everyone.counts import Group as Slice
from oo.store.everyone.counts import Point

DECIDING = ("policy", "prompt", "adapter")  # what decides, writes, and what writes with it
OTHERS = (
    "person", "connection", "data", "run", "simulation", "evaluation", "events", "role",
    "machine_token", "keys", "store",
)  # fmt: skip
LISTED = 14  # days that can be gone to by a click
BEFORE = 7  # days with which the day is compared
MOST = 200
SLICES = {"policy": "What decided", "model": "What wrote", "prompt": "By which prompt"}
DAY = timedelta(days=1)


class ChangesQuery(Query):
    """Which day, on the clock of who looks; yesterday unless it is said."""

    not_filters: ClassVar[frozenset[str]] = frozenset({"day"})
    day: date | None = Field(None, description="Day", ge=date(2000, 1, 1), le=date(2200, 1, 1))


class Seen(NamedTuple):
    """What the store is asked for: the days, and what was served on it and in those before."""

    points: list[Day]
    day: dict[str, list[Slice]]
    before: dict[str, list[Slice]]


async def read(desk: Desk, query: ChangesQuery) -> Screen:
    """Sums once a minute at most; the audit log as it is."""
    zone = desk.looker.zone
    today = desk.now.astimezone(zone).date()
    day = query.day or today - DAY
    whole = _between(day, day + DAY, zone)
    listed = _between(today - (LISTED - 1) * DAY, today + DAY, zone)
    async with desk.reading() as connection:
        done = await audit.of_kinds(connection, whole, DECIDING, MOST)
        others = await audit.of_kinds(connection, whole, OTHERS, MOST)
        marked = await audit.of_kinds(connection, listed, DECIDING, MOST)
        said = (it.entry.actor for it in (*done, *others))
        called = await entries.actors(connection, desk.by, said)
    counted = await desk.counted(("changes", day, zone.key), lambda: _count(desk, day, zone))
    seen = counted.value
    of_day, before = _split(seen.points, day, zone)
    numbers = moves(of_day, before)
    how = verdict(of_day, before)
    return Screen(
        notices=_notices(done, how, day, today),
        figures=_figures(numbers, whole),
        charts=[_chart(seen.points)],
        tables=[
            _entries("decided", "What was changed in what decides and writes", done, called),
            _numbers(numbers, is_over=day < today),
            *_mixes(seen, whole),
            _entries("others", "What else was done", others, called),
        ],
        values={
            "days": _days(today, day, marked, zone),
            "title": f"{day:%A}, {day.day} {day:%B} {day.year}",
        },
        age_s=counted.age_s,
    )


def _between(first: date, last: date, zone: ZoneInfo) -> Period:
    """From the midnight of one day to that of another, on the clock of that zone."""
    since, until = (datetime.combine(it, time(), zone).astimezone(UTC) for it in (first, last))
    return Period(since, until)


async def _count(desk: Desk, day: date, zone: ZoneInfo) -> Seen:
    whole = _between(day, day + DAY, zone)
    earlier = _between(day - BEFORE * DAY, day, zone)
    # two days more than are compared: so many that the store sums up by day
    chart = _between(day - (BEFORE + 1) * DAY, day + DAY, zone)
    offset = whole.since.astimezone(zone).utcoffset() or timedelta()
    seconds = int(offset.total_seconds())
    async with desk.reading() as connection:
        points = await sums.over_time(connection, desk.by, chart, {}, seconds)
        people = await sums.people_over_time(connection, desk.by, chart, seconds)
        found: list[dict[str, list[Slice]]] = [
            {name: await sums.grouped(connection, desk.by, period, {}, name) for name in SLICES}
            for period in (whole, earlier)
        ]
    return Seen([Day(it, people.get(it.start, 0)) for it in points], *found)


def _split(points: Sequence[Day], day: date, zone: ZoneInfo) -> tuple[Day, list[Day]]:
    """The day's sums, which may be nothing, and those of the days before it."""
    # the middle of a day is on its date, whatever an hour of summer time does to its midnight
    dated = {datetime.fromtimestamp(it.sums.start + 12 * 3600, zone).date(): it for it in points}
    none = Day(Point(0, 0, 0, 0, 0, 0.0, 0.0), 0)
    before = [dated[it] for it in sorted(dated) if day - BEFORE * DAY <= it < day]
    return dated.get(day, none), before


def _notices(done: Sequence[Link], how: Verdict | None, day: date, today: date) -> list[Notice]:
    found = []
    for link in [it for it in done if it.entry.action in ("policy.in_force", "policy.demoted")]:
        after = (link.entry.after or {}).get("in_force") or "the default"
        before = (link.entry.before or {}).get("in_force") or "the default"
        detail = f"It was {before}. {link.entry.why}"
        found.append(Notice(Level.WATCH, f"{after} decides", detail, "/admin/policies#history"))
    if how is not None:
        level = Level.WATCH if how.holds else Level.CALM
        found.append(Notice(level, how.title, how.words, "#numbers"))
    if day == today:
        words = "Counts are of what has passed of it; shares and means can be compared."
        found.append(Notice(Level.CALM, "The day is not over", words, "#numbers"))
    return found


def _figures(numbers: Sequence[Move], whole: Period) -> list[Figure]:
    asked = _asked(whole)
    to = {"Tips": f"/admin/decisions?{asked}", "Mean reward": f"/admin/rewards?{asked}"}
    return [
        Figure(
            one.what,
            one.value,
            kind=one.kind,
            before=one.usual,
            note="than the mean of 7 days" if one.value is not None and one.usual else "",
            to=to.get(one.what, ""),
        )
        for one in numbers[:4]
    ]


def _chart(points: Sequence[Day]) -> Chart:
    rewards = [mean_of(it.sums.reacted, it.sums.reward, it.sums.squares) for it in points]
    series = Series(
        "Reward",
        [it.value for it in rewards],
        [it.low for it in rewards],
        [it.high for it in rewards],
    )
    return Chart(
        "reward",
        "Mean reward by day, with its 95% interval",
        [series],
        [float(it.sums.start) for it in points],
        unit="reward",
    )


def _entries(name: str, title: str, links: Sequence[Link], called: Any) -> Table:
    return Table(
        name,
        title,
        (
            Column("at", "When", Kind.INSTANT),
            Column("action", "What", to="/admin/audit?action={}"),
            Column("whom", "To what"),
            Column("by", "By", to="/admin/audit?actor={}", by="actor"),
            Column("why", "Why"),
            Column("before", "Before"),
            Column("after", "After"),
        ),
        entries.rows(links, called),
        "Nothing, says the audit log.",
    )


def _numbers(numbers: Sequence[Move], *, is_over: bool) -> Table:
    rows = [
        {
            "what": one.what,
            "value": one.shown(one.value),
            "usual": one.shown(one.usual),
            "least": one.shown(one.least),
            "most": one.shown(one.most),
            "state": one.state if is_over or not one.is_count else "so far",
        }
        for one in numbers
    ]
    return Table(
        "numbers",
        "What moved",
        (
            Column("what", "What"),
            Column("value", "That day"),
            Column("usual", "Mean of 7 days"),
            Column("least", "Least of them"),
            Column("most", "Most of them"),
            Column("state", "", Kind.STATE),
        ),
        rows,
        "",
        note="Higher or lower than on each of the seven days before is said; else it is as usual.",
    )


def _mixes(seen: Seen, whole: Period) -> list[Table]:
    """A table each of policies, models and prompts."""
    made = []
    for name, title in SLICES.items():
        to = f"/admin/decisions?{_asked(whole)}&{name}={{}}"
        rows = [one._asdict() for one in mixed(seen.day[name], seen.before[name])]
        made.append(
            Table(
                f"by-{name}",
                title,
                (
                    Column("value", "Which", to=to),
                    Column("state", "", Kind.STATE),
                    Column("tips", "Tips", Kind.NUMBER),
                    Column("share", "Share", Kind.SHARE),
                    Column("share_before", "In 7 days", Kind.SHARE),
                    Column("reward", "Reward and 95%", Kind.ESTIMATE),
                    Column("reward_before", "In 7 days", Kind.ESTIMATE),
                ),
                rows,
                "Nothing was served on that day, nor in the seven before.",
            )
        )
    return made


def _asked(whole: Period) -> str:
    """That time, as the addresses of other pages say it."""
    since, until = (f"{it:%Y-%m-%dT%H:%M:%SZ}" for it in whole)
    return f"since={since}&until={until}"


def _days(today: date, day: date, marked: Sequence[Link], zone: ZoneInfo) -> list[dict[str, Any]]:
    """The days that can be gone to, with how much was changed on each."""
    dates = [link.entry.at.astimezone(zone).date() for link in marked]
    found = [today - back * DAY for back in range(LISTED)]
    return [
        {
            "day": it,
            "is_shown": it == day,
            "name": "Today" if it == today else f"{it:%a} {it.day}",
            "title": f"{it:%A}, {it.day} {it:%B}",
            "changes": dates.count(it),
        }
        for it in sorted({*found, day}, reverse=True)
    ]


PAGE = ConsolePage(
    "changes",
    "What changed",
    Group.NOW,
    1,
    "What was changed on a day, and what moved.",
    ChangesQuery,
    read,
    template="changes.html",
    has_period=False,
)
