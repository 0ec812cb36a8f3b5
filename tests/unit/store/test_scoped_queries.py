"""Every query on a person's data names the person; exceptions are listed with their reason."""

import ast
from pathlib import Path
from typing import NamedTuple

import pytest

from oo.store import tables

FOLDER = Path(tables.__file__).parent
PERSONAL = {
    name for name, table in tables.metadata.tables.items() if "user_id" in table.columns
} - {"outbox"}
ALL_PEOPLE = {
    ("sessions.py", "_LIVE"): "finds out who the person is",
    ("sessions.py", "purge_expired"): "retention",
    ("candidates.py", "purge"): "retention",
    ("candidates.py", "people_to_fill"): "names the people whose pools are thin",
    ("freshness.py", "of_active"): "counts everybody's pools",
    ("batches.py", "active"): "names the people of a batch",
    ("batches.py", "begin"): "ends everybody's turns in a batch that was left",
    ("batches.py", "progress"): "counts the people of a batch",
    ("batches.py", "waiting"): "names the people who wait for their turn",
    ("connections.py", "due_for_sync"): "names the people whose sources are due",
    ("decisions.py", "purge"): "retention",
    ("decisions.py", "LOGGED"): "what a statement of the module adds its `where` to",
    ("decisions.py", "_SEEN"): "what a statement of the module adds its `where` to",
    ("decisions.py", "missed"): "names the tips that nobody reacted to in time",
    ("event_log.py", "_TOLD_ROW"): "events are told of everybody",
    ("event_log.py", "_TOLD_TIP"): "events are told of everybody",
    ("event_log.py", "_NEXT"): "consumers and operators read everybody's events",
    ("event_log.py", "read"): "consumers and operators read everybody's events",
    ("event_log.py", "find"): "consumers and operators read everybody's events",
    ("event_log.py", "count"): "counts everybody's events",
    ("event_log.py", "newest"): "counts everybody's events",
    ("event_log.py", "purge"): "retention",
    ("hourly.py", "begin"): "finds the oldest decision",
    ("hourly.py", "changed"): "finds the hours in which anybody's reactions fall",
    ("tasks.py", "purge_finished"): "retention",
    ("last_imports.py", "purge"): "retention",
    ("model_calls.py", "_USD"): "the budget in money is everybody's",
    ("model_calls.py", "_BY_MODEL"): "what a statement of the module adds its `where` to",
    ("model_calls.py", "purge"): "retention",
    ("writings.py", "purge"): "retention",
    ("writings.py", "judged"): "the writer learns from all who agreed to it",
    ("pooled_log.py", "pooled"): "fits what people who agreed to it have in common",
    ("models.py", "behind"): "names the people whose models are behind",
    ("models.py", "behind_since"): "counts since when people's models are behind",
    ("models.py", "every"): "the operator's check of all models",
    ("lags.py", "due_deliveries"): "counts what is to be sent",
    ("lags.py", "sources"): "counts everybody's connections",
    ("decisions.py", "with_outcomes"): "policies are evaluated on everybody's log",
    ("opinions.py", "pending"): "shadows speak of everybody's decisions",
    ("opinions.py", "every"): "the operator's check of all decisions",
    ("opinions.py", "of_policy"): "policies are evaluated on everybody's log",
    ("kept_profiles.py", "behind"): "names the people whose profiles are behind",
    ("delivery_moments.py", "_WAITING"): "names the people whose moment has come",
    ("delivery_moments.py", "said_since"): "names the people who allowed notifications",
    ("delivery_moments.py", "noticed"): "names the people who have just done something",
    ("delivery_log.py", "_PENDING"): "what a statement of the module adds its `where` to",
    ("delivery_log.py", "unsettled"): "names the pushes of which nothing is known to have come",
    ("delivery_log.py", "every"): "policies are checked and evaluated on everybody's log",
    ("delivery_log.py", "purge"): "retention",
    ("delivery_rewards.py", "every_state"): "the operator's check of all models",
    ("consents.py", "taken_back"): "names the people who switched something off",
    ("identities.py", "find"): "finds out who the person is",
    ("identities.py", "adopt"): "identities of before get the issuer of their provider",
    ("devices.py", "_leave_others"): "an address in a browser is that of who signed in last",
    ("devices.py", "end_by_token"): "finds out whose mail box it is",
    ("devices.py", "count_by_key"): "counts the devices that need each key",
    ("sendings.py", "_ARE_DUE"): "whether anything is to be sent",
    ("sendings.py", "pending"): "names what is to be sent",
    ("sendings.py", "due"): "names what is to be sent",
    ("deliveries.py", "purge"): "retention",
    ("data_keys.py", "list_not_under"): "rotation of the key-encryption key",
    ("data_keys.py", "one_of_each_master_key"): "the check of the master keys at the start",
    ("data_keys.py", "every"): "the operator's check of the master keys",
    ("data_keys.py", "_ANY"): "whether anything is sealed",
    ("data_keys.py", "lacking"): "names the people whose keys a restored store lacks",
}


class Code(NamedTuple):
    """A function, or a statement that a module builds once; each under its name."""

    file: str
    name: str
    node: ast.AST
    known: frozenset[str]


def code() -> list[Code]:
    found = []
    for path in sorted(FOLDER.glob("*.py")):
        module = ast.parse(path.read_text())
        top = [node for node in module.body if isinstance(node, ast.Assign)]
        known = frozenset(local_names(ast.Module(top, [])))
        for node in ast.walk(module):
            if isinstance(node, ast.AsyncFunctionDef):
                found.append(Code(path.name, node.name, node, known))
        for node in module.body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                found.append(Code(path.name, node.targets[0].id, node, known))
    return found


def local_names(tree: ast.AST) -> set[str]:
    """Names that stand for a person's table or its columns, as in ``c = candidates.c``."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                names = target.elts if isinstance(target, ast.Tuple) else [target]
                values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
                for name, value in zip(names, values, strict=False):
                    inner = value.value if isinstance(value, ast.Attribute) else value
                    of_person = isinstance(inner, ast.Name) and inner.id in PERSONAL | found
                    if isinstance(name, ast.Name) and of_person:
                        found.add(name.id)
    return found


def reads_personal_table(function: ast.AST, known: frozenset[str] = frozenset()) -> bool:
    """Whether the function selects from, updates or deletes from a person's table.

    `known` are the names that its module gives to such tables.
    """
    names = PERSONAL | known | local_names(function)
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            named = {a.id for a in ast.walk(node) if isinstance(a, ast.Name)}
            if node.func.id in {"select", "update", "delete"} and named & names:
                return True
    return False


def is_scoped(function: ast.AST) -> bool:
    """Whether a `where` compares a `user_id` with what the caller gave."""
    for node in ast.walk(function):
        is_where = (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "where"
        )
        if is_where and "user_id" in ast.unparse(node):
            return True
    return False


@pytest.mark.parametrize("code", code(), ids=lambda code: f"{code.file}:{code.name}")
def test_a_query_on_personal_data_is_scoped(code: Code) -> None:
    if not reads_personal_table(code.node, code.known) or (code.file, code.name) in ALL_PEOPLE:
        return
    assert is_scoped(code.node), f"{code.file}: {code.name} reads a person's table for anybody"


def test_the_rule_sees_an_unscoped_query() -> None:
    text = "async def f(c):\n    return await c.execute(select(tasks).where(tasks.c.id == 'x'))"
    function = ast.parse(text).body[0]
    assert reads_personal_table(function)
    assert not is_scoped(function)


def test_the_rule_sees_a_table_through_a_local_name() -> None:
    text = """async def f(connection):
    c, t = candidates.c, tasks.c
    return await connection.execute(select(c.content).where(c.id == 'x'))"""
    assert reads_personal_table(ast.parse(text).body[0])


def test_the_exceptions_exist() -> None:
    assert set(ALL_PEOPLE) <= {(one.file, one.name) for one in code()}
