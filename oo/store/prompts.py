"""Which prompt is in force, which one challenges it, since when, by whom and why; and their texts.

Changes are made one transaction after the other, as those of policies are.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.prompts import (
    CHALLENGER,
    IN_FORCE,
    OFF,
    PROPOSED,
    REFUSED,
    ROLLED_BACK,
    Challenger,
    PromptRoles,
)
from oo.store import audit
from oo.store.audit import Entry
from oo.store.shared_tables import prompt_changes, prompt_texts
from oo.store.tables import users

SERVING = {IN_FORCE, ROLLED_BACK, CHALLENGER, OFF}  # changes of what serves somebody


class PromptText(NamedTuple):
    """A version as it was when it was proposed or first challenged."""

    version: str
    family: str
    content_hash: str
    body: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PromptChange:
    """One audited change: `report` is what the search or the gate found."""

    version: str
    role: str
    share: float
    actor: str
    reason: str
    report: dict[str, Any]
    created_at: datetime


async def to_change(connection: AsyncConnection) -> PromptRoles:
    """The roles, which nobody else changes before this writing transaction ends."""
    if connection.dialect.name == "postgresql":  # SQLite has one writer at a time anyway
        await connection.execute(text("LOCK TABLE prompt_changes IN EXCLUSIVE MODE"))
    return await roles(connection)


async def roles(connection: AsyncConnection) -> PromptRoles:
    """The fold of all changes."""
    number, in_force, challenger = 0, list[str](), None
    proposed = dict[str, None]()
    changing = select(prompt_changes).where(prompt_changes.c.role != REFUSED)
    for row in await connection.execute(changing.order_by(prompt_changes.c.id)):
        number = row.id
        if row.role == ROLLED_BACK:
            del in_force[-1:]
        elif row.role == PROPOSED:
            proposed[row.version] = None
        elif row.role == CHALLENGER:
            challenger = Challenger(row.version, row.share)
            proposed.pop(row.version, None)
        elif row.role == OFF:
            challenger = None
        elif row.role == IN_FORCE:
            in_force.append(row.version)
            challenger = None
    return PromptRoles(number, in_force[-1] if in_force else None, challenger, tuple(proposed))


async def history(connection: AsyncConnection) -> list[PromptChange]:
    """Every change, the oldest first."""
    query = select(prompt_changes).order_by(prompt_changes.c.id)
    return [PromptChange(*row[1:]) for row in await connection.execute(query)]


async def record(connection: AsyncConnection, change: PromptChange) -> None:
    """Append a change; the roles must have been read with :func:`to_change`."""
    await connection.execute(
        insert(prompt_changes).values(
            version=change.version,
            role=change.role,
            share=change.share,
            actor=change.actor,
            reason=change.reason,
            report=change.report,
            created_at=change.created_at,
        )
    )
    if change.role in SERVING:
        # pools that another prompt wrote for are no longer good: each is looked at again
        await connection.execute(update(users).values(look_again_at=None))
    actor, whom = f"operator:{change.actor}", f"prompt:{change.version}"
    after = {"share": change.share} if change.share else None
    action = f"prompt.{change.role}"
    entry = Entry(actor, action, whom, change.created_at, change.reason, after=after)
    await audit.append(connection, entry)


async def keep_text(connection: AsyncConnection, kept: PromptText) -> None:
    """Keep what a version says; it must not be there yet."""
    await connection.execute(insert(prompt_texts).values(**kept._asdict()))


async def find_text(connection: AsyncConnection, version: str) -> PromptText | None:
    """What a version said when it was kept."""
    query = select(prompt_texts).where(prompt_texts.c.version == version)
    row = (await connection.execute(query)).first()
    return PromptText(*row) if row else None


async def texts(connection: AsyncConnection) -> list[PromptText]:
    """All that are kept, the oldest first."""
    query = select(prompt_texts).order_by(prompt_texts.c.created_at, prompt_texts.c.version)
    return [PromptText(*row) for row in await connection.execute(query)]


async def given_to(connection: AsyncConnection, user_id: str) -> str:
    """The text of the prompt that writes for a person; empty: the alias's own."""
    version = (await roles(connection)).given_to(user_id)
    kept = None if version is None else await find_text(connection, version)
    return kept.body if kept else ""
