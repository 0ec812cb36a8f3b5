"""The decision log."""

from typing import Annotated

from pydantic import Field

from oo.admin.desk import Desk
from oo.admin.filtering import choices, with_person
from oo.admin.page import ConsolePage, Group
from oo.admin.query import Filter, Query
from oo.admin.screen import Column, Kind, Screen, Table
from oo.domain.console import Choice
from oo.store.everyone import decisions
from oo.store.everyone.decisions import COUNTED
from oo.store.everyone.reach import MOST, reach

FILTERS = (
    "kind",
    "source",
    "policy",
    "version",
    "model",
    "prompt",
    "action",
    "degraded",
)
CUT = (
    f"Among the newest {MOST:,} decisions of this time. For others choose a time that ends earlier."
)
TABLE = (
    Column("created_at", "When", Kind.INSTANT, sortable=True),
    Column("email", "Person", filter="user", pick="user_id", to="/admin/people/{}", by="user_id"),
    Column("kind", "Kind", filter="kind"),
    Column("action", "Reaction", Kind.STATE, filter="action"),
    Column("reward", "Reward", Kind.REWARD, sortable=True),
    Column("dwell_ms", "Dwell", Kind.MS, hidden=True, sortable=True),
    Column("policy", "Policy", filter="policy"),
    Column("policy_version", "Version", filter="version", hidden=True),
    Column("propensity", "Propensity", Kind.SHARE, sortable=True),
    Column("candidates", "Of", Kind.NUMBER),
    Column("model", "Model", filter="model"),
    Column("prompt_version", "Prompt", filter="prompt"),
    Column("source", "Source", filter="source", hidden=True),
    Column("confidence", "Confidence", Kind.NUMBER, hidden=True, sortable=True),
    Column("latency_ms", "Latency", Kind.MS, sortable=True),
    Column("degraded", "Degraded", Kind.STATE, filter="degraded", hidden=True),
    Column("seen_at", "Seen", Kind.INSTANT, hidden=True),
    Column("id", "Id", Kind.ID, to="/admin/decisions/{}", by="id"),
)


class DecisionsQuery(Query):
    """Which decisions."""

    user: Annotated[str, Field(max_length=320, description="Person")] = ""
    kind: Filter = Field("", description="Kind")
    action: Filter = Field("", description="Reaction")
    policy: Filter = Field("", description="Policy")
    version: Filter = Field("", description="Version")
    model: Filter = Field("", description="Model")
    prompt: Filter = Field("", description="Prompt")
    source: Filter = Field("", description="Source")
    degraded: Filter = Field("", description="Degraded")


async def filters_of(desk: Desk, query: DecisionsQuery) -> dict[str, Choice]:
    """What the store filters by; a person may be named by their address."""
    return await with_person(desk.parts.db, query.user, choices(query, *FILTERS))


async def read(desk: Desk, query: DecisionsQuery) -> Screen:
    """A page of decisions, the newest first."""
    period, rows = query.period(desk.now), query.rows("-created_at")
    filters = await filters_of(desk, query)
    async with desk.reading() as connection:
        far = await reach(connection, desk.by, period, filters, rows)
        found = await decisions.page(connection, desk.by, far.period, filters, rows)
        total = far.total
        if total is None:
            total = await decisions.count(connection, desk.by, far.period, filters)
    is_least = far.total is None and total > COUNTED
    return Screen(
        tables=[
            Table(
                "decisions",
                "Decisions",
                TABLE,
                [row._asdict() for row in found.rows],
                "No decision passes these filters in this time.",
                peek="/admin/decisions/{}",
                more=found.more,
                total=COUNTED if is_least else total,
                total_is_least=is_least,
                note=CUT if far.is_cut else "",
            )
        ]
    )


PAGE = ConsolePage(
    "decisions",
    "Decisions",
    Group.LEARNING,
    0,
    "What was served to whom, out of what, how likely, and what came of it.",
    DecisionsQuery,
    read,
)
