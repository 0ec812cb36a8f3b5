"""What this hour suits: office hours, a quiet hour, a way out, the gap before an event, sleep."""

from collections.abc import Iterator

from ml.activities.activity import Medium
from ml.agents.agent import Agent, Source
from ml.insights.insight import SATURDAY, Insight, Scene, Work, together
from oo.domain.claims import Claim, Fact
from oo.domain.context import DayPart
from oo.domain.tips import TipKind

SOON = -3  # days until the due day of what may well be done now


def think(scene: Scene) -> Iterator[Insight]:
    """What of the list the hour is good for; at night, that it can rest."""
    if scene.is_night:
        yield from _night(scene)
        return
    near = [work for work in scene.works if _is_near(work)]
    yield from _gap(scene, near)
    if scene.are_offices_open:
        yield from _offices(scene, near)
        yield from _out(scene, near)
    else:
        yield from _quiet(scene, near)


def _is_near(work: Work) -> bool:
    return work.is_sure and (work.late is None or work.late >= SOON)


def _night(scene: Scene) -> Iterator[Insight]:
    if scene.works and scene.context.overdue_count == 0:
        clear = (Claim(Fact.OVERDUE_COUNT, value=0),)
        yield Insight("night_closed", None, 6, clear, TipKind.INSIGHT, stands_alone=True)


def _gap(scene: Scene, near: list[Work]) -> Iterator[Insight]:
    """The first task that is usually over before the next event begins."""
    gap = scene.context.gap
    for work in near:
        if gap is None or work.activity is None or work.activity.minutes[1] > gap.minutes:
            continue
        free = Claim(Fact.FREE, value=f"{gap.until} {work.activity.minutes[1]}")
        values = {"time": gap.until}
        yield Insight("fits_gap", work, 7.4, (free,), TipKind.TASK, values)
        return


def _offices(scene: Scene, near: list[Work]) -> Iterator[Insight]:
    bound = [work for work in near if work.needs_office_hours]
    if len(bound) > 1:
        yield together("offices_open", bound[:2], 6.8, scene.now)


def _out(scene: Scene, near: list[Work]) -> Iterator[Insight]:
    for work in near:
        if work.is_at in (Medium.ERRAND, Medium.OUTDOORS):
            yield Insight("out_of_house", work, 5.2, scene.now)
            return


def _quiet(scene: Scene, near: list[Work]) -> Iterator[Insight]:
    """On weekends and in the evening: what needs no one else and no opening hours."""
    is_late = scene.context.daypart is DayPart.EVENING
    for work in near:
        known = work.activity
        if known is None or not known.quiet or known.office_hours != "never":
            continue
        if not known.involves_others and (is_late or scene.context.weekday >= SATURDAY):
            yield Insight("quiet_hour", work, 5, scene.now)
            return


AGENT = Agent(
    "time_of_day",
    ("fits_gap", "offices_open", "out_of_house", "quiet_hour", "night_closed"),
    (Source.CLOCK, Source.CALENDAR, Source.TASKS, Source.KINDS_OF_WORK),
    80,
    think,
)
