"""How the parts of a running oO are."""

from enum import StrEnum
from typing import Protocol


class State(StrEnum):
    """How one part is; what rests has failed and is left alone for a while.

    What is spent has a budget, or a permission, that is used up.
    """

    READY = "ready"
    WARMING = "warming"
    RESTING = "resting"
    SPENT = "spent"
    DOWN = "down"


class Health(Protocol):
    """Knows how each part of the application is."""

    def states(self) -> dict[str, State]:
        """The state of each part, as last seen."""
        ...
