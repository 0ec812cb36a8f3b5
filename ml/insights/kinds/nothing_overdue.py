"""Nothing is overdue: a good moment for what has no date."""

from collections.abc import Iterator

from ml.insights.insight import Finder, Insight, Scene
from oo.domain.claims import Claim, Fact


def find(scene: Scene) -> Iterator[Insight]:
    """The first task without a date; not at night, which is no time to begin."""
    undated = [work for work in scene.works if work.late is None]
    if scene.context.overdue_count == 0 and undated and not scene.is_night:
        claims = (Claim(Fact.OVERDUE_COUNT, value=0), undated[0].claim(Fact.NO_DUE))
        yield Insight("nothing_overdue", undated[0], 4.7, claims)


INSIGHT = Finder("nothing_overdue", ("nothing_overdue",), find)
