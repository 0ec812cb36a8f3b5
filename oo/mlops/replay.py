"""The operator's proof that models and decisions equal the replay of their log, bit for bit."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.decisions import Logged
from oo.domain.fold import design, fold, posterior_on
from oo.domain.policies import Pick, Policy, PolicyRef, pick
from oo.domain.reactions import Forgotten, check_known
from oo.domain.statistics import Floats, Statistics, day_of
from oo.store import decisions, feedback, models, opinions, users
from oo.store.database import Database

Find = Callable[[AsyncConnection, PolicyRef], Awaitable[Policy]]
ByKey = Callable[[AsyncConnection, str], Awaitable[Policy | None]]


class Report(NamedTuple):
    """What the check found; `different` names person and policy of each model that differs."""

    models: int
    reactions: int
    different: list[str]
    behind: int


async def check_models(db: Database, find: ByKey) -> Report:
    """Fold each stored model's log up to its `applied_seq` and compare the encoded states.

    A model that is behind its log is no difference: what is missing is folded at the next request
    or sweep. One that claims more reactions than the log holds is.
    """
    count = reactions = behind = 0
    different = []
    async with db.read() as connection:
        stored = [model async for model in models.every(connection)]
        newest = await users.sequences(connection)
        keys = {model.policy for model in stored}
        policies = {key: await find(connection, key) for key in keys}
        for model in stored:
            policy = policies[model.policy]
            if policy is None:
                different.append(f"{model.user_id} {model.policy}: no such policy")
                continue
            span = {model.user_id: (0, model.applied_seq)}
            folded = (await feedback.between(connection, span))[model.user_id]
            state = fold(policy, Statistics.empty(policy.dimension), folded).encode()
            numbers = [reaction.user_seq for reaction in folded]
            if state != model.state or numbers != list(range(1, model.applied_seq + 1)):
                different.append(f"{model.user_id} {model.policy} at {model.applied_seq}")
            count += 1
            reactions += len(folded)
            behind += newest[model.user_id] > model.applied_seq
    return Report(count, reactions, different, behind)


class Replayed(NamedTuple):
    """A decision made again: what the policy knew, what it was offered (K, d), what it picked."""

    policy: Policy
    posterior: Any
    x: Floats
    pick: Pick


@dataclass(slots=True)
class Replayer:
    """Makes logged decisions again from the log alone, those of one person after another.

    States are folded on from one decision to the next: ask in the order of `state_seq`.
    """

    connection: AsyncConnection
    find: Find
    _user: str = ""
    _states: dict[PolicyRef, tuple[int, Statistics]] = field(default_factory=dict)

    async def replay(self, logged: Logged) -> Replayed:
        """Raises ValueError when the policy is gone or the log does not reach `state_seq`.

        Forgotten, one of these, when the person has had erased what was learnt.
        """
        if logged.user_id != self._user:
            self._user, self._states = logged.user_id, {}
        policy = await self.find(self.connection, logged.policy)
        seq, statistics = self._states.get(logged.policy, (0, Statistics.empty(policy.dimension)))
        if seq > logged.state_seq:
            seq, statistics = 0, Statistics.empty(policy.dimension)
        span = {logged.user_id: (seq, logged.state_seq)}
        reactions = (await feedback.between(self.connection, span))[logged.user_id]
        if len(reactions) != logged.state_seq - seq:
            raise ValueError(f"the log of {logged.user_id} does not reach {logged.state_seq}")
        check_known(reactions)
        statistics = fold(policy, statistics, reactions)
        self._states[logged.policy] = (logged.state_seq, statistics)
        posterior = posterior_on(policy, statistics, day_of(logged.created_at))
        x = design(policy, logged.features)
        return Replayed(policy, posterior, x, pick(policy, posterior, x, logged.seed))


class DecisionReport(NamedTuple):
    """How many decisions and shadows' opinions were made again, and which came out different."""

    decisions: int
    opinions: int
    different: list[str]


async def check_decisions(db: Database, find: Find) -> DecisionReport:
    """Draw every logged decision again from its seed, and what each shadow said of it.

    Pick, propensities and scores must be the same, bit for bit. One that was made with what its
    person has had erased since is left out.
    """
    different: list[str] = []
    counts = []
    async with db.read() as connection, db.read() as log:
        for logs in (decisions.every(log), opinions.every(log)):
            replayer, count = Replayer(connection, find), 0
            async for logged in logs:
                try:
                    if _result((await replayer.replay(logged)).pick) != (
                        logged.chosen,
                        logged.propensities,
                        logged.scores,
                    ):
                        different.append(f"{logged.id} of {logged.policy}")
                except Forgotten:
                    continue
                except ValueError as error:
                    different.append(f"{logged.id} of {logged.policy}: {error}")
                count += 1
            counts.append(count)
    return DecisionReport(counts[0], counts[1], different)


def _result(found: Pick) -> tuple[int, list[float], list[float]]:
    return found.chosen, found.propensities.tolist(), found.scores.tolist()
