"""Erasing a person's past: the tips that they were shown, or what was learnt from them."""

import hashlib
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.reactions import FORGOTTEN, FRESH_START, Reaction
from oo.domain.statistics import Statistics
from oo.store import feedback as log
from oo.store import hour_notes, users, writings
from oo.store.tables import candidates, feedback, profiles, tip_scores, user_models
from oo.store.tables import users as users_table


async def forget_tips(connection: AsyncConnection, user_id: str, now: datetime) -> None:
    """Erase the person's candidates and decisions, and what was made from them for show.

    Reactions stay, with the numbers that models are folds of.
    """
    await writings.forget(connection, user_id)
    await hour_notes.note_person(connection, user_id)
    for table in (candidates, tip_scores, profiles):
        await connection.execute(delete(table).where(table.c.user_id == user_id))
    await users.note_change(connection, user_id, now)


async def forget_learnt(connection: AsyncConnection, user_id: str, now: datetime) -> None:
    """Erase what was learnt of the person and the numbers that it was learnt from.

    The log keeps its numbering: each reaction becomes an empty row, and one more says that the
    fold begins anew, so that every holder of a state follows as it follows any reaction.
    """
    f, m = feedback.c, user_models.c
    await connection.execute(delete(profiles).where(profiles.c.user_id == user_id))
    await hour_notes.note_person(connection, user_id)
    nothing = {"action": FORGOTTEN, "dwell_ms": 0, "reward": 0.0, "replaces": None}
    await connection.execute(
        update(feedback).where(f.user_id == user_id).values(**nothing, late=True, features={})
    )
    query = select(users_table.c.user_seq).where(users_table.c.id == user_id)
    seq = (await connection.execute(query)).scalar_one() + 1
    await log.append(connection, [_fresh_start(user_id, seq, now)])
    # at the new number, so that whoever still holds an older state cannot write it over this
    states = await connection.execute(select(m.policy, m.state).where(m.user_id == user_id))
    for row in states.all():
        empty = Statistics.empty(len(Statistics.decode(row.state).b))
        await connection.execute(
            update(user_models)
            .where(m.user_id == user_id, m.policy == row.policy)
            .values(state=empty.encode(), applied_seq=seq, updated_at=now)
        )


def _fresh_start(user_id: str, seq: int, now: datetime) -> Reaction:
    return Reaction(
        user_id=user_id,
        user_seq=seq,
        tip_id=hashlib.sha256(f"{FRESH_START}:{user_id}:{seq}".encode()).hexdigest()[:32],
        action=FRESH_START,
        dwell_ms=0,
        reward=0.0,
        late=True,
        features={},
        # people choose the keys of their own reactions; no key of theirs can hold this
        idempotency_key=f"\x1f{FRESH_START}:{seq}",
        created_at=now,
        learned_at=now,
    )
