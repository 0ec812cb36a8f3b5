"""Something has to be done anyway, and what has no date of its own goes along with it."""

from collections.abc import Iterator

from ml.insights.insight import Finder, Insight, Scene, together
from ml.insights.kinds.together import of_one_sort
from oo.domain.claims import Fact

SORTS = ("calls", "messages", "errands", "household", "handiwork", "computer")


def find(scene: Scene) -> Iterator[Insight]:
    """The first such pair of each sort; not at night."""
    if scene.is_night:
        return
    for sort, works in of_one_sort(scene).items():
        pressing = [work for work in works if work.late is not None and work.late >= -1]
        waiting = [work for work in works if work.late is None]
        if sort in SORTS and pressing and waiting:
            claims = (waiting[0].claim(Fact.NO_DUE),)
            yield together(f"on_the_way_{sort}", (pressing[0], waiting[0]), 5.5, claims)


INSIGHT = Finder("on_the_way", tuple(f"on_the_way_{sort}" for sort in SORTS), find)
