"""Adapters of the tip generator's model: promoted and rolled back, each time in one audited row.

Running generators follow within a second.
"""

import json
from typing import Any, NamedTuple

from ml.finetuning import adapters as files
from ml.generation.settings import TIP_GENERATOR
from oo.kit.errors import BadRequest, Conflict, NotFound
from oo.kit.settings import Settings
from oo.mlops.roles import Order
from oo.store import adapters as store
from oo.store.adapters import PROMOTED, ROLLED_BACK, AdapterChange
from oo.store.database import Database

REPORT = "report.json"


class RolledBack(NamedTuple):
    """What was taken out, and what the alias has now; None: the base alone."""

    adapter: str
    now: str | None


async def promote(db: Database, settings: Settings, name: str, order: Order) -> str:
    """Have the alias `tip-generator` answer with the adapter NAME@VERSION.

    Raises BadRequest for what is no adapter's name, NotFound if it is not in the data folder as its
    version says, and Conflict if it is in force.
    """
    ref = files.parse(name)
    if ref is None:
        raise BadRequest(f"{name!r} is no adapter: write NAME@VERSION, as `oo finetune list` does.")
    try:
        folder = files.found(ref, settings.data_dir)
    except LookupError as error:
        raise NotFound(str(error)) from error
    report = folder / REPORT
    figures: dict[str, Any] = json.loads(report.read_text()) if report.exists() else {}
    async with db.write() as connection:
        now = await store.to_change(connection)
        if now.by_alias.get(TIP_GENERATOR) == str(ref):
            raise Conflict(f"{ref} is in force already.")
        await store.record(connection, _change(str(ref), PROMOTED, order, figures))
    return str(ref)


async def rollback(db: Database, order: Order) -> RolledBack:
    """Back to what the alias had before. Raises Conflict if it has no adapter."""
    async with db.write() as connection:
        before = (await store.to_change(connection)).by_alias.get(TIP_GENERATOR)
        if before is None:
            raise Conflict("No adapter is in force: the base model answers alone.")
        await store.record(connection, _change(before, ROLLED_BACK, order, {}))
        now = (await store.current(connection)).by_alias.get(TIP_GENERATOR)
    return RolledBack(before, now)


def _change(adapter: str, role: str, order: Order, report: dict[str, Any]) -> AdapterChange:
    return AdapterChange(TIP_GENERATOR, adapter, role, order.actor, order.reason, report, order.at)


def kept(settings: Settings) -> list[str]:
    """Every adapter of the data folder, as NAME@VERSION."""
    return [str(ref) for ref in files.kept(settings.data_dir)]


def model_with(model: str, adapter: str | None) -> str:
    """The name of the model with this adapter, or with none."""
    ref = files.parse(adapter) if adapter else None
    return files.with_adapter(model, ref) if ref else files.base_of(model)
