"""Rows of identities: who a provider says that somebody is."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store.tables import identities, spent_attempts
from oo.store.upsert import insert_into


class IdentityRow(NamedTuple):
    """An identity as stored."""

    issuer: str
    subject: str
    user_id: str
    email: str
    email_verified: bool
    mail_refused_at: datetime | None
    added_at: datetime
    used_at: datetime


_COLUMNS = [identities.c[name] for name in IdentityRow._fields]


async def find(connection: AsyncConnection, issuer: str, subject: str) -> IdentityRow | None:
    """The identity, whoever's it is."""
    query = select(*_COLUMNS).where(identities.c.issuer == issuer, identities.c.subject == subject)
    row = (await connection.execute(query)).first()
    return IdentityRow(*row) if row else None


async def add(connection: AsyncConnection, row: IdentityRow) -> bool:
    """Store an identity; false when it is somebody's already."""
    insert = insert_into(connection, identities).values(**row._asdict())
    added = await connection.execute(
        insert.on_conflict_do_nothing(index_elements=[identities.c.issuer, identities.c.subject])
    )
    return added.rowcount == 1


async def list_for(connection: AsyncConnection, user_id: str) -> list[IdentityRow]:
    """The person's identities, the first one first."""
    query = (
        select(*_COLUMNS)
        .where(identities.c.user_id == user_id)
        .order_by(identities.c.added_at, identities.c.issuer, identities.c.subject)
    )
    return [IdentityRow(*row) for row in await connection.execute(query)]


async def note_use(connection: AsyncConnection, user_id: str, row: IdentityRow) -> None:
    """Keep that it has just signed in, and what its provider says of its address now."""
    told = {"email": row.email, "email_verified": row.email_verified} if row.email else {}
    await connection.execute(
        update(identities)
        .where(
            identities.c.user_id == user_id,
            identities.c.issuer == row.issuer,
            identities.c.subject == row.subject,
        )
        .values(used_at=row.used_at, **told)
    )


async def refuse_mail(
    connection: AsyncConnection, row: IdentityRow, since: datetime | None
) -> None:
    """Keep since when the provider forwards no mail; None: it does."""
    await connection.execute(
        update(identities)
        .where(
            identities.c.user_id == row.user_id,
            identities.c.issuer == row.issuer,
            identities.c.subject == row.subject,
        )
        .values(mail_refused_at=since)
    )


async def remove(connection: AsyncConnection, row: IdentityRow) -> None:
    """Take an identity from its person."""
    await connection.execute(
        delete(identities).where(
            identities.c.user_id == row.user_id,
            identities.c.issuer == row.issuer,
            identities.c.subject == row.subject,
        )
    )


async def adopt(connection: AsyncConnection, name: str, issuer: str) -> None:
    """Give identities of before, which were kept under a provider's name, its issuer."""
    taken = select(identities.c.subject).where(identities.c.issuer == issuer)
    await connection.execute(
        update(identities)
        .where(identities.c.issuer == name, identities.c.subject.not_in(taken.scalar_subquery()))
        .values(issuer=issuer)
    )


async def spend(
    connection: AsyncConnection, attempt_hash: str, now: datetime, expires_at: datetime
) -> bool:
    """Use up an attempt: true for exactly one caller. Those that ran out are forgotten."""
    await connection.execute(delete(spent_attempts).where(spent_attempts.c.expires_at <= now))
    insert = insert_into(connection, spent_attempts).values(
        attempt_hash=attempt_hash, expires_at=expires_at
    )
    spent = await connection.execute(
        insert.on_conflict_do_nothing(index_elements=[spent_attempts.c.attempt_hash])
    )
    return spent.rowcount == 1
