"""The contract of a category of stored data: one file in `oo/store/categories`, as ``CATEGORY``.

Every table belongs to one category or is excluded there with a reason; a contract test holds it.
Retention, the data page, the export and the import work with whatever categories there are.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Column, Table, func, null, select
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.kit.plugins import discover
from oo.kit.setting_groups import Retention
from oo.store.sealing import SEALED
from oo.store.tables import metadata, users

# tables that hold nothing about a person, and why that is so
EXCLUDED: Mapping[str, str] = {
    "audit": "who did what; people are numbers in it, and nobody may alter it",
    "login_links": "a link names nobody; it ends within minutes",
    "spent_attempts": "hashes of answers that signed in; they end within minutes",
    "passkey_challenges": "random numbers, once; they end within minutes",
    "admin_requests": "hashes of keys of requests; they end within a day",
    "saved_views": "addresses of pages that admins share",
    "machine_tokens": "hashes of tokens of programs",
    "vapid_keys": "what signs pushes, sealed; they are the operator's",
    "erasures": "under a hash of who was erased: how many rows went, and when",
    "event_consumers": "how far the readers of events are",
    "fill_batches": "when a nightly batch began and ended",
    "policy_parameters": "sums over many people's reactions; refitted without who is erased",
    "policy_changes": "what operators did",
    "hourly_tips": "counts of an hour, made anew without who is erased",
    "hourly_actions": "counts of an hour, made anew without who is erased",
    "hourly_returns": "counts of an hour, made anew without who is erased",
    "daily_arrivals": "counts of a day, made anew without who is erased",
    "hours_to_count": "instants; they end within a minute",
    "hourly_state": "how far counting is",
    "delivery_priors": "sums over many people's reactions; refitted without who is erased",
    "prompt_texts": "texts of this software",
    "prompt_changes": "what operators did",
    "adapter_changes": "what operators did",
    "sim_runs": "simulated people",
    "sim_events": "simulated people",
}

Purge = Callable[[AsyncConnection, datetime, Retention], Awaitable[int]]
"""Deletes some of what is too old at that instant; how many rows."""

Erase = Callable[[AsyncConnection, str, datetime], Awaitable[None]]
"""Erases the category of a person who is locked alone."""


@dataclass(frozen=True, slots=True)
class Held:
    """A table of a category.

    `at` names the column that tells how old a row is. `withheld` are columns that no export has,
    each with the reason; a row of a table that does not `return` is not imported either.
    """

    table: Table
    at: str | None = None
    withheld: Mapping[str, str] = field(default_factory=dict)
    returns: bool = True

    @property
    def name(self) -> str:
        """The name of the table."""
        return f"{self.table.name}"

    @property
    def columns(self) -> "list[Column[Any]]":
        """What a row tells: its words are told by their columns, not by the blob that has them."""
        return [column for column in self.table.columns if column.name != SEALED]

    @property
    def person(self) -> "Column[str]":
        """The column that says whose row it is."""
        return self.table.c.id if self.table is users else self.table.c.user_id


@dataclass(frozen=True, slots=True)
class Category:
    """What is kept for one reason and until one end.

    `kept` says until when, as a person is told it; `purges` see to it. `erase` is there where the
    person may erase this category alone; `erased` then says what follows.
    """

    name: str
    title: str
    words: str
    holds: tuple[Held, ...]
    kept: Callable[[Retention], str]
    purges: tuple[Purge, ...] = ()
    erase: Erase | None = None
    erased: str = ""


class Amount(NamedTuple):
    """How much of a category is kept of a person, and how old the oldest and newest of it are."""

    rows: int
    oldest: datetime | None
    newest: datetime | None


@cache
def categories() -> Mapping[str, Category]:
    """All categories by name; raises BrokenPlugin for a file that cannot be loaded."""
    import oo.store.categories  # its files import this one

    return discover(oo.store.categories, "CATEGORY", Category)


def held_in_order() -> list[Held]:
    """The tables of all categories, each after those that it refers to."""
    by_name = {held.name: held for one in categories().values() for held in one.holds}
    return [by_name[table.name] for table in metadata.sorted_tables if table.name in by_name]


async def amount(connection: AsyncConnection, category: Category, user_id: str) -> Amount:
    """How much of the category is kept of the person."""
    found = [await _amount(connection, held, user_id) for held in category.holds]
    return Amount(
        sum(one.rows for one in found),
        min((one.oldest for one in found if one.oldest is not None), default=None),
        max((one.newest for one in found if one.newest is not None), default=None),
    )


async def _amount(connection: AsyncConnection, held: Held, user_id: str) -> Amount:
    at = null() if held.at is None else held.table.c[held.at]
    query = select(func.count(held.person), func.min(at), func.max(at))
    row = (await connection.execute(query.where(held.person == user_id))).one()
    return Amount(row[0], row[1], row[2])


def days(number: int) -> str:
    """``1 day``, ``30 days``."""
    return f"{number} day" if number == 1 else f"{number} days"
