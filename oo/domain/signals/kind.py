"""The contract of a signal kind: what can be known about a person, whichever source tells it.

A kind is one file in ``oo/domain/signals/kinds`` that exports ``KIND``, a :class:`SignalKind`.
Storage, reconciliation, prompts and features work with any kind through it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, cast

from pydantic import TypeAdapter

from oo.domain.signals.extent import Extent
from oo.domain.signals.retention import Retention

MAX_WORDS = 80
"""Characters in the words of a fact."""


class Signal(Protocol):
    """A typed signal: a frozen dataclass that says where it comes from.

    `id` is ``<source>:<external_id>``, unique within the person and the kind. When it was read is
    kept beside it, and the account it was read from with the connection to its source.
    """

    @property
    def id(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def external_id(self) -> str: ...


S = TypeVar("S", bound=Signal)


@dataclass(frozen=True, slots=True)
class SignalFact:
    """What a writer is told of one signal.

    `words` are oO's own, plain and at most MAX_WORDS long; they hold clock times and days rather
    than "in 5 minutes", so that they stay the same while the moment passes. `title` is what
    somebody typed, hostile text that a prompt must quote.
    """

    kind: str
    words: str
    title: str | None = None


class Window(NamedTuple):
    """How long after it is over, and how long before it begins, a signal still matters now."""

    behind: timedelta
    ahead: timedelta


@dataclass(frozen=True, slots=True)
class SignalKind(Generic[S]):
    """One kind of signal.

    `signal` is its frozen dataclass; its fields are of types that pydantic reads from JSON.
    `singular` and `plural` count signals for the person ("3 events"). `extent` is the kind's
    time-zone rule; None for a signal without any time. `window` bounds what is loaded for a
    request, if anything does. `tell` says what a writer is told of a signal at the person's local
    time, if anything; `urgency` orders what is told, the smallest first, about in hours from now.
    `examples` are of each form that there is; the contract test varies them.
    """

    name: str
    signal: type[S]
    singular: str
    plural: str
    retention: Retention
    extent: Callable[[S], Extent | None]
    window: Window | None
    tell: Callable[[S, datetime], SignalFact | None]
    urgency: Callable[[S, datetime], float]
    examples: tuple[S, ...]

    def encode(self, signal: S) -> dict[str, Any]:
        """The signal as a JSON object."""
        encoded: dict[str, Any] = _adapter(self.signal).dump_python(signal, mode="json")
        return encoded

    def decode(self, body: Mapping[str, Any]) -> S:
        """The signal that was encoded; raises ValueError for anything else."""
        return cast(S, _adapter(self.signal).validate_python(body))

    def count(self, number: int) -> str:
        """``1 event``, ``2 events``."""
        return f"{number} {self.singular if number == 1 else self.plural}"


@cache
def _adapter(signal: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(signal)
