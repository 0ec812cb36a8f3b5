"""Of the whole list, one thing alone is due today."""

from collections.abc import Iterator

from ml.insights.insight import Finder, Insight, Scene
from oo.domain.claims import Fact


def find(scene: Scene) -> Iterator[Insight]:
    """The task, if there is one."""
    for work in scene.works:
        if Fact.ONLY_DUE_TODAY.value in work.task.standing:
            yield Insight("only_due_today", work, 9, (work.claim(Fact.ONLY_DUE_TODAY),))


INSIGHT = Finder("only_due_today", ("only_due_today",), find)
