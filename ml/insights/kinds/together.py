"""Two things are of one sort and go well in a row."""

from collections.abc import Iterator

from ml.insights.insight import Finder, Insight, Scene, Work
from oo.domain.tips import TipKind

SORTS = (
    "calls",
    "messages",
    "errands",
    "paperwork",
    "household",
    "computer",
    "reading",
)
SOON = -3  # both may be done now: late, of these days, or without any date


def find(scene: Scene) -> Iterator[Insight]:
    """The first pair of each sort; nothing of it at night."""
    if scene.is_night:
        return
    groups: dict[str, list[Work]] = {}
    for work in scene.works:
        is_near = work.late is None or work.late >= SOON
        is_sure = work.is_sure and is_near
        if is_sure and work.activity is not None and work.activity.batch in SORTS:
            groups.setdefault(work.activity.batch, []).append(work)
    for sort, works in groups.items():
        if len(works) > 1:
            first, second = works[:2]
            yield Insight(
                f"together_{sort}",
                first,
                6.6,
                (),
                TipKind.INSIGHT,
                other=second,
                stands_alone=True,
            )


INSIGHT = Finder("together", tuple(f"together_{sort}" for sort in SORTS), find)
