"""Nothing is overdue, and nothing is due before this."""

from collections.abc import Iterator

from ml.insights.insight import WEEK, Finder, Insight, Scene
from oo.domain.claims import Fact


def find(scene: Scene) -> Iterator[Insight]:
    """The task, where its day is of the coming week but not tomorrow."""
    if scene.is_night:
        return
    for work in scene.works:
        ahead = -(work.late or 0)
        if 1 < ahead < WEEK and Fact.FIRST_DUE.value in work.task.standing:
            weekday = scene.weekday_in(ahead)
            claims = (work.claim(Fact.FIRST_DUE), work.claim(Fact.DUE_ON, weekday))
            yield Insight("first_due", work, 5.5, claims, values={"weekday": weekday})


INSIGHT = Finder("first_due", ("first_due",), find)
