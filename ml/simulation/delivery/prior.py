"""The prior that the learnt policy is shipped with: fitted to simulated people, once.

    python -m ml.simulation.delivery.prior

Its worlds differ from each other and from those that reports are made on: other seeds, and people
who are more or less open, tired sooner or later, lost sooner or later.
"""

import json
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ml.delivery.policies.learnt import NAMES, POLICY, PRIOR, VAGUE
from ml.simulation.delivery.runner import run
from ml.simulation.delivery.scenario import DeliveryScenario, ReceptivityModel
from ml.training.experience import statistics_of
from ml.training.pooling import Prior, refit, stack
from oo.domain.policies import Experience

SEED = 300
PEOPLE = 150
DIGITS = 5
WORLDS = (
    ReceptivityModel(),
    ReceptivityModel(never=0.25, openness=-0.3, tired=0.8),
    ReceptivityModel(never=0.1, openness=0.3, habituation=0.02, hazard=0.006),
    ReceptivityModel(differ=1.2, swing=1.0, distraction=0.8, annoyance=0.7),
)


def fit_to_worlds(people: int = PEOPLE) -> Prior:
    """The prior of all people of WORLDS, as an eager, still vague policy came to know them."""
    eager = replace(POLICY.with_prior(VAGUE), price=0.1, floor=0.05)
    experience: dict[str, list[Experience]] = {}
    for number, world in enumerate(_scenarios(people)):
        for person, those in run(world, eager).experience.items():
            experience[f"{number}:{person}"] = list(those)
    return refit(VAGUE, stack(statistics_of(POLICY, experience).values()))


def _scenarios(people: int) -> Iterator[DeliveryScenario]:
    for number, model in enumerate(WORLDS):
        yield DeliveryScenario(seed=SEED + number, people=people, receptivity=model)


def write() -> None:
    """Fit and put the numbers where the policy reads them."""
    prior = fit_to_worlds()
    PRIOR.write_text(
        json.dumps(
            {
                "features": list(NAMES),
                "mean": np.round(prior.mean, DIGITS).tolist(),
                "covariance": np.round(prior.covariance, DIGITS).tolist(),
                "noise": round(prior.noise, DIGITS),
                "mean_covariance": np.round(prior.mean_covariance, DIGITS + 3).tolist(),
            },
            indent=1,
        )
        + "\n"
    )


if __name__ == "__main__":
    write()
