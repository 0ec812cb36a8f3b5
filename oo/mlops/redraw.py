"""One logged decision made again from the log alone, for whoever wants to see that it holds."""

from typing import NamedTuple

from oo.kit.errors import NotFound
from oo.mlops.policy_lookup import find
from oo.mlops.replay import Replayer
from oo.store import decisions
from oo.store.database import Database


class Redrawn(NamedTuple):
    """What came out: `same` if pick, propensities and scores are those of the log, bit for bit.

    `why_not` says why it could not be made again; `chosen` is then -1.
    """

    same: bool
    chosen: int
    propensities: list[float]
    scores: list[float]
    why_not: str = ""


async def redraw(db: Database, tip_id: str) -> Redrawn:
    """Fold the person's log up to the decision and draw from its seed; raises NotFound."""
    async with db.read() as connection:
        logged = await decisions.find(connection, tip_id)
        if logged is None:
            raise NotFound("There is no such tip.")
        try:
            picked = (await Replayer(connection, find).replay(logged)).pick
        except ValueError as error:
            return Redrawn(False, -1, [], [], f"{error}")
    found = picked.chosen, picked.propensities.tolist(), picked.scores.tolist()
    same = found == (logged.chosen, logged.propensities, logged.scores)
    return Redrawn(same, *found)
