"""The result of a job: figures per variant, and one of them compared with the others."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, is_dataclass
from typing import Any

import numpy as np

from ml.simulation.estimates import (
    Comparison,
    Interval,
    Summary,
    compare_traces,
    curve,
    slices,
    summarise,
)
from ml.simulation.jobs import Finished
from ml.simulation.plots import Curves
from ml.simulation.trace import Trace
from ml.simulation.variants import Variant

SMOOTH_DAYS = 5


@dataclass(frozen=True, slots=True)
class Entry:
    """What one variant did on all seeds; `days` is fewer where a sweep stopped it.

    `curves` are by day, `smooth` by day with the four before.
    """

    variant: Variant
    summary: Summary
    curves: Curves
    smooth: Curves
    slices: dict[str, Interval]
    days: int

    @property
    def label(self) -> str:
        """The variant's name in tables."""
        return self.variant.label


@dataclass(frozen=True, slots=True)
class Report:
    """Entries from best to worst; `against` compares the reference with each other, by label."""

    entries: tuple[Entry, ...]
    reference: str
    against: dict[str, Comparison]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "entries": [
                {
                    "policy": entry.variant.policy,
                    "params": dict(entry.variant.params),
                    "label": entry.label,
                    "days": entry.days,
                    "summary": _plain(entry.summary),
                    "slices": {name: _plain(one) for name, one in entry.slices.items()},
                    "reward_by_day": [round(float(v), 6) for v in entry.curves.reward.mean],
                }
                for entry in self.entries
            ],
            "reference": self.reference,
            "against": {label: _plain(one) for label, one in self.against.items()},
        }


def report(finished: Sequence[Finished], reference: str = "") -> Report:
    """The figures of all variants; those that ran all days come first.

    `reference` is the label of the variant that others are compared with; the best by default.
    """
    by_label: dict[str, list[Finished]] = {}
    for one in _longest(finished):
        by_label.setdefault(one.variant.label, []).append(one)
    entries = sorted(
        (_entry(runs) for runs in by_label.values()),
        key=lambda entry: (-entry.days, -entry.summary.reward.mean),
    )
    reference = reference or entries[0].label
    against = {
        entry.label: _compare(by_label[reference], by_label[entry.label])
        for entry in entries
        if entry.label != reference and entry.days == entries[0].days
    }
    return Report(tuple(entries), reference, against)


def _longest(finished: Sequence[Finished]) -> list[Finished]:
    """One trial per variant and seed, in the order of seeds: a sweep may try the same twice."""
    kept: dict[tuple[str, int], Finished] = {}
    for one in sorted(finished, key=lambda one: one.trace.reward.shape[1]):
        kept[one.variant.label, one.seed] = one
    return sorted(kept.values(), key=lambda one: one.seed)


def _compare(a: Sequence[Finished], b: Sequence[Finished]) -> Comparison:
    """Two variants that ran on the same seeds."""
    return compare_traces([one.trace for one in a], [one.trace for one in b])


def _entry(runs: Sequence[Finished]) -> Entry:
    trace = Trace(
        *(np.concatenate([getattr(one.trace, part.name) for one in runs]) for part in fields(Trace))
    )
    return Entry(
        variant=runs[0].variant,
        summary=summarise(trace),
        curves=_curves(trace, 1),
        smooth=_curves(trace, SMOOTH_DAYS),
        slices=slices(trace),
        days=int(trace.day().max()) + 1,
    )


def _curves(trace: Trace, window: int) -> Curves:
    return Curves(curve(trace, trace.reward, window), curve(trace, trace.regret, window))


def _plain(value: Any) -> Any:
    """Nested named tuples as dictionaries; a number that JSON lacks as null."""
    if hasattr(value, "_asdict"):
        return {name: _plain(one) for name, one in value._asdict().items()}
    if isinstance(value, float):
        return round(value, 6) if np.isfinite(value) else None
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
