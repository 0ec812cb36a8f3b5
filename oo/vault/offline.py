"""The store for programs that have no event loop of their own: commands and simulations."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from oo.kit.settings import Settings

if TYPE_CHECKING:
    from oo.store.database import Database

T = TypeVar("T")

# the help of a command needs this module and no store, which takes a second to import


def prepare_store(settings: Settings) -> None:
    """Make the data folder if there is none and migrate the store."""
    from oo.store.failures import usable_store

    with usable_store(_name(settings)):
        settings.data_dir.resolve().mkdir(parents=True, exist_ok=True, mode=0o700)
        _run(settings, lambda db: _prepare(db, settings))


async def _prepare(db: "Database", settings: Settings) -> None:
    from oo.store import identities
    from oo.store.migrate import migrate

    await migrate(db)
    async with db.write() as connection:
        for name, provider in settings.oidc.items():
            if provider.issuer:
                await identities.adopt(connection, name, provider.issuer)


def with_store(settings: Settings, work: Callable[["Database"], Awaitable[T]]) -> T:
    """Run `work` on the store, which is brought to this release's shape first."""
    prepare_store(settings)  # whoever calls may be the first thing that runs here
    return _run(settings, work)


def _name(settings: Settings) -> str:
    from sqlalchemy.engine import make_url

    url = make_url(settings.store_url)
    return f"The store {url.render_as_string(hide_password=True)}"


def _run(settings: Settings, work: Callable[["Database"], Awaitable[T]]) -> T:
    from oo.store.database import Database
    from oo.vault.service import Vault

    async def run() -> T:
        db = Database(settings.store_url, Vault.of(settings))
        try:
            return await work(db)
        finally:
            await db.close()

    return asyncio.run(run())
