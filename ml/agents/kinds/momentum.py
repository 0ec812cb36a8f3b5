"""What got done today and this week, and whether now is a moment to go on or to rest."""

from collections.abc import Iterator

from ml.agents.agent import Agent, Source
from ml.insights.insight import SATURDAY, Insight, Scene, Work
from oo.domain.claims import Claim, Fact
from oo.domain.context import DayPart, Lately
from oo.domain.tips import TipKind

GOING = 2  # done today: enough to go on from
ENOUGH = 3
FULL_WEEK = 8
STREAK = 3
SHORT_MINUTES = 15
SOON = -2  # days until the due day of what is worth going on with


def think(scene: Scene) -> Iterator[Insight]:
    """Go on or rest, by what was done; nothing where that is not known, and at night."""
    lately = scene.context.lately
    if lately is None or scene.is_night:
        return
    if _is_time_to_rest(scene):
        yield from _rest(scene, lately)
    elif scene.context.daypart is not DayPart.EVENING:
        yield from _go_on(scene, lately)


def _is_time_to_rest(scene: Scene) -> bool:
    is_free = scene.context.daypart is DayPart.EVENING or scene.context.weekday >= SATURDAY
    return is_free and scene.context.overdue_count == 0


def _rest(scene: Scene, lately: Lately) -> Iterator[Insight]:
    clear = Claim(Fact.OVERDUE_COUNT, value=0)
    if any(work.is_due_today for work in scene.works):
        return
    if scene.context.daypart is DayPart.EVENING and lately.done_today >= ENOUGH:
        done = Claim(Fact.DONE_TODAY, value=lately.done_today)
        yield _alone("done_enough", None, 6.2, (done, clear), lately.done_today)
    elif lately.done_week >= FULL_WEEK:
        done = Claim(Fact.DONE_WEEK, value=lately.done_week)
        yield _alone("week_rest", None, 5, (done, clear), lately.done_week)


def _go_on(scene: Scene, lately: Lately) -> Iterator[Insight]:
    short = next((work for work in scene.works if _is_short(work)), None)
    today = Claim(Fact.DONE_TODAY, value=lately.done_today)
    if lately.done_today >= GOING and short is not None:
        yield _alone("done_go_on", short, 6.4, (today,), lately.done_today)
    if lately.done_today == 0 and lately.streak >= STREAK and scene.works:
        row = Claim(Fact.STREAK, value=lately.streak)
        values = {"count": lately.streak}
        first = scene.works[0]
        yield Insight("streak_today", first, 5.6, (today, row), TipKind.INSIGHT, values)


def _is_short(work: Work) -> bool:
    known = work.activity if work.is_sure else None
    is_near = work.late is None or work.late >= SOON
    return is_near and known is not None and known.minutes[1] <= SHORT_MINUTES


def _alone(
    name: str, work: Work | None, weight: float, claims: tuple[Claim, ...], count: int
) -> Insight:
    values = {"count": count}
    return Insight(name, work, weight, claims, TipKind.INSIGHT, values, stands_alone=True)


AGENT = Agent(
    "momentum",
    ("done_go_on", "done_enough", "streak_today", "week_rest"),
    (Source.REACTIONS, Source.TASKS, Source.CLOCK, Source.KINDS_OF_WORK),
    60,
    think,
)
