"""Why a tip was picked: the summands of its score, from the log alone."""

from typing import NamedTuple

import numpy as np

from oo.domain.policy import Contribution, is_fitted
from oo.kit.errors import NotFound
from oo.recommend.replay import Find, Replayer
from oo.store import logged as logged_decisions
from oo.store.database import Database
from oo.store.logged import Logged


class Explanation(NamedTuple):
    """Why the shown candidate was picked among K.

    `contributions` add up to `expected`, the reward that the policy expected of it, of which
    `pooled` is what all people have in common and `personal` how this person differs. `fitted`
    tells whether other people's reactions went into that; `rank` counts from 1 by score.
    """

    decision: Logged
    contributions: tuple[Contribution, ...]
    expected: float
    pooled: float
    personal: float
    propensity: float
    fitted: bool
    rank: int
    out_of: int


async def explain(db: Database, find: Find, tip_id: str, user_id: str | None = None) -> Explanation:
    """Explain a tip; with `user_id`, only if it is that person's.

    Raises NotFound for a tip that there is not, or whose policy or log is gone.
    """
    async with db.read() as connection:
        logged = await logged_decisions.find(connection, tip_id, user_id)
        if logged is None:
            raise NotFound("There is no such tip.")
        try:
            again = await Replayer(connection, find).replay(logged)
        except ValueError as error:
            raise NotFound(f"This decision can no longer be explained: {error}.") from error
    parts = again.policy.explain(again.posterior, again.x[logged.chosen])
    ordered = sorted(parts, key=lambda part: -abs(part.amount))
    return Explanation(
        decision=logged,
        contributions=tuple(ordered),
        expected=sum(part.amount for part in parts),
        pooled=sum(part.value * part.pooled for part in parts),
        personal=sum(part.value * part.personal for part in parts),
        propensity=logged.propensities[logged.chosen],
        fitted=is_fitted(again.policy),
        rank=1 + int(np.sum(np.array(logged.scores) > logged.scores[logged.chosen])),
        out_of=len(logged.scores),
    )
