"""The kinds of signals that there are: every file in ``oo/domain/signals/kinds``."""

from collections.abc import Iterable, Mapping
from functools import cache
from types import ModuleType
from typing import Any

from oo.domain.signals import kinds
from oo.domain.signals.kind import Signal, SignalKind
from oo.kit.plugins import discover

AnyKind = SignalKind[Any]


@cache
def all_kinds(package: ModuleType = kinds) -> Mapping[str, AnyKind]:
    """The kinds by name; raises BrokenPlugin for a file that holds none."""
    return discover(package, "KIND", SignalKind)


def kind_of(signal: Signal) -> AnyKind:
    """The kind that the signal is of; raises TypeError for what is no signal."""
    for kind in all_kinds().values():
        if type(signal) is kind.signal:
            return kind
    raise TypeError(f"{type(signal).__name__} is not the signal of any kind")


def by_kind(signals: Iterable[Signal]) -> dict[str, list[Signal]]:
    """The signals by the name of their kind, in their order."""
    found: dict[str, list[Signal]] = {}
    for signal in signals:
        found.setdefault(kind_of(signal).name, []).append(signal)
    return found
