"""Discovery: a file in the right folder is a plug-in, a broken one stops the start."""

import importlib
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from oo.kit.plugins import BrokenPlugin, discover


@dataclass
class Thing:
    name: str


def package(folder: Path, files: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    root = folder / f"plugins_{abs(hash(tuple(files)))}"
    root.mkdir()
    for name, text in {"__init__.py": "", **files}.items():
        (root / name).write_text(text)
    monkeypatch.syspath_prepend(str(folder))
    importlib.invalidate_caches()
    sys.modules.pop(root.name, None)
    return importlib.import_module(root.name)


MAKE = "from tests.unit.kit.test_plugins import Thing\nTHING = Thing({!r})\n"


def test_each_file_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"a.py": MAKE.format("first"), "b.py": MAKE.format("second"), "_help.py": "1 / 0"}
    found = discover(package(tmp_path, files, monkeypatch), "THING", Thing)
    assert list(found) == ["first", "second"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("", "cannot load THING"),
        ("THING = 3", "is not a Thing"),
    ],
)
def test_a_broken_file_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str
) -> None:
    with pytest.raises(BrokenPlugin, match=message):
        discover(package(tmp_path, {f"x{len(text)}.py": text}, monkeypatch), "THING", Thing)


def test_a_name_is_taken_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"c.py": MAKE.format("same"), "d.py": MAKE.format("same")}
    with pytest.raises(BrokenPlugin, match="taken"):
        discover(package(tmp_path, files, monkeypatch), "THING", Thing)
