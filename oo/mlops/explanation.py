"""Why a tip was picked: the summands of its score, from the log alone."""

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from ml.features import REGISTRY
from oo.domain.decisions import Logged
from oo.domain.explanations import Explanation
from oo.domain.fold import design, fold, posterior_on, unfold
from oo.domain.policies import Policy, is_fitted
from oo.domain.reactions import check_known
from oo.domain.statistics import Statistics, day_of
from oo.kit.errors import NotFound
from oo.mlops.policy_lookup import Finder
from oo.store import decisions, feedback, models
from oo.store.database import Database


class Explainer:
    """Explains what one process is asked about; finds each policy once."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._find = Finder().find

    async def explain(self, tip_id: str, user_id: str | None = None) -> Explanation:
        """Explain a tip; with `user_id`, only if it is that person's.

        Raises NotFound for a tip that there is not, or whose policy or log is gone.
        """
        async with self._db.read() as connection:
            logged = await decisions.find(connection, tip_id, user_id)
            if logged is None:
                raise NotFound("There is no such tip.")
            try:
                policy = await self._find(connection, logged.policy)
                statistics = await _state_then(connection, policy, logged)
            except ValueError as error:
                raise NotFound(f"This decision can no longer be explained: {error}.") from error
        posterior = posterior_on(policy, statistics, day_of(logged.created_at))
        parts = policy.explain(posterior, design(policy, logged.features)[logged.chosen])
        ordered = sorted(parts, key=lambda part: -abs(part.amount))
        return Explanation(
            decision=logged,
            contributions=tuple(ordered),
            expected=sum(part.amount for part in parts),
            pooled=sum(part.value * part.pooled for part in parts),
            personal=sum(part.value * part.personal for part in parts),
            propensity=logged.propensities[logged.chosen],
            fitted=is_fitted(policy),
            rank=1 + int(np.sum(np.array(logged.scores) > logged.scores[logged.chosen])),
            out_of=len(logged.scores),
            words=REGISTRY.words,
        )


async def _state_then(connection: AsyncConnection, policy: Policy, logged: Logged) -> Statistics:
    """What the policy knew of the person, by way of the stored state where that is nearer.

    Raises ValueError when the log does not reach as far.
    """
    user_id, then = logged.user_id, logged.state_seq
    stored = (await models.load(connection, [user_id], policy.state_key)).get(user_id)
    state, at = Statistics.empty(policy.dimension), 0
    if stored is not None and abs(stored.applied_seq - then) < then:
        state, at = Statistics.decode(stored.state), stored.applied_seq
    span = (min(at, then), max(at, then))
    reactions = (await feedback.between(connection, {user_id: span}))[user_id]
    if len(reactions) != span[1] - span[0]:
        raise ValueError(f"the log of {user_id} does not reach {span[1]}")
    if at < then:
        check_known(reactions)
    return (fold if at < then else unfold)(policy, state, reactions)
