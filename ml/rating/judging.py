"""The contract of judges of tips: what they are given, and what they say."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from ml.composing.faults import Fault
from ml.generation.completion import Completer
from ml.rating.reading import Reading

LEAST, MOST = 1.0, 5.0


class Opinion(NamedTuple):
    """How useful a tip is, from LEAST to MOST, and why: `parts` are what the score is made of."""

    score: float
    faults: tuple[Fault, ...]
    parts: Mapping[str, float]
    reason: str = ""


@runtime_checkable
class TipJudge(Protocol):
    """One way to judge tips; one file in `ml/rating/judges`, exported as ``JUDGE``."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    async def judge(
        self, readings: Sequence[Reading], models: Completer | None = None
    ) -> list[Opinion | None]:
        """An opinion per tip, None where an answer made no sense.

        Raises Unavailable when it needs a model and there is none, or it does not answer.
        """
        ...
