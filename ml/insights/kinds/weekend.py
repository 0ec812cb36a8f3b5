"""It is the weekend, and this is work for one: at home, outdoors or with people."""

from collections.abc import Iterator

from ml.activities.activity import Medium
from ml.insights.insight import SATURDAY, Finder, Insight, Scene

SUITS = (Medium.HOME, Medium.OUTDOORS)


def find(scene: Scene) -> Iterator[Insight]:
    """Every such task without a date of these days."""
    if scene.context.weekday < SATURDAY or scene.is_night:
        return
    for work in scene.works:
        if work.is_at in SUITS and (work.late is None or work.late < -1):
            yield Insight("weekend", work, 4.8, scene.now)


INSIGHT = Finder("weekend", ("weekend",), find)
