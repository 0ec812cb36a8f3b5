"""The feature registry (D1): a feature is defined once, for scoring, training and pages."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple, TypeVar, cast

from oo.domain.columns import Columns
from oo.domain.signals import Signal, SignalKind
from oo.domain.tasks import Task
from oo.domain.tips import Offer, TipKind

NO_PROFILE: Mapping[str, float] = MappingProxyType({})
NO_SIGNALS: Mapping[str, Sequence[Signal]] = MappingProxyType({})
S = TypeVar("S", bound=Signal)


class Scope(StrEnum):
    """When a feature is computed: just in time, or kept and invalidated by events."""

    CONTEXT = "context"
    PROFILE = "profile"


class Situation(NamedTuple):
    """What features are computed from: the person's local time, one candidate, what is known.

    `profile` holds kept numbers by name, see `oo.domain.profile`; it may lack any of them.
    `signals` are the person's current ones by kind, those that are over first; tasks are not
    among them, since a candidate brings the task that it speaks of.
    """

    now: datetime
    task: Task | None
    kind: TipKind
    confidence: float
    profile: Mapping[str, float]
    signals: Mapping[str, Sequence[Signal]] = NO_SIGNALS

    def of(self, kind: SignalKind[S]) -> Sequence[S]:
        """The person's current signals of that kind."""
        return cast(Sequence[S], self.signals.get(kind.name, ()))


@dataclass(frozen=True, slots=True)
class Feature:
    """One number about a candidate in its situation.

    `words` say to the person what it is about; features that share their words are added up
    before they are shown. `unit` says how the raw quantity is scaled; `freshness_s` how old its
    input may be, in seconds.
    `per_candidate` is false where all candidates of a request share the value.
    """

    name: str
    words: str
    type: str
    unit: str
    source: str
    freshness_s: int
    scope: Scope
    per_candidate: bool
    compute: Callable[[Situation], float]


class Registry:
    """Features by name; raises ValueError on a name that is taken."""

    def __init__(self, features: Iterable[Feature]) -> None:
        self._features: dict[str, Feature] = {}
        for feature in features:
            if feature.name in self._features:
                raise ValueError(f"feature {feature.name!r} is defined twice")
            self._features[feature.name] = feature
        self._shared = [it for it in self if not it.per_candidate]
        self._own = [it for it in self if it.per_candidate]

    def __iter__(self) -> Iterator[Feature]:
        return iter(self._features.values())

    @property
    def names(self) -> tuple[str, ...]:
        """All names, in the order of definition."""
        return tuple(self._features)

    @property
    def words(self) -> dict[str, str]:
        """What each feature is about, for the person."""
        return {feature.name: feature.words for feature in self}

    def columns(
        self,
        now: datetime,
        offers: Sequence[Offer],
        profile: Mapping[str, float] = NO_PROFILE,
        signals: Mapping[str, Sequence[Signal]] = NO_SIGNALS,
    ) -> Columns:
        """Every feature's values for the candidates of one request, one per entry of `offers`."""
        known = Situation(now, None, TipKind.TASK, 0.0, profile, signals)
        situations = [
            Situation(now, offer.task, offer.kind, offer.confidence, profile, signals)
            for offer in offers
        ]
        shared = {it.name: it.compute(known) for it in self._shared}
        own = {it.name: [*map(it.compute, situations)] for it in self._own}
        # one look at the sum of all: nearly always there is nothing else to do
        if not math.isfinite(sum(shared.values()) + sum(map(sum, own.values()))):
            shared = {name: _finite(value) for name, value in shared.items()}
            own = {name: [*map(_finite, values)] for name, values in own.items()}
        return Columns(len(offers), shared, own)


def _finite(value: float) -> float:
    """The value, or 0, which says nothing, where a source told what is no number."""
    return value if math.isfinite(value) else 0.0
