"""Runbooks: what to do when, with the commands to copy."""

from typing import ClassVar

from pydantic import Field

from oo.admin.desk import Desk
from oo.admin.guides import runbook, runbooks
from oo.admin.page import ConsolePage, Group
from oo.admin.query import Query
from oo.admin.screen import Screen
from oo.kit.errors import NotFound


class RunbooksQuery(Query):
    """Which one."""

    not_filters: ClassVar[frozenset[str]] = frozenset({"runbook"})
    runbook: str = Field("", max_length=80, pattern=r"^[a-z-]*$", description="Runbook")


async def read(desk: Desk, query: RunbooksQuery) -> Screen:
    """Raises NotFound for one that there is not."""
    text = runbook(query.runbook) if query.runbook else None
    if query.runbook and text is None:
        raise NotFound("There is no such runbook.")
    return Screen(values={"text": text, "all": runbooks(), "current": query.runbook})


PAGE = ConsolePage(
    "docs",
    "Runbooks",
    Group.SYSTEM,
    4,
    "What to do when something is wrong.",
    RunbooksQuery,
    read,
    template="runbooks.html",
    has_period=False,
)
