"""The feature registry, for whoever shows it."""

from typing import NamedTuple

from ml.features import REGISTRY
from ml.policies import policies


class RegisteredFeature(NamedTuple):
    """One feature with the policies that weigh it; `freshness_s` is how old its input may be."""

    name: str
    words: str
    unit: str
    source: str
    freshness_s: int
    scope: str
    per_candidate: bool
    policies: tuple[str, ...]


def registered() -> list[RegisteredFeature]:
    """All features, in the order of their definition."""
    using = policies()
    return [
        RegisteredFeature(
            one.name,
            one.words,
            one.unit,
            one.source,
            one.freshness_s,
            one.scope.value,
            one.per_candidate,
            tuple(sorted(name for name, policy in using.items() if one.name in policy.features)),
        )
        for one in REGISTRY
    ]
