"""Why a tip was picked, for whoever shows it."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from oo.domain.decisions import Logged
from oo.domain.policies import Contribution


class Explanation(NamedTuple):
    """Why the shown candidate was picked among K.

    `contributions` add up to `expected`, the reward that the policy expected of it, of which
    `pooled` is what all people have in common and `personal` how this person differs. `fitted`
    tells whether other people's reactions went into that; `rank` counts from 1 by score.
    `words` say what each feature is about, by its name.
    """

    decision: Logged
    contributions: tuple[Contribution, ...]
    expected: float
    pooled: float
    personal: float
    propensity: float
    fitted: bool
    rank: int
    out_of: int
    words: Mapping[str, str]


class Explains(Protocol):
    """Explains tips from the log alone."""

    async def explain(self, tip_id: str, user_id: str | None = None) -> Explanation:
        """Explain a tip; with `user_id`, only if it is that person's.

        Raises NotFound for a tip that there is not, or whose policy or log is gone.
        """
        ...


class Finding(NamedTuple):
    """Something that was learnt of a person, in words, and what it rests upon."""

    words: str
    evidence: str


class TellsLearnt(Protocol):
    """Says what was learnt of a person."""

    async def tell(self, user_id: str) -> list[Finding]:
        """What stands out, the strongest first; nothing of somebody who has hardly reacted."""
        ...
