"""The operator's proof that every model equals the fold of its log, bit for bit."""

from collections.abc import Mapping
from typing import NamedTuple

from oo.domain.policy import Policy, Statistics
from oo.recommend.learning import fold
from oo.store import feedback, models, users
from oo.store.database import Database


class Report(NamedTuple):
    """What the check found; `different` names person and policy of each model that differs."""

    models: int
    reactions: int
    different: list[str]
    behind: int


async def check_models(db: Database, policies: Mapping[str, Policy]) -> Report:
    """Fold each stored model's log up to its `applied_seq` and compare the encoded states.

    A model that is behind its log is no difference: what is missing is folded at the next request
    or sweep. One that claims more reactions than the log holds is.
    """
    count = reactions = behind = 0
    different = []
    async with db.read() as connection:
        stored = [model async for model in models.every(connection)]
        newest = await users.sequences(connection)
        for model in stored:
            policy = policies.get(model.policy)
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
