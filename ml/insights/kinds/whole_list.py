"""Two things are the whole list, and neither is late."""

from collections.abc import Iterator

from ml.insights.insight import Finder, Insight, Scene, together
from oo.domain.claims import Claim, Fact


def find(scene: Scene) -> Iterator[Insight]:
    """Said of exactly two open tasks; not at night."""
    is_all = scene.context.open_count == len(scene.works) == 2
    if scene.is_night or not is_all or scene.context.overdue_count:
        return
    claims = (Claim(Fact.OPEN_COUNT, value=2), Claim(Fact.OVERDUE_COUNT, value=0))
    yield together("whole_list", scene.works, 5.2, claims)


INSIGHT = Finder("whole_list", ("whole_list",), find)
