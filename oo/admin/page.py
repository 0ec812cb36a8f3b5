"""The contract of a page of the console: one file in `oo/admin/pages`, exported as ``PAGE``."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from oo.admin.query import Query
from oo.admin.screen import Screen


class Group(StrEnum):
    """Under which heading the navigation shows a page."""

    NOW = "Now"
    PEOPLE = "People"
    LEARNING = "Learning"
    SYSTEM = "System"


@dataclass(frozen=True, slots=True)
class ConsolePage:
    """A plain function from a typed query to what is shown.

    It answers at ``/admin/PATH``, as fragment, CSV and JSON too, and at ``/api/admin/PATH``. With
    ``{id}`` in the path the page is about one thing, `read` is given its id, and the navigation
    shows the page `under` which it is. `rank` orders the pages of a group. `template` is for a
    page with more to show than figures, notices, charts and tables. `for_admins` keeps viewers out.
    A page `of_all_times` looks at a time range only where it is asked for one.
    """

    name: str
    title: str
    group: Group
    rank: int
    words: str
    query: type[Query]
    read: Callable[..., Awaitable[Screen]]
    path: str = ""
    template: str = "screen.html"
    under: str = ""
    refresh_s: int = 0
    has_period: bool = True
    of_all_times: bool = False
    for_admins: bool = False

    @property
    def address(self) -> str:
        """Its path below ``/admin``."""
        return self.path or self.name

    @property
    def is_of_one(self) -> bool:
        """Whether it is about one thing."""
        return "{id}" in self.address


Values = dict[str, Any]
