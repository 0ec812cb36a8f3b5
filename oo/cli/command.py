"""The contract of a command of `oo`: one file in `oo/cli/commands`, exported as ``COMMAND``."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import typer


class Group(StrEnum):
    """Under which heading `oo --help` shows a command."""

    RUN = "Run"
    PEOPLE = "People"
    LEARNING = "Learning"
    RESEARCH = "Research"


@dataclass(frozen=True, slots=True)
class Command:
    """`oo NAME`: a function with Typer's annotations, or a Typer with commands of its own.

    Its docstring is its help. Heavy imports belong inside the function: `oo --help` loads all.
    """

    name: str
    group: Group
    run: Callable[..., Any] | typer.Typer

    def add_to(self, app: typer.Typer) -> None:
        """Make it a command of `app`."""
        if isinstance(self.run, typer.Typer):
            app.add_typer(self.run, name=self.name, rich_help_panel=self.group.value)
        else:
            app.command(self.name, rich_help_panel=self.group.value)(self.run)
