"""Of several that are overdue, this one has been so for the most days."""

from collections.abc import Iterator

from ml.insights.insight import Finder, Insight, Scene
from oo.domain.claims import Fact


def find(scene: Scene) -> Iterator[Insight]:
    """The task, if there is one."""
    for work in scene.works:
        days = work.late or 0
        if days > 1 and Fact.LONGEST_OVERDUE.value in work.task.standing:
            claims = (work.claim(Fact.LONGEST_OVERDUE), work.claim(Fact.DAYS_LATE, days))
            yield Insight("longest_overdue", work, 8, claims, values={"days": days})


INSIGHT = Finder("longest_overdue", ("longest_overdue",), find)
