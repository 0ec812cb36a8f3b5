"""Tips in stock and tips that were served, by what they have in common; their words are masked."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from oo.admin.desk import Desk
from oo.admin.estimating import SMALL, mean_of, share_of
from oo.admin.filtering import carried, choices, with_person
from oo.admin.page import ConsolePage, Group
from oo.admin.query import Filter, Query, Span
from oo.admin.screen import Chart, Column, Kind, Level, Notice, Screen, Series, Table
from oo.domain.console import Choice, Period
from oo.recommend import texts
from oo.store.everyone import sums, tips
from oo.store.everyone.counts import Group as Slice
from oo.store.everyone.tips import Found, TipRow

BY = ("kind", "activity", "language", "prompt", "model", "source")
LOGGED = ("kind", "prompt", "model", "source")  # by these the log of decisions filters too
ROW = (
    Column("created_at", "When", Kind.INSTANT, sortable=True),
    Column("email", "Person", filter="user", pick="user_id", to="/admin/people/{}", by="user_id"),
    Column("text", "Text", Kind.SECRET),
    Column("kind", "Kind", filter="kind"),
    Column("language", "Language", filter="language"),
    Column("prompt_version", "Prompt", filter="prompt"),
    Column("model", "Model", filter="model", hidden=True),
    Column("source", "Source", filter="source", hidden=True),
    Column("confidence", "Confidence", Kind.NUMBER, sortable=True, hidden=True),
)
OF_STOCK = (*ROW, Column("until", "Ends", Kind.AGE), Column("id", "Id", Kind.ID, hidden=True))
OF_SERVED = (
    *ROW,
    Column("seen_at", "Seen", Kind.INSTANT, hidden=True),
    Column("action", "Reaction", Kind.STATE),
    Column("reward", "Reward", Kind.REWARD, sortable=True),
    Column("id", "Id", Kind.ID, to="/admin/decisions/{}", by="id"),
)


class TipsQuery(Query):
    """Which tips, by what they are told apart, and which of them are listed."""

    span: Span = Field(Span.MONTH, alias="range", description="Time range")
    not_filters: ClassVar[frozenset[str]] = frozenset({"by", "show"})
    by: Literal["kind", "activity", "language", "prompt", "model", "source"] = Field(
        "kind", description="By"
    )
    show: Literal["served", "stock"] = Field("served", description="Listed")
    user: Annotated[str, Field(max_length=320, description="Person")] = ""
    kind: Filter = Field("", description="Kind")
    activity: Filter = Field("", description="Kind of work")
    language: Filter = Field("", description="Language")
    prompt: Filter = Field("", description="Prompt")
    model: Filter = Field("", description="Model")
    source: Filter = Field("", description="Source")


async def read(desk: Desk, query: TipsQuery) -> Screen:
    """Sums once a minute at most; the list as it is."""
    period = query.period(desk.now)
    filters = await with_person(desk.parts.db, query.user, choices(query, *BY))

    async def count() -> tuple[list[Slice], dict[str, int]]:
        async with desk.reading() as connection:
            return (
                await sums.grouped(connection, desk.by, period, filters, query.by),
                await tips.in_stock(connection, desk.by, desk.now, filters, query.by),
            )

    counted = await desk.counted(("tips", query.model_dump_json()), count)
    slices, stock = counted.value
    rows = _slices(slices, stock)
    return Screen(
        notices=_notices(rows),
        charts=[_chart(query.by, rows)],
        tables=[_by(query, rows), await _listed(desk, query, period, filters)],
        values={"by": query.by, "bys": BY, "show": query.show},
        age_s=counted.age_s,
    )


def _slices(slices: list[Slice], stock: dict[str, int]) -> list[dict[str, Any]]:
    """What was served first, the most first; then what is only in stock."""
    rows: list[dict[str, Any]] = [
        {
            "value": one.value,
            "stock": stock.get(one.value, 0),
            "tips": one.tips,
            "seen": share_of(one.seen, one.tips),
            "reactions": one.reacted,
            "done": share_of(one.done, one.reacted),
            "snoozed": share_of(one.snoozed, one.reacted),
            "dismissed": share_of(one.dismissed, one.reacted),
            "reward": mean_of(one.reacted, one.reward, one.squares),
        }
        for one in slices
    ]
    known = {one.value for one in slices}
    rows += [
        {"value": value, "stock": number, "tips": 0, "reactions": 0}
        for value, number in sorted(stock.items(), key=lambda it: -it[1])
        if value not in known
    ]
    return rows


def _notices(rows: list[dict[str, Any]]) -> list[Notice]:
    few = [str(row["value"]) for row in rows if 0 < row["reactions"] < SMALL]
    if not few:
        return []
    said = f"{', '.join(few[:4])}: fewer than {SMALL} reactions. Their shares say nothing yet."
    return [Notice(Level.WATCH, "Too few to read", said, "#slices")]


def _chart(by: str, rows: list[dict[str, Any]]) -> Chart:
    shown = [row for row in rows if row["reactions"]][:24]
    return Chart(
        "done",
        f"Done, by {_called(by)}",
        [Series("Done", [row["done"].value for row in shown])],
        labels=[str(row["value"]) for row in shown],
        unit="share",
        bars=True,
    )


def _called(by: str) -> str:
    return "kind of work" if by == "activity" else by


def _by(query: TipsQuery, rows: list[dict[str, Any]]) -> Table:
    asked = carried(query, *LOGGED, "user", but=query.by)
    to = f"/admin/decisions?{asked}&{query.by}={{}}" if query.by in LOGGED else ""
    title = _called(query.by).capitalize()
    return Table(
        "slices",
        f"By {title.lower()}",
        (
            Column("value", title, filter=query.by),
            Column("stock", "In stock", Kind.NUMBER),
            Column("tips", "Served", Kind.NUMBER, to=to, by="value"),
            Column("seen", "Seen", Kind.PORTION),
            Column("reactions", "n", Kind.NUMBER),
            Column("done", "Done", Kind.PORTION),
            Column("snoozed", "Snoozed", Kind.PORTION),
            Column("dismissed", "Dismissed", Kind.PORTION),
            Column("reward", "Reward and 95%", Kind.ESTIMATE),
        ),
        rows,
        "No tip passes these filters in this time.",
        note="Shares are of the reactions, with Wilson's 95% interval.",
    )


async def _listed(
    desk: Desk, query: TipsQuery, period: Period, filters: dict[str, Choice]
) -> Table:
    rows, is_stock = query.rows("-created_at"), query.show == "stock"
    found = Found([], False)
    empty = "There is no such tip in stock." if is_stock else "No such tip was served in this time."
    if query.activity:
        # the kind of work of a person's task is as much theirs as its title
        empty = "By kind of work there are sums alone: whose work it is stays with the person."
    else:
        async with desk.reading() as connection:
            found = (
                await tips.stock(connection, desk.by, desk.now, filters, rows)
                if is_stock
                else await tips.served(connection, desk.by, period, filters, rows)
            )
    return Table(
        "tips",
        "In stock" if is_stock else "Served",
        OF_STOCK if is_stock else OF_SERVED,
        await _with_words(desk, found.rows, is_stock=is_stock),
        empty,
        peek="" if is_stock else "/admin/decisions/{}",
        more=found.more,
    )


async def _with_words(desk: Desk, rows: list[TipRow], *, is_stock: bool) -> list[dict[str, Any]]:
    """The rows with the texts of those people whose words who looks may read now."""
    open_to = await desk.whose_words()
    known: dict[str, str] = {}
    for user_id in {row.user_id for row in rows} & open_to:
        ids = [row.id for row in rows if row.user_id == user_id]
        if is_stock:
            known |= await texts.of_candidates(desk.parts.db, user_id, ids)
        else:
            told = {it: await texts.of_tip(desk.parts.db, user_id, it) for it in ids}
            known |= {it: text or "(erased)" for it, text in told.items()}
    return [{**row._asdict(), "text": known.get(row.id)} for row in rows]


PAGE = ConsolePage(
    "tips",
    "Tips",
    Group.LEARNING,
    1,
    "What is in stock and what was served, by what tips have in common.",
    TipsQuery,
    read,
    template="tips.html",
)
