"""Entries of the audit log as pages tell them: who in words, and what it was before and after."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.console import AdminRead
from oo.store.audit import Facts, Link
from oo.store.everyone import names

PERSON = "person:"


async def actors(
    connection: AsyncConnection, by: AdminRead, said: Iterable[str]
) -> Mapping[str, str]:
    """What each of these actors is called: people by their address, others as the log has them."""
    every = set(said)
    ids = [actor.removeprefix(PERSON) for actor in every if actor.startswith(PERSON)]
    found = await names.addresses(connection, by, ids)
    return {actor: found.get(actor.removeprefix(PERSON), actor) for actor in every}


def rows(links: Sequence[Link], called: Mapping[str, str]) -> list[dict[str, Any]]:
    """Rows of a table; `actor` is what the filter takes, `by` what is read."""
    return [
        {
            "id": link.id,
            "at": link.entry.at,
            "actor": link.entry.actor,
            "by": called.get(link.entry.actor, link.entry.actor),
            "action": link.entry.action,
            "whom": link.entry.whom,
            "why": link.entry.why,
            "before": in_words(link.entry.before),
            "after": in_words(link.entry.after),
            "hash": link.hash,
        }
        for link in links
    ]


def in_words(facts: Facts | None) -> str:
    """``name value, name value``; empty where there is nothing."""
    return ", ".join(f"{name} {_told(value)}" for name, value in (facts or {}).items())


def _told(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
