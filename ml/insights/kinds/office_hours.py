"""It can only be done while others are open, and now they are."""

from collections.abc import Iterator

from ml.insights.insight import Finder, Insight, Scene


def find(scene: Scene) -> Iterator[Insight]:
    """Every such task, on weekdays by day."""
    if not scene.are_offices_open:
        return
    for work in scene.works:
        if work.needs_office_hours:
            yield Insight("office_hours", work, 5.7, scene.now)


INSIGHT = Finder("office_hours", ("office_hours",), find)
