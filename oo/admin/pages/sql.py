"""SQL: one SELECT over oO's tables, with its answer as table, chart and CSV."""

from typing import Any, ClassVar

from pydantic import Field

from oo.admin.desk import Desk
from oo.admin.page import ConsolePage, Group
from oo.admin.query import Query
from oo.admin.screen import Chart, Column, Kind, Screen, Series, Table
from oo.kit.errors import OoError
from oo.store.adhoc import ROWS, TIME_LIMIT_S, AdHoc, Answer
from oo.store.masked import masked
from oo.store.tables import metadata

LONGEST = 3_500  # in a URL a character takes up to twelve; a server takes no URL beyond 64 KiB
EXAMPLES = (
    (
        "Reward by prompt and kind",
        "SELECT t.prompt_version, t.kind, count(*) AS n, round(avg(f.reward), 3) AS reward\n"
        "FROM tip_scores t JOIN feedback f ON f.tip_id = t.id\n"
        "GROUP BY 1, 2 ORDER BY n DESC",
    ),
    (
        "People by time zone",
        "SELECT timezone, count(*) AS people FROM users\n"
        "WHERE deleted_at IS NULL GROUP BY 1 ORDER BY 2 DESC",
    ),
    (
        "What was changed lately",
        "SELECT at, actor, action, whom, why FROM audit ORDER BY id DESC LIMIT 50",
    ),
)


class SqlQuery(Query):
    """A statement; in the address, so that it can be shared."""

    not_filters: ClassVar[frozenset[str]] = frozenset({"sql"})
    sql: str = Field("", max_length=LONGEST, description="Statement")


async def read(desk: Desk, query: SqlQuery) -> Screen:
    """What the store says of a wrong statement is on the page."""
    answer, failed = Answer([], [], False), ""
    if query.sql.strip():
        ask = AdHoc(desk.parts.store, desk.parts.clock.monotonic)
        try:
            answer = await ask.ask(desk.by, query.sql)
        except OoError as error:
            failed = error.detail
    keys = [f"c{index}" for index in range(len(answer.columns))]
    rows: list[dict[str, Any]] = [dict(zip(keys, row, strict=True)) for row in answer.rows]
    columns = [
        Column(key, name, _kind(rows, key)) for key, name in zip(keys, answer.columns, strict=True)
    ]
    note = f"The first {ROWS} rows; there are more." if answer.more else ""
    table = Table("answer", "Answer", columns, rows, "No row.", total=len(rows), note=note)
    return Screen(
        tables=[table] if answer.columns else [],
        charts=_chart(answer),
        values={
            "failed": failed,
            "examples": EXAMPLES,
            "schema": {
                name: [(column.name, column.name in masked()[name]) for column in table.columns]
                for name, table in sorted(metadata.tables.items())
            },
            "seconds": TIME_LIMIT_S,
            "longest": LONGEST,
        },
    )


def _kind(rows: list[dict[str, Any]], key: str) -> Kind:
    values = [row[key] for row in rows if row[key] is not None]
    is_number = bool(values) and all(isinstance(it, int | float) for it in values)
    return Kind.NUMBER if is_number else Kind.TEXT


def _chart(answer: Answer) -> list[Chart]:
    """Bars, where the first column says what and the last one how much."""
    if not 2 <= len(answer.rows) <= 40 or len(answer.columns) < 2:
        return []
    last = [row[-1] for row in answer.rows]
    if not all(isinstance(it, int | float) for it in last):
        return []
    labels = [" · ".join(str(it) for it in row[:-1] if isinstance(it, str)) for row in answer.rows]
    return [
        Chart(
            "answer",
            answer.columns[-1],
            [Series(answer.columns[-1], last)],
            labels=labels,
            bars=True,
        )
    ]


PAGE = ConsolePage(
    "sql",
    "SQL",
    Group.SYSTEM,
    2,
    "One SELECT over oO's tables; it reads, and ends in time.",
    SqlQuery,
    read,
    template="sql.html",
    has_period=False,
    for_admins=True,
)
