"""From what is asked of a simulation to the job that runs, here or under Ray Tune."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ml.judges import judges
from ml.simulation import serial
from ml.simulation.jobs import Finished, Job, Listener
from ml.simulation.judging import Calibration, calibrate, draw_cases
from ml.simulation.scenario import GenerationModel, PopulationModel, Scenario
from ml.simulation.variants import parse
from oo.kit.clock import Clock
from oo.kit.errors import BadRequest
from oo.kit.ids import new_id

__all__ = ["Calibration", "Job", "Listener", "Plan", "check_judge", "judge", "make_job", "runner"]

NAME = re.compile(r"[\w][\w.-]{0,99}")
REFERENCE_JUDGE = "rule"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to simulate: `policies` side by side, the two of `compare`, or a search (`sweep`).

    Policies are names with fields if need be: ``egreedy-v1:epsilon=0.05,random``.
    """

    people: int
    days: int
    decisions: int
    policies: str
    compare: str = ""
    sweep: bool = False
    trials: int = 24
    seed: int = 7
    seeds: int = 1
    heterogeneity: float = 1.0
    drift: float = 0.03
    alignment: float = 0.4
    name: str = ""


def make_job(plan: Plan, clock: Clock) -> Job:
    """The job of a plan; raises BadRequest where it contradicts itself."""
    variants = tuple(parse(one) for one in (plan.compare or plan.policies).split(","))
    if plan.compare and len(variants) != 2:
        raise BadRequest("--compare takes two policies: --compare egreedy-v1,linucb-v1")
    if plan.name and not NAME.fullmatch(plan.name):
        raise BadRequest("A name is made of letters, digits, dots and dashes.")
    population = PopulationModel(
        people=plan.people, heterogeneity=plan.heterogeneity, drift=plan.drift
    )
    return Job(
        name=plan.name or f"{'sweep' if plan.sweep else 'run'}-{new_id(clock)[:12]}",
        scenario=Scenario(
            seed=plan.seed,
            days=plan.days,
            per_day=plan.decisions,
            population=population,
            generation=GenerationModel(alignment=plan.alignment),
        ),
        variants=variants,
        seeds=1 if plan.sweep else plan.seeds,
        trials=plan.trials if plan.sweep else 0,
        reference=variants[0].label if plan.compare else "",
    )


def runner(job: Job, cpus: int, *, here: bool) -> Callable[[Path, Listener | None], list[Finished]]:
    """What runs the job's trials in a folder: this process, or Ray Tune on `cpus` processes."""
    return partial(_here, job) if here else partial(_under_tune, job, cpus)


def check_judge(name: str) -> None:
    """Raise BadRequest if there is no such judge."""
    if name not in judges():
        raise BadRequest(f"There is no judge {name!r}: there are {', '.join(judges())}.")


async def judge(name: str, scenario: Scenario, n: int, aliases: Path) -> Calibration:
    """The judge's scores against what the simulated people truly expect, on `n` tips.

    `aliases` is the file of model aliases that a judge with a model asks through.
    """
    from ml.generation.aliases import Aliases
    from ml.generation.settings import JUDGE, load_settings

    drawn, known = draw_cases(scenario, n), judges()
    # the rule is the reference itself; only other judges need a model
    needs_model = name != REFERENCE_JUDGE
    models = Aliases(load_settings(aliases)).completer(JUDGE) if needs_model else None
    verdicts = await known[name].judge(drawn, models)
    return calibrate(verdicts, await known[REFERENCE_JUDGE].judge(drawn))


def _here(job: Job, _: Path, listener: Listener | None) -> list[Finished]:
    return serial.run(job, listener)


def _under_tune(job: Job, cpus: int, folder: Path, listener: Listener | None) -> list[Finished]:
    from ml.simulation import tune  # Ray's seconds of imports are for this alone

    return tune.run(job, folder, cpus, listener)
