"""Nothing is overdue: a good moment to give what has no date a day."""

from collections.abc import Iterator

from ml.insights.insight import Finder, Insight, Scene
from oo.domain.claims import Claim, Fact
from oo.domain.tips import TipKind


def find(scene: Scene) -> Iterator[Insight]:
    """Said where something has no date; not at night, which is no time to plan."""
    undated = [work for work in scene.works if work.late is None]
    if scene.context.overdue_count == 0 and undated and not scene.is_night:
        claims = (Claim(Fact.OVERDUE_COUNT, value=0), undated[0].claim(Fact.NO_DUE))
        yield Insight("nothing_overdue", None, 4, claims, TipKind.INSIGHT, stands_alone=True)


INSIGHT = Finder("nothing_overdue", ("nothing_overdue",), find)
