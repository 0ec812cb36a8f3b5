"""Rows of passkeys and of the challenges that they answer."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store.tables import passkey_challenges, passkeys, users
from oo.store.upsert import insert_into


class PasskeyRow(NamedTuple):
    """A passkey as stored: the public half, and how often its holder says to have used it."""

    id: str
    user_id: str
    credential_id: bytes
    public_key: bytes
    sign_count: int
    name: str
    created_at: datetime
    used_at: datetime | None


async def add(connection: AsyncConnection, row: PasskeyRow) -> bool:
    """Store a passkey that was just made; false where there is one of its id already."""
    added = await connection.execute(
        insert_into(connection, passkeys)
        .values(**row._asdict())
        .on_conflict_do_nothing(index_elements=[passkeys.c.credential_id])
    )
    return added.rowcount == 1


async def find(connection: AsyncConnection, credential_id: bytes) -> PasskeyRow | None:
    """The passkey of this id, unless its person is deleted."""
    row = (
        await connection.execute(
            select(passkeys)
            .join(users, users.c.id == passkeys.c.user_id)
            .where(passkeys.c.credential_id == credential_id, users.c.deleted_at.is_(None))
        )
    ).first()
    return PasskeyRow(*row) if row else None


async def list_for(connection: AsyncConnection, user_id: str) -> list[PasskeyRow]:
    """The person's passkeys, oldest first."""
    rows = await connection.execute(
        select(passkeys)
        .where(passkeys.c.user_id == user_id)
        .order_by(passkeys.c.created_at, passkeys.c.id)
    )
    return [PasskeyRow(*row) for row in rows]


async def note_use(
    connection: AsyncConnection, user_id: str, passkey_id: str, sign_count: int, now: datetime
) -> bool:
    """Keep a use of the passkey; false where its counter has been as far before."""
    p = passkeys.c
    kept = await connection.execute(
        update(passkeys)
        .where(
            p.user_id == user_id,
            p.id == passkey_id,
            or_(p.sign_count < sign_count, (p.sign_count == 0) & (sign_count == 0)),
        )
        .values(sign_count=sign_count, used_at=now)
    )
    return kept.rowcount == 1


async def rename(connection: AsyncConnection, user_id: str, passkey_id: str, name: str) -> bool:
    """Name one of the person's passkeys; whether there was one."""
    named = await connection.execute(
        update(passkeys)
        .where(passkeys.c.user_id == user_id, passkeys.c.id == passkey_id)
        .values(name=name)
    )
    return named.rowcount == 1


async def remove(connection: AsyncConnection, user_id: str, passkey_id: str) -> bool:
    """Delete one of the person's passkeys; whether there was one."""
    gone = await connection.execute(
        delete(passkeys).where(passkeys.c.user_id == user_id, passkeys.c.id == passkey_id)
    )
    return gone.rowcount == 1


async def add_challenge(
    connection: AsyncConnection,
    challenge_hash: str,
    session_hash: str,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Store a challenge that was just made and forget those that ran out."""
    await connection.execute(
        delete(passkey_challenges).where(passkey_challenges.c.expires_at <= now)
    )
    await connection.execute(
        insert(passkey_challenges).values(
            challenge_hash=challenge_hash, session_hash=session_hash, expires_at=expires_at
        )
    )


async def use_challenge(
    connection: AsyncConnection, challenge_hash: str, session_hash: str, now: datetime
) -> bool:
    """Use up the challenge, whoever asks; whether it was live and made for this session."""
    c = passkey_challenges.c
    found = (
        await connection.execute(
            delete(passkey_challenges)
            .where(c.challenge_hash == challenge_hash)
            .returning(c.session_hash, c.expires_at)
        )
    ).first()
    return found is not None and found.session_hash == session_hash and found.expires_at > now
