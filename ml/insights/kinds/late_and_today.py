"""One thing is late, one is due today, and nothing else presses."""

from collections.abc import Iterator

from ml.insights.insight import Finder, Insight, Scene, together
from oo.domain.claims import Fact

FEWEST = 4  # tasks, below which nobody needs to be told what may wait


def find(scene: Scene) -> Iterator[Insight]:
    """The pair, if both are alone in what they are; not at night."""
    standing = {name: work for work in scene.works for name in work.task.standing}
    late = standing.get(Fact.ONLY_OVERDUE.value)
    today = standing.get(Fact.ONLY_DUE_TODAY.value)
    if scene.is_night or late is None or today is None or len(scene.works) < FEWEST:
        return
    claims = (late.claim(Fact.ONLY_OVERDUE), today.claim(Fact.ONLY_DUE_TODAY))
    yield together("late_and_today", (late, today), 6.2, claims)


INSIGHT = Finder("late_and_today", ("late_and_today",), find)
