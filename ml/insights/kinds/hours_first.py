"""Two things are due today, and one of them depends on opening hours."""

from collections.abc import Iterator

from ml.insights.insight import Finder, Insight, Scene
from oo.domain.claims import Fact
from oo.domain.tips import TipKind


def find(scene: Scene) -> Iterator[Insight]:
    """The first such pair."""
    today = [w for w in scene.works if w.late == 0 and w.task.overdue_since is None]
    bound = [work for work in today if work.needs_office_hours]
    free = [work for work in today if not work.needs_office_hours and work.activity]
    if scene.are_offices_open and bound and free:
        claims = tuple(work.claim(Fact.DUE_TODAY) for work in (bound[0], free[0]))
        yield Insight(
            "hours_first",
            bound[0],
            9,
            claims,
            TipKind.INSIGHT,
            other=free[0],
            stands_alone=True,
        )


INSIGHT = Finder("hours_first", ("hours_first",), find)
