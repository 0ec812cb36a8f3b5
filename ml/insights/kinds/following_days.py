"""Two pressing things fall on the next two days."""

from collections.abc import Iterator

from ml.insights.insight import Finder, Insight, Scene, together
from oo.domain.claims import Fact


def find(scene: Scene) -> Iterator[Insight]:
    """The first such pair; not at night, when "tomorrow" misleads."""
    first = [work for work in scene.works if work.late == -1]
    second = [work for work in scene.works if work.late == -2]
    if scene.is_night or not first or not second:
        return
    day = scene.weekday_in(2)
    claims = (first[0].claim(Fact.DUE_TOMORROW), second[0].claim(Fact.DUE_ON, day))
    yield together("following_days", (first[0], second[0]), 5.2, claims)


INSIGHT = Finder("following_days", ("following_days",), find)
