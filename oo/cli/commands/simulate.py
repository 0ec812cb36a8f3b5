"""`oo simulate`: policies on simulated people, side by side or searched, with intervals."""

import asyncio
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from oo.cli.command import Command, Group
from oo.cli.console import err, out
from oo.kit.clock import SystemClock
from oo.kit.errors import BadRequest
from oo.kit.settings import load_settings

POLICIES = "random,linucb-v1,egreedy-v1,ebts"
DELIVERY_POLICIES = "always,fixed-time,threshold,learnt"
MODELS = Path(__file__).parents[3] / "configs" / "models.yaml"


app = typer.Typer(invoke_without_command=True, no_args_is_help=False)


@app.callback()
def simulate(
    ctx: typer.Context,
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
    if ctx.invoked_subcommand is not None:
        return
    # SciPy's half a second of imports is for this command alone
    from oo.cli.views.simulation import progress, show, show_judge
    from oo.mlops import simulation
    from oo.mlops.simulation_plan import Plan, check_judge, make_job, runner
    from oo.mlops.simulation_plan import judge as calibrate

    settings, clock = load_settings(), SystemClock()
    if sweep and here:
        raise BadRequest("A sweep runs under Ray Tune: leave out --here.")
    if judge:
        check_judge(judge)
    if resume:
        job = simulation.load_job(settings, resume)
    else:
        plan = Plan(
            people=personas,
            days=days,
            decisions=decisions,
            policies=policies,
            compare=compare,
            sweep=sweep,
            trials=trials,
            seed=seed,
            seeds=seeds,
            heterogeneity=heterogeneity,
            drift=drift,
            alignment=alignment,
            name=name,
        )
        job = make_job(plan, clock)
    calibration = asyncio.run(calibrate(judge, job.scenario, cases, models)) if judge else None
    if not resume:
        simulation.create(settings, job)
    console = err if as_json else out
    console.print(
        f"Simulation [bold]{job.name}[/bold]; after a kill: oo simulate --resume {job.name}"
    )
    with progress(console, job) as listener:
        run = runner(job, cpus, here=here)
        outcome = simulation.execute(settings, clock, job, run, listener)
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


@app.command("delivery")
def delivery(
    personas: Annotated[int, typer.Option(min=10, help="Simulated people.")] = 1000,
    days: Annotated[int, typer.Option(min=1, help="Days of their lives.")] = 28,
    policies: Annotated[str, typer.Option(help="Delivery policies.")] = DELIVERY_POLICIES,
    seed: Annotated[int, typer.Option(help="Same seed, same result, bit for bit.")] = 7,
    seeds: Annotated[int, typer.Option(min=1, help="Populations, seeds counting up.")] = 1,
    never: Annotated[
        float, typer.Option(min=0, max=1, help="Share of people who want no pushes at all.")
    ] = 0.15,
    budget: Annotated[int, typer.Option(min=0, help="Pushes a day that people allow.")] = 3,
    name: Annotated[str, typer.Option(help="What to call it; a name is made otherwise.")] = "",
    cpus: Annotated[int, typer.Option(min=1, help="Worlds at a time.")] = os.cpu_count() or 1,
    plot: Annotated[Path | None, typer.Option(help="Copy the picture there too.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Compare when to speak: send always, at a fixed time, by a threshold, as learnt.

    Simulated people can be interrupted more or less, tire of pushes, and may switch them off for
    good. Ends with a table of reward, pushes a day and opt-outs, a picture and runs in MLflow.
    """
    from oo.cli.views.delivery import show
    from oo.mlops.delivery_simulation import Plan, simulate

    plan = Plan(
        policies=tuple(part.strip() for part in policies.split(",")),
        people=personas,
        days=days,
        seed=seed,
        seeds=seeds,
        never=never,
        budget=budget,
        name=name,
    )
    outcome = simulate(load_settings(), SystemClock(), plan, cpus)
    if plot is not None:
        shutil.copyfile(outcome.plot, plot)
    if as_json:
        sys.stdout.write((outcome.folder / "report.json").read_text() + "\n")
        return
    show(outcome, personas * seeds)


COMMAND = Command("simulate", Group.RESEARCH, app)
