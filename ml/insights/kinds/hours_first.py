"""Two things are due today, and one of them depends on opening hours."""

from collections.abc import Iterator

from ml.insights.insight import Finder, Insight, Scene, together
from oo.domain.claims import Fact


def find(scene: Scene) -> Iterator[Insight]:
    """The first such pair."""
    today = [work for work in scene.works if work.is_due_today]
    bound = [work for work in today if work.needs_office_hours]
    free = [work for work in today if not work.needs_office_hours and work.activity]
    if scene.are_offices_open and bound and free:
        claims = tuple(work.claim(Fact.DUE_TODAY) for work in (bound[0], free[0]))
        yield together("hours_first", (bound[0], free[0]), 9, claims)


INSIGHT = Finder("hours_first", ("hours_first",), find)
