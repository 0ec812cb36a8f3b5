"""Its day or its hour has passed."""

from collections.abc import Iterator

from ml.insights.insight import WEEK, Finder, Insight, Scene, Work
from oo.domain.claims import Fact
from oo.domain.tips import TipKind


def find(scene: Scene) -> Iterator[Insight]:
    """How long ago, in each way that people say it."""
    for work in scene.works:
        if work.task.overdue_since is not None:
            at = work.task.overdue_since
            claims = (work.claim(Fact.OVERDUE_SINCE, at),)
            yield Insight("overdue_since", work, 7.5, claims, TipKind.REMINDER, {"time": at})
        elif work.late is not None and work.late > 0:
            yield from _days(scene, work, work.late)


def _days(scene: Scene, work: Work, days: int) -> Iterator[Insight]:
    claim = work.claim(Fact.DAYS_LATE, days)
    if days > 1:
        yield Insight("overdue_days", work, 7, (claim,), TipKind.REMINDER, {"days": days})
    elif not scene.is_night:  # to someone awake at 1:00 "yesterday" misleads
        weekday = scene.weekday_in(-1)
        claims = (claim, work.claim(Fact.WAS_DUE_ON, weekday))
        yield Insight("overdue_yesterday", work, 7, claims, TipKind.REMINDER)
    if 1 < days < WEEK and not scene.is_night:
        weekday = scene.weekday_in(-days)
        claims = (claim, work.claim(Fact.WAS_DUE_ON, weekday))
        yield Insight("was_due_on", work, 7.2, claims, TipKind.REMINDER, {"weekday": weekday})


INSIGHT = Finder(
    "overdue", ("overdue_since", "overdue_days", "overdue_yesterday", "was_due_on"), find
)
