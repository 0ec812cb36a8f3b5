"""SQL that an admin types: it reads, ends in time, is bounded, and sees no person's words.

SQLite: a connection of its own to the file, opened read-only; an authorizer allows reading and
nothing else, gives NULL for masked columns, and knows the functions by name; a progress handler
ends what takes too long (a trial had shown that `mode=ro` alone allows ATTACH and VACUUM INTO).
PostgreSQL: one statement, which is planned first: a plan that names a masked column or a function
that is not known to be harmless is refused; then it runs in a read-only transaction with a
statement timeout.
"""

import asyncio
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from oo.domain.console import AdminRead
from oo.kit.errors import BadRequest
from oo.store.masked import masked
from oo.store.readonly import ReadOnly, TooSlow

ROWS = 500
CELL = 2_000  # characters of one cell
TIME_LIMIT_S = 5.0
STEPS = 2_000  # of SQLite's machine between two looks at the clock
LENGTH = 10_000

FUNCTIONS = frozenset(
    {
        "->",
        "->>",
        "abs",
        "avg",
        "ceil",
        "ceiling",
        "char_length",
        "coalesce",
        "count",
        "cume_dist",
        "date",
        "date_part",
        "date_trunc",
        "datetime",
        "dense_rank",
        "exp",
        "extract",
        "first_value",
        "floor",
        "greatest",
        "group_concat",
        "ifnull",
        "iif",
        "instr",
        "json_array_length",
        "json_each",
        "json_extract",
        "jsonb_array_length",
        "julianday",
        "lag",
        "last_value",
        "lead",
        "least",
        "length",
        "like",
        "ln",
        "log",
        "lower",
        "ltrim",
        "max",
        "mean",
        "min",
        "mod",
        "now",
        "nth_value",
        "ntile",
        "nullif",
        "percent_rank",
        "percentile_cont",
        "percentile_disc",
        "power",
        "printf",
        "rank",
        "replace",
        "round",
        "row_number",
        "rtrim",
        "sign",
        "sqrt",
        "stddev",
        "stddev_pop",
        "stddev_samp",
        "strftime",
        "string_agg",
        "substr",
        "substring",
        "sum",
        "time",
        "to_char",
        "total",
        "trim",
        "typeof",
        "unixepoch",
        "upper",
        "variance",
        "width_bucket",
    }
)
_PASSED_ON = re.compile(r'(?:"?\w+"?\.)?"?\w+"?')
_NAMES = frozenset(
    {"Alias", "Index Name", "Node Type", "Parent Relationship", "Relation Name", "Schema"}
)
_CALL = re.compile(r"\b([a-z_][a-z0-9_]*)\s*\(", re.I)
_WORDS = frozenset(
    {
        "all",
        "and",
        "any",
        "array",
        "as",
        "by",
        "case",
        "cast",
        "character",
        "else",
        "exists",
        "filter",
        "in",
        "interval",
        "lateral",
        "not",
        "numeric",
        "on",
        "or",
        "order",
        "over",
        "partition",
        "row",
        "then",
        "timestamp",
        "using",
        "values",
        "varchar",
        "when",
        "with",
    }
)


class Answer(NamedTuple):
    """What came back; `more` says that there were more than `ROWS` rows."""

    columns: list[str]
    rows: list[list[Any]]
    more: bool


class AdHoc:
    """Runs one statement for an admin."""

    def __init__(self, store: ReadOnly, monotonic: Callable[[], float]) -> None:
        self._store = store
        self._monotonic = monotonic

    async def ask(self, by: AdminRead, sql: str, seconds: float = TIME_LIMIT_S) -> Answer:
        """Raises BadRequest with what the store says of it, and TooSlow."""
        statement = sql.strip().rstrip(";").strip()
        if not statement or len(statement) > LENGTH or "\0" in statement:
            raise BadRequest(f"Write one SELECT of at most {LENGTH} characters.")
        if self._store.is_sqlite:
            ends = self._monotonic() + seconds
            return await asyncio.to_thread(self._of_sqlite, statement, ends, seconds)
        return await self._of_postgresql(statement, seconds)

    def _of_sqlite(self, statement: str, ends: float, seconds: float) -> Answer:
        path = Path(make_url(self._store.url).database or "").absolute()
        uri = f"file:{path}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
            connection.execute("PRAGMA query_only=ON")
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 2_000_000)
            connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
            connection.setlimit(sqlite3.SQLITE_LIMIT_COMPOUND_SELECT, 20)
            connection.setlimit(sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 100)
            connection.set_authorizer(_authorise)
            connection.set_progress_handler(lambda: int(self._monotonic() > ends), STEPS)
            try:
                cursor = connection.execute(statement)
                found = cursor.fetchmany(ROWS + 1)
            except sqlite3.OperationalError as error:
                if "interrupted" in str(error):
                    raise TooSlow(seconds) from None
                raise BadRequest(f"SQLite says: {error}.") from None
            except (sqlite3.Error, sqlite3.Warning, OverflowError, UnicodeError) as error:
                raise BadRequest(f"SQLite says: {error}.") from None
            names = [column[0] for column in cursor.description or ()]
        return _bounded(names, [list(row) for row in found])

    async def _of_postgresql(self, statement: str, seconds: float) -> Answer:
        async with self._store.read(seconds) as connection:
            raw = await connection.get_raw_connection()
            driver: Any = raw.driver_connection
            try:
                # the extended protocol takes one statement only
                plan = await driver.fetchval(f"EXPLAIN (VERBOSE, FORMAT JSON) {statement}")
                _check_plan(orjson.loads(plan) if isinstance(plan, str | bytes) else plan)
                prepared = await driver.prepare(statement)
                names = [attribute.name for attribute in prepared.get_attributes()]
                found = [list(row) async for row in _first(prepared, ROWS + 1)]
            except BadRequest:
                raise
            except Exception as error:
                if "statement timeout" in str(error):
                    raise TooSlow(seconds) from None
                if isinstance(error, DBAPIError) or type(error).__module__.startswith("asyncpg"):
                    raise BadRequest(f"PostgreSQL says: {error}.") from None
                raise
            await connection.execute(text("SELECT 1"))  # still the same, read-only transaction
        return _bounded(names, found)


async def _first(prepared: Any, count: int) -> Any:
    cursor = await prepared.cursor()
    for row in await cursor.fetch(count):
        yield row


def _authorise(
    action: int, first: str | None, second: str | None, _database: str | None, _by: str | None
) -> int:
    if action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE):
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_READ:
        hidden = masked().get(first or "")
        if hidden is None:  # sqlite_schema and virtual tables other than json_each
            is_known = (first or "") in ("json_each", "sqlite_schema", "sqlite_master")
            return sqlite3.SQLITE_OK if is_known or not first else sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_IGNORE if second in hidden else sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION:
        return sqlite3.SQLITE_OK if (second or "").lower() in FUNCTIONS else sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_DENY


def _check_plan(plan: Any) -> None:
    """Raise BadRequest where the plan touches what nobody may read, or calls what is not known.

    A scan may put out whole rows of which nothing is used above it; so columns that are only
    passed on count where a result begins: at the top, and below what gives them another name.
    """
    tables: set[str] = set()
    said: list[str] = []
    for node, is_top in _nodes(plan[0]["Plan"]):
        if node["Node Type"] in ("ModifyTable", "LockRows", "Foreign Scan"):
            raise BadRequest("Only reading is possible here.")
        if node.get("Schema", "public") != "public":
            raise BadRequest("Only oO's own tables can be read here.")
        tables |= {node["Relation Name"]} if "Relation Name" in node else set()
        for name, value in node.items():
            if name == "Function Name":
                said.append(f"{value}(")
            elif name == "Output":
                said += [one for one in value if is_top or not _PASSED_ON.fullmatch(one)]
            elif name not in _NAMES:
                said += _strings(value)
    code = re.sub(r"'(?:[^']|'')*'", "''", " ; ".join(said))
    for call in _CALL.findall(code):
        if call.lower() not in FUNCTIONS | _WORDS:
            raise BadRequest(f"The function {call} cannot be used here.")
    hidden = {column for table in tables for column in masked().get(table, frozenset())}
    for column in re.findall(r"\w+", code):
        if column in hidden:
            raise BadRequest(f"{column} holds people's words or secrets, and is not read by SQL.")
    if re.search(r"\w\.\*", code):
        raise BadRequest("Name the columns: a whole row holds people's words.")


def _nodes(node: Any, is_top: bool = True) -> Iterator[tuple[dict[str, Any], bool]]:
    yield {name: value for name, value in node.items() if name != "Plans"}, is_top
    for child in node.get("Plans", ()):
        yield from _nodes(child, child.get("Parent Relationship") not in ("Outer", "Inner"))


def _strings(value: Any) -> list[str]:
    if isinstance(value, list):
        return [text for one in value for text in _strings(one)]
    return [value] if isinstance(value, str) else []


def _bounded(names: list[str], rows: list[list[Any]]) -> Answer:
    return Answer(names, [[_cell(value) for value in row] for row in rows[:ROWS]], len(rows) > ROWS)


def _cell(value: Any) -> Any:
    if isinstance(value, bytes):
        return f"({len(value)} bytes)"
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)[:CELL]
