"""What presses goes first, and what has days left may rest: a word against a long list."""

from collections.abc import Iterator
from dataclasses import replace

from ml.insights.insight import WEEK, Finder, Insight, Scene, together
from oo.domain.claims import Fact

FEWEST = 3  # tasks
DAYS_LEFT = 3


def find(scene: Scene) -> Iterator[Insight]:
    """What is due today beside what is due in some days; not at night, when nothing is begun."""
    today = [work for work in scene.works if work.is_due_today]
    later = [work for work in scene.works if DAYS_LEFT <= -(work.late or 0) < WEEK]
    if scene.is_night or not today or not later or len(scene.works) < FEWEST:
        return
    ahead = -(later[-1].late or 0)
    weekday = scene.weekday_in(ahead)
    claims = (today[0].claim(Fact.DUE_TODAY), later[-1].claim(Fact.DUE_ON, weekday))
    yield replace(
        together("not_today", (today[0], later[-1]), 4.2, claims), values={"weekday": weekday}
    )


INSIGHT = Finder("not_today", ("not_today",), find)
