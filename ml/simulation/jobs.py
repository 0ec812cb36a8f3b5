"""What a run of `oo simulate` is to do, in a form that survives a kill beside its results."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from ml.simulation.scenario import Scenario
from ml.simulation.trace import Trace
from ml.simulation.variants import Variant

FILE = "job.json"


class Finished(NamedTuple):
    """A finished trial; its trace ends early where a sweep stopped it."""

    variant: Variant
    seed: int
    trace: Trace


class Progress(NamedTuple):
    """How far all trials are: `finished` of them, and `done` trials' worth of work in all.

    `rewards` is each started trial's mean reward so far, by its id.
    """

    finished: int
    done: float
    rewards: Mapping[str, float]


Listener = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Job:
    """Variants to compare on `seeds` scenarios, or (`trials` > 0) policies to search over.

    A search varies the parameters of the variants' policies, on the scenario's own seed. The report
    compares the variant labelled `reference` with each other one; the best, if that is empty.
    """

    name: str
    scenario: Scenario
    variants: tuple[Variant, ...]
    seeds: int = 1
    trials: int = 0
    reference: str = ""

    @property
    def kind(self) -> str:
        """``sweep`` or ``comparison``."""
        return "sweep" if self.trials else "comparison"

    @property
    def total(self) -> int:
        """How many trials there are."""
        return self.trials or len(self.variants) * self.seeds

    @property
    def scenarios(self) -> tuple[Scenario, ...]:
        """The scenario under each seed, counting up from its own."""
        first = self.scenario.seed
        return tuple(replace(self.scenario, seed=first + n) for n in range(self.seeds))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "name": self.name,
            "scenario": self.scenario.to_dict(),
            "variants": [{"policy": v.policy, "params": dict(v.params)} for v in self.variants],
            "seeds": self.seeds,
            "trials": self.trials,
            "reference": self.reference,
        }

    def save(self, folder: Path) -> None:
        """Write the job into its folder."""
        (folder / FILE).write_text(json.dumps(self.to_dict(), indent=1))

    @classmethod
    def load(cls, folder: Path) -> "Job":
        """The inverse of :meth:`save`. Raises OSError or ValueError."""
        values = json.loads((folder / FILE).read_text())
        return cls(
            name=values["name"],
            scenario=Scenario.from_dict(values["scenario"]),
            variants=tuple(Variant(one["policy"], one["params"]) for one in values["variants"]),
            seeds=values["seeds"],
            trials=values["trials"],
            reference=values["reference"],
        )
