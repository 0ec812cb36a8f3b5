"""What sub-agents say about a person's situation, for whoever shows it (E7)."""

from datetime import datetime
from typing import NamedTuple, Protocol

from oo.domain.claims import Claim


class Statement(NamedTuple):
    """One thing worth knowing.

    `text` is as its reader sees it; `spoken` is the same with a reference (``t1``) for each title.
    It is true as long as its `claims` hold. `name` is that of its sentence.
    """

    name: str
    text: str
    spoken: str
    claims: tuple[Claim, ...]
    task_ids: tuple[str, ...]
    weight: float


class Said(NamedTuple):
    """What one sub-agent says, the weightiest first; nothing at all is an answer too.

    `weight` is that of the first statement. `snippet` holds as many statements as fit in the
    agent's `budget`, and is `tokens` long. `as_of` is the instant whose list and clock were looked
    at.
    """

    agent: str
    statements: tuple[Statement, ...]
    weight: float
    computed_from: tuple[str, ...]
    as_of: datetime
    snippet: str
    tokens: int
    budget: int


class Report(NamedTuple):
    """What all sub-agents say of a person at an instant.

    `read_at` is when the source that was read the longest ago was read; None without sources.
    """

    said: tuple[Said, ...]
    as_of: datetime
    read_at: datetime | None


class Listens(Protocol):
    """Asks all sub-agents about a person."""

    async def listen(self, user_id: str) -> Report:
        """What each says now, from what is stored. Raises NotFound for somebody who is gone."""
        ...
