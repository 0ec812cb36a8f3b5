"""A simulation of deliveries from start to finish: run, report, picture, runs in MLflow."""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

from ml.delivery.policies import delivery_policies
from ml.simulation.delivery.report import Entry, entry, plot, verdicts
from ml.simulation.delivery.runner import Trace, run
from ml.simulation.delivery.scenario import DeliveryScenario
from oo.kit.clock import Clock
from oo.kit.errors import BadRequest, Conflict
from oo.kit.ids import new_id
from oo.kit.settings import Settings
from oo.mlops.tracked import tracking_of

__all__ = ["Entry", "Outcome", "Plan", "known", "simulate"]

EXPERIMENT = "delivery-simulations"
REPORT = "report.json"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked for: `policies` in worlds of `seeds` seeds, counting up from `seed`."""

    policies: tuple[str, ...]
    people: int = 1000
    days: int = 28
    seed: int = 7
    seeds: int = 1
    never: float = 0.15
    budget: int = 3
    name: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A recorded simulation: `plot` and the report lie in `folder`."""

    entries: list[Entry]
    verdicts: dict[str, bool]
    folder: Path
    plot: Path
    mlflow_run_id: str
    took_s: float
    decisions: int


def known() -> tuple[str, ...]:
    """The names of all delivery policies."""
    return tuple(delivery_policies())


def simulate(
    settings: Settings,
    clock: Clock,
    plan: Plan,
    cpus: int,
    listener: Callable[[int, int], None] = lambda done, total: None,
) -> Outcome:
    """Run the policies in the same worlds, and record what came out.

    Raises BadRequest for a policy that there is not, Conflict for a name that is taken.
    """
    unknown = sorted(set(plan.policies) - set(known()))
    if unknown:
        raise BadRequest(f"No delivery policy {unknown[0]!r}; there are {', '.join(known())}.")
    name = plan.name or f"delivery-{new_id(clock)[:12]}"
    folder = settings.data_dir.resolve() / "simulations" / name
    if folder.exists():
        raise Conflict(f"There is a simulation {name!r} already: choose another --name.")
    folder.mkdir(parents=True, mode=0o700)
    started = clock.monotonic()
    traces = _run_all(plan, cpus, listener)
    took = clock.monotonic() - started
    entries = [entry(traces[policy]) for policy in plan.policies]
    found = verdicts({one.policy: one for one in entries})
    picture = _write(folder, plan, entries, found)
    run_id = _log(settings, name, plan, entries, found, [picture, folder / REPORT])
    decisions = sum(len(one.spoke) for those in traces.values() for one in those)
    return Outcome(entries, found, folder, picture, run_id, took, decisions)


def scenarios(plan: Plan) -> Iterator[DeliveryScenario]:
    """The worlds of a plan."""
    base = DeliveryScenario(people=plan.people, days=plan.days, budget=plan.budget)
    model = replace(base.receptivity, never=plan.never)
    for number in range(plan.seeds):
        yield replace(base, seed=plan.seed + number, receptivity=model)


def _run_all(plan: Plan, cpus: int, listener: Callable[[int, int], None]) -> dict[str, list[Trace]]:
    jobs = [(policy, world) for policy in plan.policies for world in scenarios(plan)]
    found: dict[tuple[str, int], Trace] = {}
    if cpus == 1:
        for done, (policy, world) in enumerate(jobs, 1):
            found[policy, world.seed] = _one(policy, world)
            listener(done, len(jobs))
    else:
        with ProcessPoolExecutor(cpus, get_context("spawn")) as pool:
            running = {pool.submit(_one, *job): job for job in jobs}
            for done, one in enumerate(as_completed(running), 1):
                policy, world = running[one]
                found[policy, world.seed] = one.result()
                listener(done, len(jobs))
    return {
        policy: [found[policy, world.seed] for world in scenarios(plan)] for policy in plan.policies
    }


def _one(policy: str, world: DeliveryScenario) -> Trace:
    return run(world, delivery_policies()[policy])


def _write(folder: Path, plan: Plan, entries: Sequence[Entry], found: dict[str, bool]) -> Path:
    report = {
        "scenarios": [one.to_dict() for one in scenarios(plan)],
        "policies": [one.to_dict() for one in entries],
        "verdicts": found,
    }
    (folder / REPORT).write_text(json.dumps(report, indent=1))
    picture = folder / "delivery.png"
    seeds = f" × {plan.seeds} seeds" if plan.seeds > 1 else ""
    plot(entries, picture, f"{plan.people} simulated people{seeds}, {plan.days} days, 95% bands")
    return picture


def _log(
    settings: Settings,
    name: str,
    plan: Plan,
    entries: Sequence[Entry],
    found: dict[str, bool],
    files: Sequence[Path],
) -> str:
    parent = tracking_of(settings).start_run(EXPERIMENT, name, {"kind": "delivery"})
    flat = {key: getattr(plan, key) for key in Plan.__dataclass_fields__ if key != "policies"}
    parent.log_params(flat)
    for path in files:
        parent.log_file(path)
    parent.log_metrics({key.replace(" ", "_"): float(held) for key, held in found.items()})
    for one in entries:
        child = parent.child(one.policy)
        child.log_params({"policy": one.policy})
        child.log_curve("reward_by_day", one.reward_by_day.mean.tolist())
        child.log_curve("pushes_by_day", one.pushes_by_day.mean.tolist())
        child.log_metrics(one.metrics())
        child.finish()
    parent.finish()
    return parent.id
