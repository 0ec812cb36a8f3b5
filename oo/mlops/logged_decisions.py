"""From the store's decision log to what `ml.ope` evaluates: logs, replayed policies, labels."""

from datetime import datetime

import numpy as np

from ml.ope.decision_log import DecisionLog, features_of, replay_person
from ml.ope.feedback import Floats, pad
from ml.ope.reward_window import is_settled, within_a_day
from oo.domain.policies import Policy
from oo.kit.errors import OoError
from oo.store import decisions, feedback
from oo.store.database import Database

PEOPLE_PER_READ = 50


class NothingLogged(OoError):
    """There is nothing to evaluate; `unsettled` counts the decisions that are too young for it."""

    code, title = "nothing_logged", "There is nothing to evaluate"

    def __init__(self, logged: int, unsettled: int) -> None:
        why = ", none that is settled has a reaction" if logged > unsettled else ""
        young = f"; wait: {unsettled} decisions are younger than a day" if unsettled else ""
        super().__init__(
            f"There is nothing to evaluate: {logged} decisions are logged{why}{young}."
        )
        self.unsettled = unsettled


async def read_log(
    db: Database,
    now: datetime,
    since: datetime | None = None,
    missing_reward: float | None = None,
    *,
    unsettled: bool = False,
) -> DecisionLog:
    """The log from `since` on, as far as it is settled, or all of it with `unsettled`.

    A decision without a reward is left out, or has `missing_reward` when that is given. Raises
    NothingLogged when nothing is left.
    """
    async with db.read() as connection:
        logged = [decision async for decision in decisions.with_outcomes(connection, since)]
    found = [within_a_day(one, now) for one in logged if unsettled or is_settled(one, now)]
    kept = [one for one in found if one.reward is not None or missing_reward is not None]
    if not kept:
        raise NothingLogged(len(logged), len(logged) - len(found))
    rewards = [missing_reward if one.reward is None else one.reward for one in kept]
    return DecisionLog(
        kept,
        np.array(rewards, np.float64),
        pad([one.propensities for one in kept]),
        features_of(kept),
        len(found) - len(kept),
        len(logged) - len(found),
    )


async def replay(db: Database, policy: Policy, log: DecisionLog) -> Floats:
    """The propensities (n, K) with which `policy` would have chosen in each logged decision.

    Each sees the person's statistics as they were: folded up to the logged `state_seq`, faded to
    the day, drawn with the logged seed. It is the value of taking over one decision at a time, not
    of having decided, and been taught, all along.
    """
    by_person: dict[str, list[int]] = {}
    for row, decision in enumerate(log.decisions):
        by_person.setdefault(decision.user_id, []).append(row)
    table = np.zeros_like(log.logging)
    people = list(by_person)
    async with db.read() as connection:
        for start in range(0, len(people), PEOPLE_PER_READ):
            part = people[start : start + PEOPLE_PER_READ]
            spans = {
                person: (0, max(log.decisions[row].state_seq for row in by_person[person]))
                for person in part
            }
            reactions = await feedback.between(connection, spans)
            for person in part:
                rows = by_person[person]
                decisions = [log.decisions[row] for row in rows]
                for row, chances in zip(
                    rows, replay_person(policy, decisions, reactions[person]), strict=True
                ):
                    table[row, : len(chances)] = chances
    return table
