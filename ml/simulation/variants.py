"""Policies with their hyper-parameters: what a simulation compares and a sweep searches."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, NamedTuple

from ml.policies import policies
from oo.domain.policies import Policy
from oo.kit.errors import BadRequest


class Range(NamedTuple):
    """Where a hyper-parameter is searched: `low` to `high`, evenly or evenly in its logarithm."""

    low: float
    high: float
    log: bool = False


RANGES: Mapping[str, Range] = {
    "epsilon": Range(0.005, 0.4, log=True),
    "penalty": Range(0.1, 30.0, log=True),
    "alpha": Range(0.01, 2.0, log=True),
    "scale": Range(0.05, 2.0, log=True),
    "noise": Range(0.1, 2.0, log=True),
    "decay": Range(0.94, 1.0),
}
"""By the name of a policy's field: a new policy that has one of them is searched over it."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A policy by name with some of its fields changed."""

    policy: str
    params: Mapping[str, float] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """What tables and plots call it: ``egreedy-v1`` or ``egreedy-v1 epsilon=0.05``."""
        changes = (f"{name}={value:.3g}" for name, value in sorted(self.params.items()))
        return " ".join([self.policy, *changes])

    def build(self) -> Policy:
        """The policy. Raises BadRequest for a name or a field that does not exist."""
        base = named(self.policy)
        unknown = set(self.params) - set(_field_names(base))
        if unknown:
            raise BadRequest(f"{self.policy} has no parameter {', '.join(sorted(unknown))}.")
        built: Policy = replace(base, **self.params) if self.params else base  # type: ignore[type-var]  # a dataclass, or it would have no fields
        return built


def named(name: str) -> Policy:
    """A policy by its name. Raises BadRequest with the names that there are."""
    known = policies()
    if name not in known:
        raise BadRequest(f"There is no policy {name!r}: there are {', '.join(sorted(known))}.")
    return known[name]


def parse(text: str) -> Variant:
    """A variant from ``name`` or ``name:field=value:field=value``. Raises BadRequest."""
    name, *changes = text.strip().split(":")
    params = {}
    for change in changes:
        key, _, value = change.partition("=")
        try:
            params[key] = float(value)
        except ValueError:
            raise BadRequest(
                f"{text!r}: write name:field=number, such as egreedy-v1:epsilon=0.05."
            ) from None
    variant = Variant(name, params)
    variant.build()
    return variant


def search_space(policy: str) -> dict[str, Range]:
    """The ranges of a policy's hyper-parameters, by the names of its fields."""
    built = named(policy)
    if not built.features:  # it learns nothing, so nothing changes it
        return {}
    return {name: RANGES[name] for name in _field_names(built) if name in RANGES}


def _field_names(policy: Any) -> list[str]:
    return [one.name for one in fields(policy)] if is_dataclass(policy) else []
