"""Dependencies by type: a plug-in's function names in its annotations what it needs."""

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar, get_type_hints

from oo.kit.errors import ConfigurationError

R = TypeVar("R")


class Provided:
    """The one value of each type that this process has to give.

    A contract (a Protocol) is a type like any other: the value given for it is what fulfils it.
    """

    def __init__(self, values: Mapping[Any, object]) -> None:
        self._values = dict(values)

    def to(self, function: Callable[..., R]) -> Callable[[], R]:
        """`function` with an argument for each parameter, chosen by its annotation.

        Raises ConfigurationError naming each parameter whose type nobody provides.
        """
        hints = get_type_hints(function)
        wanted = {name: hints.get(name) for name in inspect.signature(function).parameters}
        missing = [name for name, kind in wanted.items() if kind not in self._values]
        if missing:
            raise ConfigurationError(
                f"{function.__module__}.{function.__qualname__} needs what nobody provides:"
                f" {', '.join(f'{name}: {wanted[name]}' for name in missing)}."
            )
        return partial(function, **{name: self._values[kind] for name, kind in wanted.items()})
