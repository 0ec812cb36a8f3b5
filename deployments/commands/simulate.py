"""`oo simulate`: policies on simulated people, side by side or searched, with intervals."""

import asyncio
import json
import os
import re
import shutil
import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from deployments import simulations
from deployments.shell import err, out
from deployments.simulation_view import progress, show, show_judge
from ml.judges import judges
from ml.simulation import serial
from ml.simulation.jobs import Finished, Job, Listener
from ml.simulation.judging import Calibration, calibrate, draw_cases
from ml.simulation.scenario import GenerationModel, PopulationModel, Scenario
from ml.simulation.variants import parse
from oo.kit.clock import SystemClock
from oo.kit.errors import BadRequest
from oo.kit.ids import new_id
from oo.kit.settings import load_settings

POLICIES = "random,linucb-v1,egreedy-v1,ebts"
MODELS = Path(__file__).parents[2] / "configs" / "models.yaml"
NAME = re.compile(r"[\w][\w.-]{0,99}")
REFERENCE = "rule"


def simulate(
    personas: Annotated[int, typer.Option(min=2, help="Simulated people.")] = 200,
    days: Annotated[int, typer.Option(min=1, help="Days of their lives.")] = 30,
    decisions: Annotated[int, typer.Option(min=1, help="Tips per person and day.")] = 4,
    policies: Annotated[
        str, typer.Option(help="Names, with fields if need be: egreedy-v1:epsilon=0.05,random.")
    ] = POLICIES,
    compare: Annotated[
        str, typer.Option(help="Two policies instead, a,b: the paired difference over --seeds.")
    ] = "",
    sweep: Annotated[
        bool, typer.Option("--sweep", help="Search the policies' parameters (Optuna, ASHA).")
    ] = False,
    trials: Annotated[int, typer.Option(min=1, help="How many a sweep tries.")] = 24,
    seed: Annotated[int, typer.Option(help="Same seed, same result, bit for bit.")] = 7,
    seeds: Annotated[int, typer.Option(min=1, help="Populations, seeds counting up.")] = 1,
    heterogeneity: Annotated[
        float, typer.Option(min=0, help="How much people differ; 0: all alike.")
    ] = 1.0,
    drift: Annotated[float, typer.Option(min=0, help="How fast preferences wander.")] = 0.03,
    alignment: Annotated[
        float, typer.Option(min=0, max=1, help="How much the writer's confidence says.")
    ] = 0.4,
    judge: Annotated[
        str, typer.Option(help="Also rate tips with this judge and calibrate it: rule, llm.")
    ] = "",
    cases: Annotated[int, typer.Option(min=3, help="Tips that the judge rates.")] = 100,
    models: Annotated[Path, typer.Option(help="File of model aliases, for the judge.")] = MODELS,
    name: Annotated[str, typer.Option(help="What to call it; a name is made otherwise.")] = "",
    resume: Annotated[str, typer.Option(help="Go on with the simulation of that name.")] = "",
    cpus: Annotated[int, typer.Option(min=1, help="Trials at a time.")] = os.cpu_count() or 1,
    here: Annotated[bool, typer.Option("--here", help="One process, without Ray.")] = False,
    plot: Annotated[Path | None, typer.Option(help="Copy the picture there too.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Simulate policies on people whose true preferences are known, and compare them.

    Ends with a table, a picture of the reward per day in the data folder, rows in the store and
    runs in MLflow. After a kill, --resume NAME keeps finished trials and goes on with the others.
    """
    settings, clock = load_settings(), SystemClock()
    if sweep and here:
        raise BadRequest("A sweep runs under Ray Tune: leave out --here.")
    if judge and judge not in judges():
        raise BadRequest(f"There is no judge {judge!r}: there are {', '.join(judges())}.")
    if resume:
        job = simulations.load_job(settings, resume)
    else:
        variants = tuple(parse(one) for one in (compare or policies).split(","))
        if compare and len(variants) != 2:
            raise BadRequest("--compare takes two policies: --compare egreedy-v1,linucb-v1")
        population = PopulationModel(people=personas, heterogeneity=heterogeneity, drift=drift)
        job = Job(
            name=_checked(name) or f"{'sweep' if sweep else 'run'}-{new_id(clock)[:12]}",
            scenario=Scenario(
                seed=seed,
                days=days,
                per_day=decisions,
                population=population,
                generation=GenerationModel(alignment=alignment),
            ),
            variants=variants,
            seeds=1 if sweep else seeds,
            trials=trials if sweep else 0,
            reference=variants[0].label if compare else "",
        )
    calibration = _calibrate(judge, job.scenario, cases, models) if judge else None
    if not resume:
        simulations.create(settings, job)
    console = err if as_json else out
    console.print(
        f"Simulation [bold]{job.name}[/bold]; after a kill: oo simulate --resume {job.name}"
    )
    with progress(console, job) as listener:
        run = partial(_here, job) if here else partial(_under_tune, job, cpus)
        outcome = simulations.execute(settings, clock, job, run, listener)
    if plot is not None:
        shutil.copyfile(outcome.plot, plot)
    if as_json:
        found = outcome.report.to_dict() | {"plot": str(outcome.plot), "name": job.name}
        found |= {"judge": calibration._asdict()} if calibration else {}
        sys.stdout.write(json.dumps(found) + "\n")
        return
    show(outcome, job)
    if calibration:
        show_judge(judge, calibration)


def _here(job: Job, _: Path, listener: Listener | None) -> list[Finished]:
    return serial.run(job, listener)


def _under_tune(job: Job, cpus: int, folder: Path, listener: Listener | None) -> list[Finished]:
    from ml.simulation import tune  # Ray's seconds of imports are for this command alone

    return tune.run(job, folder, cpus, listener)


def _checked(name: str) -> str:
    if name and not NAME.fullmatch(name):
        raise BadRequest("A name is made of letters, digits, dots and dashes.")
    return name


def _calibrate(name: str, scenario: Scenario, n: int, file: Path) -> Calibration:
    """The judge's scores against what the simulated people truly expect."""
    from ml.generation.aliases import Aliases
    from ml.generation.settings import JUDGE, load_settings

    drawn, known = draw_cases(scenario, n), judges()
    # the rule is the reference itself; only other judges need a model
    models = None if name == REFERENCE else Aliases(load_settings(file)).completer(JUDGE)

    async def both() -> Calibration:
        verdicts = await known[name].judge(drawn, models)
        return calibrate(verdicts, await known[REFERENCE].judge(drawn))

    return asyncio.run(both())
