"""Plug-ins: one file in the folder of its kind, found by its place and its exported name."""

import importlib
import pkgutil
from types import ModuleType
from typing import Protocol, TypeVar


class Named(Protocol):
    """What every plug-in has."""

    @property
    def name(self) -> str: ...


P = TypeVar("P", bound=Named)


class BrokenPlugin(RuntimeError):
    """A file in a plug-in folder that does not hold a plug-in; oO refuses to start with it."""


def discover_all(package: ModuleType, export: str, contract: type[P]) -> list[P]:
    """Import each module of `package` and collect what is in its `export`, several per module.

    Modules without that name are helpers. Raises :class:`BrokenPlugin` when a module fails to
    import or exports something else.
    """
    found: list[P] = []
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
        path = f"{package.__name__}.{info.name}"
        try:
            plugins = getattr(importlib.import_module(path), export, ())
        except Exception as error:
            raise BrokenPlugin(f"{path}: cannot load {export}: {error!r}") from error
        if not isinstance(plugins, tuple) or not all(isinstance(one, contract) for one in plugins):
            raise BrokenPlugin(f"{path}: {export} is not a tuple of {contract.__name__}")
        found.extend(plugins)
    return found


def discover(package: ModuleType, export: str, contract: type[P], only: str = "") -> dict[str, P]:
    """Import each module of `package` and collect its `export`, keyed by the plug-in's `name`.

    Modules whose name starts with an underscore are helpers. With `only`, the module of that name
    is imported and no other, if there is one. Raises :class:`BrokenPlugin` when
    a module fails to import, exports nothing, exports the wrong type or takes a used name.
    """
    found: dict[str, P] = {}
    names = (info.name for info in pkgutil.iter_modules(package.__path__))
    modules = sorted(name for name in names if not name.startswith("_"))
    for name in [only] if only in modules else modules:
        path = f"{package.__name__}.{name}"
        try:
            plugin = getattr(importlib.import_module(path), export)
        except Exception as error:
            raise BrokenPlugin(f"{path}: cannot load {export}: {error!r}") from error
        if not isinstance(plugin, contract):
            raise BrokenPlugin(f"{path}: {export} is not a {contract.__name__}")
        if plugin.name in found:
            raise BrokenPlugin(f"{path}: the name {plugin.name!r} is taken")
        found[plugin.name] = plugin
    return found
