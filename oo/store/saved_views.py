"""Views of the console under a name: an address with its filters, for everybody who may see it."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store.console_tables import saved_views

MOST = 200


class SavedView(NamedTuple):
    """One view: which page, under which name, at which address; saved by whom and when."""

    id: str
    page: str
    name: str
    address: str
    actor: str
    created_at: datetime


_v = saved_views.c
_EVERY = select(*(_v[name] for name in SavedView._fields)).order_by(_v.page, _v.name, _v.id)


async def every(connection: AsyncConnection) -> list[SavedView]:
    """All views, by page and name."""
    return [SavedView(*row) for row in await connection.execute(_EVERY)]


async def of_page(connection: AsyncConnection, page: str) -> list[SavedView]:
    """The views of one page, by name."""
    return [SavedView(*row) for row in await connection.execute(_EVERY.where(_v.page == page))]


async def get(connection: AsyncConnection, view_id: str) -> SavedView | None:
    """The view with this id."""
    row = (await connection.execute(_EVERY.where(_v.id == view_id))).first()
    return SavedView(*row) if row else None


async def add(connection: AsyncConnection, view: SavedView) -> bool:
    """Keep the view, in the place of one of that page and name; whether there was room for it."""
    same = (_v.page == view.page, func.lower(_v.name) == view.name.lower())
    await connection.execute(delete(saved_views).where(*same))
    count = (await connection.execute(select(func.count()).select_from(saved_views))).scalar_one()
    if count >= MOST:
        return False
    await connection.execute(insert(saved_views).values(view._asdict()))
    return True


async def remove(connection: AsyncConnection, view_id: str) -> None:
    """Forget the view."""
    await connection.execute(delete(saved_views).where(_v.id == view_id))
