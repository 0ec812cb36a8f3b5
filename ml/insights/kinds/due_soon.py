"""Its day comes within the week."""

from collections.abc import Iterator

from ml.insights.insight import WEEK, Finder, Insight, Scene
from oo.domain.claims import Fact
from oo.domain.tips import TipKind


def find(scene: Scene) -> Iterator[Insight]:
    """Tomorrow or the day of the week; neither at night, when "tomorrow" misleads."""
    if scene.is_night:
        return
    for work in scene.works:
        ahead = -(work.late or 0)
        if ahead == 1:
            claims = (work.claim(Fact.DUE_TOMORROW),)
            yield Insight("due_tomorrow", work, 6, claims, TipKind.REMINDER)
        elif 1 < ahead < WEEK:
            weekday = scene.weekday_in(ahead)
            claims = (work.claim(Fact.DUE_ON, weekday),)
            values = {"weekday": weekday}
            yield Insight("due_on", work, 5 - ahead / 4, claims, TipKind.REMINDER, values)


INSIGHT = Finder("due_soon", ("due_tomorrow", "due_on"), find)
