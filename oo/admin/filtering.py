"""From the fields of a page's query to what the store filters by."""

from urllib.parse import urlencode

from oo.admin.query import Query
from oo.domain.console import Choice
from oo.store import users
from oo.store.database import Database


def choices(query: Query, *names: str) -> dict[str, Choice]:
    """The filters of these fields that say something."""
    found: dict[str, Choice] = {}
    for name in names:
        choice = Choice.of(str(getattr(query, name)))
        if choice is not None:
            found[name] = choice
    return found


def carried(query: Query, *names: str, but: str = "") -> str:
    """The time and these filters as the address of another page says them, all `but` one."""
    given = query.given()
    said = {"range": query.span.value}
    said |= {name: given[name] for name in ("since", "until") if name in given}
    said |= {name: given[name] for name in names if name in given and name != but}
    return urlencode(said)


async def with_person(db: Database, asked: str, found: dict[str, Choice]) -> dict[str, Choice]:
    """The filters with that of people, who may be named by their id or their address."""
    choice = Choice.of(asked)
    if choice is None:
        return found
    async with db.read() as connection:
        ids = [
            one
            for name in choice.values
            for one in (await users.ids_of(connection, name) or [name])
        ]
    return {**found, "user": Choice(tuple(ids), choice.excluded)}
