"""What was sent to whom, why then, and what came of it; and which devices refuse."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import Field

from oo.admin.desk import Desk
from oo.admin.estimating import SMALL, share_of
from oo.admin.filtering import choices, with_person
from oo.admin.page import ConsolePage
from oo.admin.page import Group as Heading
from oo.admin.query import Filter, Query, Span
from oo.admin.screen import Column, Figure, Kind, Level, Notice, Screen, Table
from oo.domain.console import Choice, Period
from oo.store.everyone import deliveries
from oo.store.everyone.deliveries import Decided, Failing, Group, SendingRow

BY = ("channel", "moment", "policy", "outcome", "came")
TITLES = {
    "channel": "Channel",
    "moment": "Why then",
    "policy": "Policy",
    "outcome": "How far it got",
    "came": "What came of it",
}
MUCH_REFUSED = 0.2
ROW = (
    Column("created_at", "When", Kind.INSTANT, sortable=True),
    Column("email", "Person", filter="user", pick="user_id", to="/admin/people/{}", by="user_id"),
    Column("channel", "Channel", filter="channel"),
    Column("outcome", "How far", Kind.STATE, filter="outcome"),
    Column("detail", "Detail", hidden=True),
    Column("moment", "Why then", filter="moment"),
    Column("propensity", "Propensity", Kind.SHARE),
    Column("policy", "Policy", filter="policy", hidden=True),
    Column("latency_ms", "Latency", Kind.MS),
    Column("attempts", "Attempts", Kind.NUMBER, sortable=True, hidden=True),
    Column("came", "What came", Kind.STATE, filter="came"),
    Column("action", "Reaction", Kind.STATE),
    Column("id", "Tip", Kind.ID, to="/admin/decisions/{}", by="id"),
)


class DeliveriesQuery(Query):
    """Which sendings, and by what they are told apart."""

    span: Span = Field(Span.MONTH, alias="range", description="Time range")
    not_filters: ClassVar[frozenset[str]] = frozenset({"by"})
    by: Literal["channel", "moment", "policy", "outcome", "came"] = Field(
        "channel", description="By"
    )
    user: Annotated[str, Field(max_length=320, description="Person")] = ""
    channel: Filter = Field("", description="Channel")
    outcome: Filter = Field("", description="How far it got")
    moment: Filter = Field("", description="Why then")
    policy: Filter = Field("", description="Policy")
    came: Filter = Field("", description="What came of it")


class Counted(NamedTuple):
    """All that is counted."""

    groups: list[Group]
    decided: Decided
    failing: list[Failing]


async def read(desk: Desk, query: DeliveriesQuery) -> Screen:
    """Sums once a minute at most; the list as it is."""
    period = query.period(desk.now)
    filters = await with_person(desk.parts.db, query.user, choices(query, *BY))
    counted = await desk.counted(
        ("deliveries", query.model_dump_json()), lambda: _count(desk, query, period, filters)
    )
    found = counted.value
    async with desk.reading() as connection:
        page = await deliveries.page(
            connection, desk.by, period, filters, query.rows("-created_at")
        )
    return Screen(
        notices=_notices(found),
        figures=_figures(found),
        tables=[
            _groups(query, found.groups),
            Table(
                "sendings",
                "Sendings",
                ROW,
                [_row(one) for one in page.rows],
                "Nothing was sent that passes these filters in this time.",
                peek="/admin/decisions/{}",
                more=page.more,
            ),
            _failing(found.failing),
        ],
        values={"by": query.by, "bys": TITLES},
        age_s=counted.age_s,
    )


async def _count(
    desk: Desk, query: DeliveriesQuery, period: Period, filters: dict[str, Choice]
) -> Counted:
    async with desk.reading() as connection:
        return Counted(
            await deliveries.grouped(connection, desk.by, period, filters, query.by),
            await deliveries.decided(connection, desk.by, period),
            await deliveries.failing(connection, desk.by, period),
        )


def _row(one: SendingRow) -> dict[str, Any]:
    return {
        **one._asdict(),
        "id": one.tip_id,
        "propensity": one.propensity,
        "latency_ms": one.latency_ms,
    }


def _sum(groups: Sequence[Group], name: str) -> int:
    return sum(getattr(one, name) for one in groups)


def _figures(found: Counted) -> list[Figure]:
    settled, sent = _sum(found.groups, "settled"), _sum(found.groups, "sent")
    ignored = share_of(_sum(found.groups, "ignored"), settled)
    taken_up = share_of(_sum(found.groups, "taken_up"), settled)
    spoke = share_of(found.decided.spoke, found.decided.moments)
    return [
        Figure("Moments", found.decided.moments, note="at which a policy decided"),
        Figure("Spoke", spoke.value, kind=Kind.SHARE, note=f"{found.decided.spoke:,} times"),
        Figure("Sent", sent, note=f"{found.decided.unsent:,} reached no device"),
        Figure("Taken up", taken_up.value, kind=Kind.SHARE, note=f"n = {settled:,}"),
        Figure("Ignored", ignored.value, kind=Kind.SHARE, note=f"n = {settled:,}"),
    ]


def _notices(found: Counted) -> list[Notice]:
    made: list[Notice] = []
    total = _sum(found.groups, "sendings")
    refused = sum(one.refused for one in found.failing)
    if total >= SMALL and refused > MUCH_REFUSED * total:
        detail = f"{refused:,} of {total:,} were refused, by {len(found.failing)} devices."
        made.append(Notice(Level.WATCH, "Many sendings are refused", detail, "#failing"))
    few = [one.value for one in found.groups if 0 < one.settled < SMALL]
    if few:
        detail = f"{', '.join(few[:4])}: fewer than {SMALL}. Their shares say nothing yet."
        made.append(Notice(Level.CALM, "Too few to read", detail, "#groups"))
    return made


def _groups(query: DeliveriesQuery, groups: Sequence[Group]) -> Table:
    title = TITLES[query.by]
    return Table(
        "groups",
        f"By {title.lower()}",
        (
            Column("value", title, filter=query.by),
            Column("sendings", "Sendings", Kind.NUMBER),
            Column("sent", "Sent", Kind.NUMBER),
            Column("settled", "n", Kind.NUMBER),
            Column("taken_up", "Taken up", Kind.PORTION),
            Column("dismissed", "Dismissed", Kind.PORTION),
            Column("ignored", "Ignored", Kind.PORTION),
        ),
        [
            {
                "value": one.value,
                "sendings": one.sendings,
                "sent": one.sent,
                "settled": one.settled,
                "taken_up": share_of(one.taken_up, one.settled),
                "dismissed": share_of(one.dismissed, one.settled),
                "ignored": share_of(one.ignored, one.settled),
            }
            for one in groups
        ],
        "Nothing was sent that passes these filters in this time.",
        note="n counts sendings of which it is known what came; shares with Wilson's 95% interval.",
    )


def _failing(found: Sequence[Failing]) -> Table:
    return Table(
        "failing",
        "Devices that refuse",
        (
            Column("device_id", "Device", Kind.ID),
            Column("user_id", "Person", Kind.ID, to="/admin/people/{}", by="user_id"),
            Column("channel", "Channel"),
            Column("refused", "Refused", Kind.NUMBER),
            Column("detail", "Why, the last", filter=""),
            Column("last_at", "Last", Kind.INSTANT),
            Column("paused_until", "Paused until", Kind.INSTANT),
            Column("seen_at", "Was there", Kind.AGE),
        ),
        [one._asdict() for one in found],
        "No device has refused anything in this time.",
    )


PAGE = ConsolePage(
    "deliveries",
    "Deliveries",
    Heading.LEARNING,
    7,
    "What was sent to whom, why then, and what came of it.",
    DeliveriesQuery,
    read,
    template="deliveries.html",
)
