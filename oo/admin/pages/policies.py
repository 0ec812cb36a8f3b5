"""Which policy decides, which ones watch, what the gate still waits for, and who changed what."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.admin import entries
from oo.admin.desk import Desk
from oo.admin.estimating import share_of
from oo.admin.mlflow import to_run
from oo.admin.page import ConsolePage, Group
from oo.admin.query import Query
from oo.admin.screen import Column, Figure, Kind, Level, Notice, Screen, Table
from oo.domain.policies import PolicyRef
from oo.mlops import roles
from oo.mlops.roles import Standing
from oo.store import policies as store
from oo.store.everyone import opinions
from oo.store.policies import IN_FORCE, REFUSED, SHADOW, Change

ROLES = {
    IN_FORCE: "put in force",
    SHADOW: "shadow",
    store.DEMOTED: "demoted",
    store.OFF: "shadow off",
    REFUSED: "refused by the gate",
}


async def read(desk: Desk, query: Query) -> Screen:
    """The record of changes, and what shadows said in the time that is looked at."""
    period = query.period(desk.now)
    async with desk.reading() as connection:
        standings = await roles.standings(connection)
        history = await store.history(connection)
        agreements = {
            (one.policy, one.version): one
            for one in await opinions.agreement(connection, desk.by, period)
        }
        called = await entries.actors(connection, desk.by, (it.actor for it in history))
        runs = await _runs(connection, {one.policy.name for one in standings})
    to = to_run(desk.parts, desk.looker)
    in_force = next(one for one in standings if one.role == IN_FORCE)
    return Screen(
        figures=[
            Figure("In force", None, note=str(in_force.policy)),
            Figure("Shadows", sum(one.role == SHADOW for one in standings)),
            Figure("Changes", len(history), to="#history"),
            Figure(
                "Speaks up by",
                None,
                note=desk.parts.settings.delivery.policy,
                to="/admin/deliveries?by=policy",
            ),
        ],
        notices=[*_pin(await desk.parts.promotes.pinned()), *_refusal(history)],
        tables=[
            _standings(standings, agreements, called, runs, to),
            _gate(history),
            _history(history, called),
        ],
        values={
            "in_force": in_force,
            "standings": standings,
            "can_demote": any(it.role == IN_FORCE for it in history)
            and in_force.change is not None,
        },
    )


async def _runs(connection: AsyncConnection, policies: Iterable[str]) -> dict[PolicyRef, str]:
    """The runs in MLflow that fitted versions came from."""
    fitted = [one for name in policies for one in await store.versions(connection, name)]
    return {one.policy: run for one in fitted if (run := one.report.get("mlflow_run"))}


def _pin(pinned: str | None) -> list[Notice]:
    """That what is promoted here decides nothing while another is pinned."""
    if pinned is None:
        return []
    words = (
        "It stands in user_config of BanditShard and goes before all that is promoted and undone"
        " here: take it out and `oo deploy`."
    )
    return [Notice(Level.ACT, f"{pinned} is pinned, and decides", words, "#standings")]


def _refusal(history: list[Change]) -> list[Notice]:
    """What the gate still asks for, while its refusal is the last that was changed."""
    if not history or history[-1].role != REFUSED:
        return []
    last = history[-1]
    failed = [one for one in last.report.get("checks", []) if not one.get("passed")]
    words = " ".join(f"{_check(one)}: {one.get('advice', '')}".rstrip(".") + "." for one in failed)
    return [Notice(Level.WATCH, f"The gate refused {last.policy}", words, "#gate")]


def _check(one: dict[str, Any]) -> str:
    return str(one.get("name", "")).replace("_", " ")


def _standings(
    standings: list[Standing],
    agreements: dict[Any, Any],
    called: Mapping[str, str],
    runs: Mapping[PolicyRef, str],
    to_run: str,
) -> Table:
    rows = []
    for one in standings:
        said = agreements.get((one.policy.name, one.policy.version))
        rows.append(
            {
                "policy": str(one.policy),
                "name": one.policy.name,
                "role": {IN_FORCE: "in force", SHADOW: "shadow"}.get(one.role or "", ""),
                "since": one.change.created_at if one.change else None,
                "actor": called[one.change.actor] if one.change else "",
                "reason": one.change.reason if one.change else "",
                "said": said.decisions if said else None,
                "agrees": share_of(said.agreed, said.decisions).value if said else None,
                "run": runs.get(one.policy),
            }
        )
    return Table(
        "standings",
        "All policies",
        (
            Column("policy", "Policy", to="/admin/decisions?policy={}", by="name"),
            Column("role", "Role", Kind.STATE),
            Column("since", "Since", Kind.INSTANT),
            Column("actor", "By"),
            Column("reason", "Why"),
            Column("said", "Spoke of", Kind.NUMBER),
            Column("agrees", "Agreed", Kind.SHARE),
            Column("run", "Fitted by", Kind.ID, to=to_run),
        ),
        rows,
        "There are no policies.",
    )


def _gate(history: list[Change]) -> Table:
    last = next((one for one in reversed(history) if one.report.get("checks")), None)
    rows = []
    if last is not None:
        rows = [
            {
                "check": _check(one),
                "value": one.get("value"),
                "limit": f"{one.get('rule', '')} {one.get('limit', '')}",
                "state": "passed" if one.get("passed") else "waits",
                "advice": one.get("advice", ""),
            }
            for one in last.report["checks"]
        ]
    title = f"What the gate said of {last.policy}" if last else "What the gate said"
    return Table(
        "gate",
        title,
        (
            Column("check", "Check"),
            Column("state", "", Kind.STATE),
            Column("value", "Measured", Kind.NUMBER),
            Column("limit", "Asked for"),
            Column("advice", "What to do"),
        ),
        rows,
        "Nothing was examined yet. Promoting a shadow asks the gate.",
    )


def _history(history: list[Change], called: Mapping[str, str]) -> Table:
    return Table(
        "history",
        "Changes",
        (
            Column("at", "When", Kind.INSTANT),
            Column("policy", "Policy"),
            Column("role", "Change", Kind.STATE),
            Column("actor", "By"),
            Column("reason", "Why"),
        ),
        [
            {
                "at": one.created_at,
                "policy": str(one.policy),
                "role": ROLES.get(one.role, one.role),
                "actor": called[one.actor],
                "reason": one.reason,
            }
            for one in reversed(history)
        ],
        "Nothing was changed yet: the default decides.",
    )


PAGE = ConsolePage(
    "policies",
    "Policies",
    Group.LEARNING,
    3,
    "Which policy decides, which ones watch, and who changed that.",
    Query,
    read,
    template="policies.html",
)
