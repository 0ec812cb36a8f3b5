"""Model cards of simulated policies (Mitchell et al. 2019), in Markdown."""

import inspect
from collections.abc import Iterator
from dataclasses import fields

from ml.simulation.estimates import Comparison, Interval
from ml.simulation.jobs import Job
from ml.simulation.simulation_report import Entry
from oo.domain.policies import Policy

LIMITS = (
    "Simulated reactions follow a model of choice that was not fitted to real people. A gain here"
    " is a reason to run a policy as a shadow, not to promote it."
)


def card(entry: Entry, job: Job, against: Comparison | None) -> str:
    """The card of one variant; `against` compares the reference with it."""
    policy, population = entry.variant.build(), job.scenario.population
    parts = [
        f"# {entry.label}",
        f"Policy `{policy.name}`, version {policy.version}. {inspect.getdoc(type(policy)) or ''}",
        "## Parameters",
        _list(_parameters(policy)),
        "## Features",
        ", ".join(f"`{name}`" for name in policy.features) or "none",
        "## Evaluated on",
        f"{population.people} simulated people × {entry.days} days × {job.scenario.per_day}"
        f" decisions, {job.seeds} seed(s) from {job.scenario.seed}; heterogeneity"
        f" {population.heterogeneity:g}, drift {population.drift:g}. No person's data.",
        "## Results, with 95% intervals over people",
        _list(_results(entry)),
        "## Reward by slice",
        _list(f"{name}: {value}" for name, value in entry.slices.items()),
    ]
    if against is not None:
        parts += ["## The reference's advantage over it", f"reward {against.reward}"]
    return "\n\n".join([*parts, "## Limits", LIMITS]) + "\n"


def _parameters(policy: Policy) -> Iterator[str]:
    for one in fields(policy):  # type: ignore[arg-type]  # every policy of the folder is a dataclass
        value = getattr(policy, one.name)
        if isinstance(value, int | float | str):
            yield f"`{one.name}`: {value}"


def _results(entry: Entry) -> Iterator[str]:
    for name, value in entry.summary._asdict().items():
        if isinstance(value, Interval):
            yield f"{name.replace('_', ' ')}: {value}"


def _list(lines: Iterator[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
