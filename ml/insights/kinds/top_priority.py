"""The person marked it as of the highest priority, and it has no date that says more."""

from collections.abc import Iterator

from ml.insights.insight import Finder, Insight, Scene
from oo.domain.claims import Fact

TOP = 4


def find(scene: Scene) -> Iterator[Insight]:
    """Every such task."""
    for work in scene.works:
        if work.task.priority >= TOP and (work.late is None or work.late < -1):
            yield Insight("top_priority", work, 5.8, (work.claim(Fact.PRIORITY, TOP),))


INSIGHT = Finder("top_priority", ("top_priority",), find)
