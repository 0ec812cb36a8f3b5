"""Signal kinds and consent: connecting a source implies what it tells, a refusal stays one."""

from datetime import datetime

from oo.domain.consents import of_kind
from oo.domain.signals import Manifest, all_kinds
from oo.kit.errors import Conflict
from oo.store import consents
from oo.store.database import Database, Hot


async def imply_kinds(connection: Hot, user_id: str, manifest: Manifest, now: datetime) -> None:
    """Record that whoever connects a source allows the kinds that its page names."""
    names = [of_kind(kind) for kind in manifest.kinds]
    await consents.imply(connection, user_id, names, now, f"connect {manifest.name}")


async def check_allowed(db: Database, user_id: str, manifest: Manifest) -> None:
    """Raise Conflict when the person allows none of the kinds that the source tells."""
    async with db.read() as connection:
        refused = await consents.refused_kinds(connection, user_id)
    if refused.issuperset(manifest.kinds):
        kinds = " and ".join(all_kinds()[kind].plural for kind in manifest.kinds)
        raise Conflict(f"You do not allow oO to keep {kinds}. Change that under Your data first.")
