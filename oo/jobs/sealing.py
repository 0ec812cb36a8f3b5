"""Sealing whatever of people's words is in the clear, all tables, a page at a time."""

import logging

from oo.store.database import Database
from oo.store.resealing import Page, seal_page, sealed_tables, tidy

log = logging.getLogger(__name__)


async def seal_words(db: Database, *, whole: bool = False) -> int:
    """Seal what an earlier release left in the clear; how many rows.

    Each page is a transaction of its own, so that requests come in between. With `whole` the file
    of SQLite is made anew afterwards, so that no page that is free has words of before.
    """
    total = 0
    for table in sealed_tables():
        page = Page(0, ())
        after = None
        count = 0
        while page.last is not None:
            page = await seal_page(db, table, after)
            after = page.last
            count += page.sealed
        if count:
            log.info("sealed the words of %d rows of %s", count, table.name)
        total += count
    if total or whole:
        await tidy(db, whole=whole)
    return total
