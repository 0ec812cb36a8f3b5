"""What tips say to a person, for whoever may read it; nothing else reads texts by itself."""

from collections.abc import Collection

from oo.store import candidates, decisions
from oo.store.database import Database


async def of_tip(db: Database, user_id: str, tip_id: str) -> str | None:
    """What the tip says; empty once its words are erased, None for no tip of this person."""
    async with db.read() as connection:
        found = await decisions.find(connection, tip_id, user_id)
    return found.content if found else None


async def of_candidates(
    db: Database, user_id: str, candidate_ids: Collection[str]
) -> dict[str, str]:
    """What those of the person's candidates say that are still kept."""
    async with db.read() as connection:
        return await candidates.contents(connection, user_id, candidate_ids)
