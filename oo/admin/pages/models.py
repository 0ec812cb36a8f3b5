"""Models behind the aliases with their calls, and prompts with their share and value."""

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from oo.admin import entries
from oo.admin.desk import Desk
from oo.admin.estimating import mean_of
from oo.admin.mlflow import to_run
from oo.admin.page import ConsolePage, Group
from oo.admin.query import Query, Span
from oo.admin.screen import Column, Kind, Screen, Table
from oo.mlops import models
from oo.mlops.models import ModelRow, Use
from oo.store import adapters, prompts
from oo.store.adapters import AdapterChange
from oo.store.everyone import sums
from oo.store.everyone.counts import Group as Slice
from oo.store.prompts import PromptChange


class ModelsQuery(Query):
    """In which time."""

    span: Span = Field(Span.MONTH, alias="range", description="Time range")


async def read(desk: Desk, query: ModelsQuery) -> Screen:
    """Sums of calls from the store; states as the running oO has written them down."""
    period = query.period(desk.now)
    days = max(round((period.until - period.since).total_seconds() / 86400), 1)
    states = models.states(desk.parts.settings, True)

    async def count() -> tuple[list[ModelRow], list[Slice]]:
        rows = await models.table(desk.parts.db, Use(days, None, states), desk.now)
        async with desk.reading() as connection:
            return rows, await sums.grouped(connection, desk.by, period, {}, "prompt")

    counted = await desk.counted(("models", query.model_dump_json()), count)
    rows, found = counted.value
    async with desk.reading() as connection:
        changes = _changes(await prompts.history(connection), await adapters.history(connection))
        called = await entries.actors(connection, desk.by, (str(it["actor"]) for it in changes))
    for one in changes:
        one["actor"] = called[str(one["actor"])]
    to = to_run(desk.parts, desk.looker)
    return Screen(
        tables=[_models(rows), _prompts(found), _changed(changes, to)], age_s=counted.age_s
    )


def _changes(
    prompted: Sequence[PromptChange], adapted: Sequence[AdapterChange]
) -> list[dict[str, Any]]:
    """Both histories in one, the newest first."""
    rows: list[dict[str, Any]] = [
        {"what": "prompt", "which": one.version, **_row(one)} for one in prompted
    ]
    rows += [{"what": "adapter", "which": one.adapter, **_row(one)} for one in adapted]
    return sorted(rows, key=lambda row: row["at"], reverse=True)


def _row(one: PromptChange | AdapterChange) -> dict[str, Any]:
    return {
        "at": one.created_at,
        "change": one.role,
        "actor": one.actor,
        "why": one.reason,
        "run": one.report.get("mlflow_run_id"),
    }


def _changed(rows: list[dict[str, Any]], to_run: str) -> Table:
    return Table(
        "changes",
        "Changes of prompts and adapters",
        (
            Column("at", "When", Kind.INSTANT),
            Column("what", "What"),
            Column("which", "Version"),
            Column("change", "Change", Kind.STATE),
            Column("actor", "By"),
            Column("why", "Why"),
            Column("run", "MLflow run", Kind.ID, to=to_run),
        ),
        rows,
        "Nothing was changed yet: `oo prompt` and `oo finetune` do.",
    )


def _models(rows: list[ModelRow]) -> Table:
    return Table(
        "models",
        "Models",
        (
            Column("alias", "Alias"),
            Column("model", "Model", to="/admin/decisions?model={}"),
            Column("place", "Where"),
            Column("state", "State", Kind.STATE),
            Column("calls", "Calls", Kind.NUMBER),
            Column("failed", "Failed", Kind.NUMBER),
            Column("p50_ms", "Median", Kind.MS),
            Column("p95_ms", "p95", Kind.MS),
            Column("tokens", "Tokens", Kind.NUMBER),
            Column("refused", "Refused by the gate", Kind.SHARE),
            Column("cost_usd", "Cost, $", Kind.NUMBER),
            Column("why", "Why", hidden=True),
        ),
        [
            {
                **row._asdict(),
                "failed": sum(row.failures.values()),
                "p50_ms": None if row.p50_s is None else 1000 * row.p50_s,
                "p95_ms": None if row.p95_s is None else 1000 * row.p95_s,
                "tokens": row.prompt_tokens + row.completion_tokens,
            }
            for row in rows
        ],
        "No alias is configured.",
    )


def _prompts(prompts: list[Slice]) -> Table:
    total = sum(one.tips for one in prompts)
    rows: list[dict[str, Any]] = [
        {
            "prompt": one.value,
            "tips": one.tips,
            "share": one.tips / total if total else None,
            "n": one.reacted,
            "reward": mean_of(one.reacted, one.reward, one.squares),
        }
        for one in prompts
    ]
    return Table(
        "prompts",
        "Prompts, by what their tips earned",
        (
            Column("prompt", "Version", to="/admin/rewards?prompt={}"),
            Column(
                "tips", "Tips", Kind.NUMBER, to="/admin/decisions?range=30d&prompt={}", by="prompt"
            ),
            Column("share", "Share", Kind.SHARE),
            Column("n", "n", Kind.NUMBER),
            Column("reward", "Reward and 95%", Kind.ESTIMATE),
        ),
        rows,
        "Nothing was served in this time.",
    )


PAGE = ConsolePage(
    "models",
    "Models, prompts",
    Group.LEARNING,
    4,
    "What writes tips, how fast, and what it earns.",
    ModelsQuery,
    read,
)
