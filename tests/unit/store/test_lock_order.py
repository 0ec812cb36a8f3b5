"""Whoever writes a person's lists locks the person's row first, in the same transaction."""

import ast
from pathlib import Path

import pytest

import oo

FOLDER = Path(oo.__file__).parent
LOCKS = {"users.lock", "users.lock_one", "users.lock_alone"}
WRITES = {
    "tasks.put",
    "tasks.remove",
    "tasks.mark_completed",
    "kinds.put",
    "kinds.remove",
    "kinds.remove_source",
    "reconcile.apply",
    "self._write",  # a slice of an import
    "self._write_new",
    "candidates.add",
    "candidates.replace",
    "feedback.append",
    "feedback.apply_effects",
    "last_imports.restore",
    "forget.what_was_said_of",
    "forget.what_was_said_of_tasks",
}
BEGINS = (".write()", ".write_hot()")
FOUND = [
    (path, node)
    for path in sorted(FOLDER.rglob("*.py"))
    for node in ast.walk(ast.parse(path.read_text()))
    if isinstance(node, ast.AsyncWith) and ast.unparse(node.items[0].context_expr).endswith(BEGINS)
]


def breaks_the_order(block: ast.AST) -> bool:
    """Whether a list is written in the transaction before, or without, locking its person."""
    calls = [node for node in ast.walk(block) if isinstance(node, ast.Call)]
    lines = {name: node.lineno for node in reversed(calls) if (name := ast.unparse(node.func))}
    written = [line for name, line in lines.items() if name in WRITES]
    locked = [line for name, line in lines.items() if name in LOCKS]
    return bool(written) and (not locked or min(locked) > min(written))


@pytest.mark.parametrize(
    ("path", "block"), FOUND, ids=[f"{path.name}:{block.lineno}" for path, block in FOUND]
)
def test_the_person_is_locked_first(path: Path, block: ast.AsyncWith) -> None:
    assert not breaks_the_order(block), f"{path}:{block.lineno} writes before it locks the person"


def test_the_rule_sees_a_write_without_a_lock() -> None:
    text = "async with db.write() as c:\n    await tasks.put(c, 'ada', [])\n"
    late = f"{text}    await users.lock(c, ['ada'])\n"
    for body in (text, late):
        assert breaks_the_order(ast.parse(f"async def f():\n{body}".replace("\n", "\n    ")))
