"""Its day is today, and the hour has not passed."""

from collections.abc import Iterator

from ml.insights.insight import Finder, Insight, Scene
from oo.domain.claims import Fact
from oo.domain.tips import TipKind


def find(scene: Scene) -> Iterator[Insight]:
    """Every task of today."""
    for work in scene.works:
        if work.is_due_today:
            claims = (work.claim(Fact.DUE_TODAY),)
            yield Insight("due_today", work, 8, claims, TipKind.REMINDER)


INSIGHT = Finder("due_today", ("due_today",), find)
