"""It has no date: it needs a decision, the more the longer it waits."""

from collections.abc import Iterator

from ml.insights.insight import Finder, Insight, Scene
from oo.domain.claims import Fact

LONG = 10  # days after which the waiting itself is worth saying


def find(scene: Scene) -> Iterator[Insight]:
    """Every task without a date."""
    for work in scene.works:
        if work.late is not None:
            continue
        claim, age = work.claim(Fact.NO_DUE), work.task.age_days or 0
        if age >= LONG and not scene.is_night:
            claims = (claim, work.claim(Fact.AGE, age))
            yield Insight("waiting", work, min(6.0, 4.5 + age / 60), claims, values={"days": age})
        elif scene.is_night:
            yield Insight("until_morning", work, 3, (claim,))
        else:
            yield Insight("undated", work, 3.2, (claim,))


INSIGHT = Finder("undated", ("waiting", "until_morning", "undated"), find)
