"""Two things are of one sort and go well in a row."""

from collections.abc import Iterator

from ml.insights.insight import Finder, Insight, Scene, Work, together

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
        batch = work.activity.batch if work.activity is not None and work.is_sure else None
        if is_near and batch in SORTS:
            groups.setdefault(batch, []).append(work)
    for sort, works in groups.items():
        if len(works) > 1:
            first, second = works[:2]
            yield together(f"together_{sort}", first, second, 6.6)


INSIGHT = Finder("together", tuple(f"together_{sort}" for sort in SORTS), find)
