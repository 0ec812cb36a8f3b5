"""The retraining pipeline (F12): fit to everybody who agreed, measure, register, and stop.

Nothing is put in force here: what comes out is a version that may be shadowed and promoted.
"""

import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from ml.tracking import Registered, Tracking
from ml.training.held_out import Prediction, held_out
from oo.domain.policies import Experience, Policy, PolicyRef, Trainable, ref_of
from oo.domain.statistics import day_of
from oo.kit.errors import BadRequest
from oo.mlops.policy_lookup import by_name
from oo.store import policies, pooled_log
from oo.store.database import Database
from oo.store.policies import Parameters
from oo.store.pooled_log import Learnt

EXPERIMENT = "retraining"
LEAST_PEOPLE = 20  # a fit on fewer costs people who are new more than it gives


class Retrained(NamedTuple):
    """A fitted version: how many people and reactions it learnt from, and how well it predicts.

    `registered` is None when exactly these parameters were there before.
    """

    policy: PolicyRef
    people: int
    reactions: int
    prediction: Prediction | None
    registered: Registered | None


async def retrain(db: Database, tracking: Tracking, name: str, now: datetime) -> Retrained:
    """Fit `name` anew; raises BadRequest when it has no parameters or too few people agreed."""
    policy = by_name(name)
    if not isinstance(policy, Trainable):
        raise BadRequest(f"{name} has no parameters to fit.")
    async with db.read() as connection:
        people = _experience(await pooled_log.pooled(connection))
    if len(people) < LEAST_PEOPLE:
        raise BadRequest(
            f"Only {len(people)} people have agreed to pooling and reacted; at least"
            f" {LEAST_PEOPLE} are needed. People agree on their connect page."
        )
    fitted = policy.fit(people)
    prediction = _prediction(policy, people)
    reactions = sum(len(seen) for seen in people.values())
    found = Retrained(ref_of(fitted), len(people), reactions, prediction, None)
    async with db.read() as connection:
        if await policies.parameters(connection, found.policy) is not None:
            return found
    registered = _register(tracking, fitted, found)
    async with db.write() as connection:
        report = {**_figures(found), "mlflow_run": registered.run_id}
        data = _data(fitted)
        await policies.keep_parameters(connection, Parameters(found.policy, data, report, now))
    return found._replace(registered=registered)


def _experience(people: Mapping[str, Sequence[Learnt]]) -> dict[str, list[Experience]]:
    return {
        user: [Experience(one.features, one.reward, day_of(one.learned_at)) for one in seen]
        for user, seen in people.items()
    }


def _prediction(policy: Policy, people: Mapping[str, Sequence[Experience]]) -> Prediction | None:
    try:
        return held_out(policy, people)
    except ValueError:  # too little to hold something out; the gate will want more anyway
        return None


def _data(policy: Policy) -> bytes:
    assert isinstance(policy, Trainable)  # noqa: S101 - fit() of one gives another
    return policy.parameters()


def _figures(found: Retrained) -> dict[str, Any]:
    figures: dict[str, Any] = {"people": found.people, "reactions": found.reactions}
    if found.prediction:
        figures |= {f"rmse_{key}": value for key, value in found.prediction._asdict().items()}
    return figures


def _register(tracking: Tracking, fitted: Policy, found: Retrained) -> Registered:
    run = tracking.start_run(EXPERIMENT, str(found.policy), {"policy": found.policy.name})
    try:
        run.log_params({"policy": found.policy.name, "version": found.policy.version})
        run.log_metrics(_figures(found))
        run.log_text(_card(fitted, found), "model/card.md")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "parameters.bin"
            path.write_bytes(_data(fitted))
            run.log_file(path, "model")
        registered = tracking.register(
            found.policy.name, run, "model", {"version": found.policy.version}
        )
    except BaseException:
        run.finish("FAILED")
        raise
    run.finish()
    return registered


def _card(fitted: Policy, found: Retrained) -> str:
    lines = [
        f"# {found.policy}",
        "",
        f"Fitted to {found.reactions} reactions of {found.people} people who agreed to pooling.",
        "People who take the agreement back or leave are not in the next fit, which starts anew.",
        "",
    ]
    if found.prediction:
        p = found.prediction
        lines += [
            f"Root mean squared error on the last fifth of each person's reactions ({p.n}):",
            f"fitted {p.fitted:.3f}, before the fit {p.unfitted:.3f}, a constant {p.constant:.3f}.",
            "",
        ]
    lines += ["Features: " + ", ".join(fitted.features) + "."]
    return "\n".join(lines) + "\n"
