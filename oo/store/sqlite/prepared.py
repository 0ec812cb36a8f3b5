"""Statements compiled once for SQLite's own driver, with SQLAlchemy's types on the way in and out.

Executing a statement costs SQLAlchemy's engine some 300 µs of CPU, the query itself 10 µs on a
local file. Only statements that are built once belong here: each is kept for as long as the process
lives.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Select
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from oo.store.schema import UtcDateTime

Parameters = Mapping[str, Any]
Process = Callable[[Any], Any]


def json_of(value: object) -> str:
    """How JSON is stored."""
    return orjson.dumps(value).decode()


DIALECT = sqlite.dialect(
    paramstyle="named", json_serializer=json_of, json_deserializer=orjson.loads
)


class Prepared(NamedTuple):
    """One statement, for lists of certain lengths.

    `into` has what binds a value, by parameter; `lists` are the parameters that stand for several
    values; `constants` are the statement's own values. `columns` has what reads a value, by place
    in the row; values of other places, and parameters not named, pass as they are. `row` is None
    for what gives no rows.
    """

    sql: str
    into: tuple[tuple[str, Process], ...]
    lists: tuple[str, ...]
    constants: Mapping[str, Any]
    columns: tuple[tuple[int, Process], ...]
    row: Callable[[Iterable[Any]], Any] | None

    def bound(self, parameters: Parameters) -> dict[str, Any]:
        """What the driver is given for these parameters."""
        found = {**self.constants, **parameters}
        for name, process in self.into:
            found[name] = process(found[name])
        for name in self.lists:
            found |= _spread(name, found.pop(name))
        return found

    def read(self, rows: Iterable[Sequence[Any]]) -> list[Any]:
        """The named tuples of rows as the driver gives them."""
        if self.row is None:
            return []
        if self.columns and (read := list(zip(*rows, strict=True))):
            # by columns: a person's list is hundreds of rows, and a loop over them costs the most
            for place, process in self.columns:
                read[place] = tuple(map(process, read[place]))
            rows = zip(*read, strict=True)
        return list(map(self.row, rows))


def prepare(statement: Executable, parameters: Parameters) -> tuple[Prepared, Parameters]:
    """The statement as it is run for parameters such as these, and those as it takes them.

    Lists are made longer to the next power of two by saying their last value again, so that a
    statement is compiled a few times and not for every number of people.
    """
    names = tuple(parameters)
    lists = _lists(statement, names)
    if not lists:
        return _prepared(statement, names, ()), parameters
    longer = {**parameters, **{name: _longer(parameters[name]) for name in lists}}
    shapes = tuple((name, _shape(longer[name])) for name in lists)
    return _prepared(statement, names, shapes), longer


def _longer(values: Sequence[Any]) -> list[Any]:
    found = list(values)
    wanted = 1 << (len(found) - 1).bit_length() if found else 0
    return found + found[-1:] * (wanted - len(found))


def _shape(values: Sequence[Any]) -> tuple[int, int]:
    """How many values, and of how many parts each: 0 where they have none."""
    return len(values), len(values[0]) if values and isinstance(values[0], tuple) else 0


def _spread(name: str, values: Sequence[Any]) -> dict[str, Any]:
    """The compiler's names for the values of a list."""
    found: dict[str, Any] = {}
    for number, value in enumerate(values, 1):
        if isinstance(value, tuple):
            found |= {f"{name}_{number}_{at}": part for at, part in enumerate(value, 1)}
        else:
            found[f"{name}_{number}"] = value
    return found


@lru_cache(maxsize=256)
def _lists(statement: Executable, names: tuple[str, ...]) -> tuple[str, ...]:
    compiled = _compile(statement, names)
    return tuple(
        name for name in names if name in compiled.binds and compiled.binds[name].expanding
    )


@lru_cache(maxsize=1024)
def _prepared(
    statement: Executable, names: tuple[str, ...], shapes: tuple[tuple[str, tuple[int, int]], ...]
) -> Prepared:
    stands_for = {name: [(0,) * parts if parts else 0] * count for name, (count, parts) in shapes}
    compiled = _compile(statement, names, stands_for)
    if isinstance(compiled.statement, Select):
        chosen = list(compiled.statement.selected_columns)
    else:
        chosen = []
        if compiled.insert_prefetch or compiled.update_prefetch:
            raise NotImplementedError("defaults that are computed in this process")
    into, constants = dict[str, Process](), dict[str, Any]()
    for bind, name in compiled.bind_names.items():
        process = _binder(bind.type)
        if name in names:
            if process is not None and name not in stands_for:
                into[name] = process  # once, however often the statement names it
        elif bind.expanding:
            constants |= _spread(name, bind.value or ())
        else:
            constants[name] = process(bind.value) if process else bind.value
    readers = [(place, _reader(it.type)) for place, it in enumerate(chosen)]
    row: Any = namedtuple("Row", [str(it.key) for it in chosen], rename=True) if chosen else None
    return Prepared(
        str(compiled),
        tuple(into.items()),
        tuple(stands_for),
        constants,
        tuple((place, process) for place, process in readers if process is not None),
        row and partial(tuple.__new__, row),
    )


def _binder(of: TypeEngine[Any]) -> Process | None:
    if isinstance(of, UtcDateTime):
        return _stored_instant
    found: Process | None = of.dialect_impl(DIALECT).bind_processor(DIALECT)
    return found


def _reader(of: TypeEngine[Any]) -> Process | None:
    if isinstance(of, UtcDateTime):
        return _read_instant
    found: Process | None = of.dialect_impl(DIALECT).result_processor(DIALECT, None)
    return found


# as SQLAlchemy's own processors and UtcDateTime do it, in a tenth of the time: every request has a
# handful of instants


def _stored_instant(value: datetime | None) -> str | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("a naive datetime cannot be stored")
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _read_instant(value: str | None) -> datetime | None:
    if value is None:
        return None
    # releases before 2026-11-27 wrote some with their zone
    return datetime.fromisoformat(value if value[-6] == "+" else value + "+00:00")


def _compile(
    statement: Executable, names: tuple[str, ...], lists: Parameters | None = None
) -> SQLCompiler:
    told: Any = statement
    if lists:  # it wants to be told of all others as well
        told = told.params({**dict.fromkeys(names), **lists})
    keywords = {} if lists is None else {"render_postcompile": True}
    compiled = told.compile(dialect=DIALECT, column_keys=list(names), compile_kwargs=keywords)
    assert isinstance(compiled, SQLCompiler)  # noqa: S101 - of no dialect's own kind
    return compiled
