"""A file dropped into the folder of its kind, for the length of a test."""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from unittest import mock


@contextmanager
def dropped(package: ModuleType, folder: Path, name: str, code: str) -> Iterator[None]:
    """As if `package` had a module `name` with this code, written to the empty `folder`."""
    (folder / f"{name}.py").write_text(code)
    module = f"{package.__name__}.{name}"
    with mock.patch.object(package, "__path__", [*package.__path__, str(folder)]):
        importlib.invalidate_caches()
        try:
            yield
        finally:
            sys.modules.pop(module, None)
            if hasattr(package, name):
                delattr(package, name)
