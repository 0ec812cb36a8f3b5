"""Of the whole list, one thing alone is overdue."""

from collections.abc import Iterator

from ml.insights.insight import Finder, Insight, Scene
from oo.domain.claims import Fact


def find(scene: Scene) -> Iterator[Insight]:
    """The task, if there is one."""
    for work in scene.works:
        if Fact.ONLY_OVERDUE.value in work.task.standing:
            yield Insight("only_overdue", work, 8.5, (work.claim(Fact.ONLY_OVERDUE),))


INSIGHT = Finder("only_overdue", ("only_overdue",), find)
