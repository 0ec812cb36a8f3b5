"""Reads of everybody: only in `oo/store/everyone`, only with the proof that a role was checked."""

import ast
from pathlib import Path

import pytest

import oo
from oo.store import everyone
from tests.unit.store.test_scoped_queries import reads_personal_table

ROOT = Path(oo.__file__).parent
FOLDER = Path(everyone.__file__).parent
FUNCTIONS = [
    (path.name, node)
    for path in sorted(FOLDER.glob("*.py"))
    for node in ast.walk(ast.parse(path.read_text()))
    if isinstance(node, ast.AsyncFunctionDef)
]


@pytest.mark.parametrize(("file", "function"), FUNCTIONS, ids=lambda it: getattr(it, "name", it))
def test_every_query_asks_for_the_proof(file: str, function: ast.AsyncFunctionDef) -> None:
    proofs = [
        arg.arg
        for arg in function.args.args
        if isinstance(arg.annotation, ast.Name) and arg.annotation.id == "AdminRead"
    ]
    assert proofs == ["by"], f"{file}: {function.name}"


def test_the_proof_is_made_in_one_place() -> None:
    makers = [
        path.relative_to(ROOT).as_posix()
        for path in ROOT.rglob("*.py")
        if "AdminRead(" in path.read_text()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "AdminRead"
    ]
    assert makers == ["domain/console.py"]


def test_nothing_there_writes() -> None:
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            assert not (called and node.func.id in {"insert", "update", "delete"}), path.name


def test_the_rule_would_see_a_query() -> None:
    text = "async def f(connection):\n    return await connection.execute(select(tip_scores))"
    assert reads_personal_table(ast.parse(text).body[0])
