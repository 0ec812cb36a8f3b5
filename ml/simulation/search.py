"""What a trial's configuration says, and the space that a sweep draws it from."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ml.simulation.variants import Variant, search_space


class Suggesting(Protocol):
    """The part of an Optuna trial that is used here."""

    def suggest_categorical(self, name: str, choices: Sequence[str]) -> str: ...

    def suggest_float(self, name: str, low: float, high: float, *, log: bool) -> float: ...


class Space:
    """Optuna's define-by-run space: a policy, then the parameters that it has.

    A parameter is named ``policy.field``, for one field may mean different things in two policies.
    """

    def __init__(self, policies: Sequence[str], scenario: dict[str, Any]) -> None:
        self.policies = tuple(dict.fromkeys(policies))
        self.scenario = scenario

    def __call__(self, trial: Suggesting) -> dict[str, Any]:
        policy = trial.suggest_categorical("policy", list(self.policies))
        for name, (low, high, log) in search_space(policy).items():
            trial.suggest_float(f"{policy}.{name}", low, high, log=log)
        return {"scenario": self.scenario}


def variant_of(config: Mapping[str, Any]) -> Variant:
    """A grid names the variant; a sweep a policy, and its fields as ``policy.field``."""
    if "variant" in config:
        return Variant(**config["variant"])
    prefix = f"{config['policy']}."
    names = [name for name in config if name.startswith(prefix)]
    return Variant(config["policy"], {one.removeprefix(prefix): config[one] for one in names})
