"""The store for programs that have no event loop of their own: commands and simulations."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.engine import make_url

from oo.kit.settings import Settings
from oo.store import identities
from oo.store.database import Database
from oo.store.failures import usable_store
from oo.store.migrate import migrate
from oo.vault.service import Vault

T = TypeVar("T")


def prepare_store(settings: Settings) -> None:
    """Make the data folder if there is none and migrate the store."""
    with usable_store(_name(settings)):
        settings.data_dir.resolve().mkdir(parents=True, exist_ok=True, mode=0o700)
        _run(settings, lambda db: _prepare(db, settings))


async def _prepare(db: Database, settings: Settings) -> None:
    await migrate(db)
    async with db.write() as connection:
        for name, provider in settings.oidc.items():
            if provider.issuer:
                await identities.adopt(connection, name, provider.issuer)


def with_store(settings: Settings, work: Callable[[Database], Awaitable[T]]) -> T:
    """Run `work` on the store, which is brought to this release's shape first."""
    prepare_store(settings)  # whoever calls may be the first thing that runs here
    return _run(settings, work)


def _name(settings: Settings) -> str:
    url = make_url(settings.store_url)
    return f"The store {url.render_as_string(hide_password=True)}"


def _run(settings: Settings, work: Callable[[Database], Awaitable[T]]) -> T:
    async def run() -> T:
        db = Database(settings.store_url, Vault.of(settings))
        try:
            return await work(db)
        finally:
            await db.close()

    return asyncio.run(run())
