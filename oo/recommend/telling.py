"""What a writer is told of a person's signals: the most useful facts, not of one kind alone."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from oo.domain.context import MAX_TOLD, one_line
from oo.domain.signals import Signal, SignalFact, all_kinds

TOLD_OF_ONE_KIND = 3


def facts_of(signals: Mapping[str, Sequence[Signal]], now: datetime) -> tuple[SignalFact, ...]:
    """At most MAX_TOLD facts of the signals by kind, the most useful first, at local time `now`."""
    found: list[tuple[float, SignalFact]] = []
    for name, kind in all_kinds().items():
        of_kind = [
            (kind.urgency(signal, now), fact)
            for signal in signals.get(name, ())
            if (fact := kind.tell(signal, now)) is not None
        ]
        found += sorted(of_kind, key=lambda it: it[0])[:TOLD_OF_ONE_KIND]
    found.sort(key=lambda it: it[0])
    return tuple(_bounded(fact) for _, fact in found[:MAX_TOLD])


def _bounded(fact: SignalFact) -> SignalFact:
    return fact if fact.title is None else replace(fact, title=one_line(fact.title))
