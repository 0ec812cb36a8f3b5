"""What commands share: where they print, and how they reach the store."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from rich.console import Console

from deployments import local
from oo.kit.settings import Settings
from oo.store.database import Database

T = TypeVar("T")

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def with_store(settings: Settings, work: Callable[[Database], Awaitable[T]]) -> T:
    """Run `work` on the store, which is brought to this release's shape first."""
    local.prepare_store(settings)  # a command may be the first thing that runs here

    async def run() -> T:
        db = Database(settings.store_url)
        try:
            return await work(db)
        finally:
            await db.close()

    return asyncio.run(run())
