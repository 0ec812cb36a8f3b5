"""From the fields of a page's query to what the store filters by."""

from oo.admin.query import Query
from oo.domain.console import Choice


def choices(query: Query, *names: str) -> dict[str, Choice]:
    """The filters of these fields that say something."""
    found: dict[str, Choice] = {}
    for name in names:
        choice = Choice.of(str(getattr(query, name)))
        if choice is not None:
            found[name] = choice
    return found
