"""Some things are of one sort and go well in a row."""

from collections.abc import Iterator

from ml.insights.insight import Finder, Insight, Scene, Work, together

SORTS = (
    "calls",
    "messages",
    "errands",
    "paperwork",
    "household",
    "handiwork",
    "computer",
    "reading",
)
OF_THREE = ("calls", "messages", "errands", "household")  # of which three in a row are still easy
SOON = -3  # all may be done now: late, of these days, or without any date


def find(scene: Scene) -> Iterator[Insight]:
    """The first pair of each sort, and the first three; nothing of it at night."""
    if scene.is_night:
        return
    for sort, works in of_one_sort(scene).items():
        if len(works) > 1:
            yield together(f"together_{sort}", works[:2], 6.6)
        if len(works) > 2 and sort in OF_THREE:
            yield together(f"three_{sort}", works[:3], 8.2)


def of_one_sort(scene: Scene) -> dict[str, list[Work]]:
    """The tasks of each sort that may be done now, the most pressing first."""
    groups: dict[str, list[Work]] = {}
    for work in scene.works:
        is_near = work.late is None or work.late >= SOON
        batch = work.activity.batch if work.activity is not None and work.is_sure else None
        if is_near and batch in SORTS:
            groups.setdefault(batch, []).append(work)
    return groups


INSIGHT = Finder(
    "together",
    (*(f"together_{sort}" for sort in SORTS), *(f"three_{sort}" for sort in OF_THREE)),
    find,
)
