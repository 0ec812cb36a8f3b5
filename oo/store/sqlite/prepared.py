"""Statements compiled once for SQLite's own driver, with SQLAlchemy's types on the way in and out.

Executing a statement costs SQLAlchemy's engine some 300 µs of CPU, the query itself 10 µs on a
local file. Only statements that are built once belong here: each is kept for as long as the process
lives.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Select
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.compiler import SQLCompiler

Parameters = Mapping[str, Any]
Process = Callable[[Any], Any]


def json_of(value: object) -> str:
    """How JSON is stored."""
    return orjson.dumps(value).decode()


_DIALECT = sqlite.dialect(
    paramstyle="named", json_serializer=json_of, json_deserializer=orjson.loads
)


class Prepared(NamedTuple):
    """One statement, for lists of certain lengths.

    `into` has what binds a value, by parameter; `lists` are the parameters that stand for several
    values; `constants` are the statement's own values; `columns` what reads the columns of `row`.
    """

    sql: str
    into: Mapping[str, Process]
    lists: frozenset[str]
    constants: Mapping[str, Any]
    columns: tuple[Process | None, ...]
    row: Callable[..., Any]

    def bound(self, parameters: Parameters) -> dict[str, Any]:
        """What the driver is given for these parameters."""
        found = dict(self.constants)
        for name, value in parameters.items():
            if name in self.lists:
                found |= _spread(name, value)
            elif (process := self.into.get(name)) is not None:
                found[name] = process(value)
            else:
                found[name] = value
        return found

    def read(self, row: Sequence[Any]) -> Any:
        """The named tuple of a row as the driver gives it."""
        return self.row(
            *(
                process(value) if process else value
                for process, value in zip(self.columns, row, strict=True)
            )
        )


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
        process = bind.type.dialect_impl(_DIALECT).bind_processor(_DIALECT)
        if name in names:
            if process is not None:
                into[name] = process
        elif bind.expanding:
            constants |= _spread(name, bind.value or ())
        else:
            constants[name] = process(bind.value) if process else bind.value
    return Prepared(
        str(compiled),
        into,
        frozenset(stands_for),
        constants,
        tuple(it.type.dialect_impl(_DIALECT).result_processor(_DIALECT, None) for it in chosen),
        namedtuple("Row", [str(it.key) for it in chosen], rename=True),
    )


def _compile(
    statement: Executable, names: tuple[str, ...], lists: Parameters | None = None
) -> SQLCompiler:
    told: Any = statement
    if lists:  # it wants to be told of all others as well
        told = told.params({**dict.fromkeys(names), **lists})
    keywords = {} if lists is None else {"render_postcompile": True}
    compiled = told.compile(dialect=_DIALECT, column_keys=list(names), compile_kwargs=keywords)
    assert isinstance(compiled, SQLCompiler)  # noqa: S101 - of no dialect's own kind
    return compiled
