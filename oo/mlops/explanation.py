"""Why a tip was picked: the summands of its score, from the log alone."""

import numpy as np

from ml.features import REGISTRY
from oo.domain.explanations import Explanation
from oo.domain.policies import is_fitted
from oo.kit.errors import NotFound
from oo.mlops.policy_lookup import Finder
from oo.mlops.replay import Replayer
from oo.store import decisions
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
                again = await Replayer(connection, self._find).replay(logged)
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
            words=REGISTRY.words,
        )
