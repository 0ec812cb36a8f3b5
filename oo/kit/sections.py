"""The settings of plug-ins, gathered by plug-in from wherever they are given.

The settings tree knows no plug-in. A variable ``OO_<NAME>__<FIELD>`` whose name is no field of the
tree belongs to the section of the plug-in of that name.
"""

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource

from oo.kit.errors import ConfigurationError

PREFIX = "oo_"
NESTED = "__"


class SectionsFromEnvironment(PydanticBaseSettingsSource):
    """Reads sections from the process's environment, where other names are not looked at."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        flat = {
            name.lower().removeprefix(PREFIX): value
            for name, value in os.environ.items()
            if name.lower().startswith(PREFIX)
        }
        nested = {name: value for name, value in flat.items() if NESTED in name.strip("_")}
        return {"sections": gathered(nested, self.settings_cls.model_fields).get("sections", {})}


def gathered(data: Any, fields: Collection[str]) -> Any:
    """`data` with what belongs to sections moved there.

    A section is given as ``{"todoist": {"client_id": …}}`` by code, as ``{"sections": …}`` by the
    environment and as ``{"oo_todoist__client_id": …}`` by a file: the first that says something
    of a field wins.
    """
    if not isinstance(data, Mapping):
        return data
    kept: dict[str, Any] = {}
    by_code: dict[str, Mapping[str, Any]] = {}
    by_file: dict[str, dict[str, Any]] = {}
    for given, value in data.items():
        name = str(given).removeprefix(PREFIX)
        head, _, tail = name.partition(NESTED)
        if head in fields:
            kept[name] = value
        elif tail:
            by_file.setdefault(head, {})[tail] = value
        elif isinstance(value, Mapping):
            by_code[head] = value
        else:
            kept[name] = value
    by_environment = kept.pop("sections", {})
    sections = {
        name: {**by_file.get(name, {}), **by_environment.get(name, {}), **by_code.get(name, {})}
        for name in (*by_file, *by_environment, *by_code)
    }
    return {**kept, "sections": sections} if sections else kept


@contextmanager
def named(prefix: str) -> Iterator[None]:
    """Turn what pydantic finds wrong into a ConfigurationError that names the variables."""
    try:
        yield
    except ValidationError as error:
        wrong = "; ".join(
            f"{prefix}{NESTED.join(str(part) for part in item['loc'])}".upper() + f": {item['msg']}"
            for item in error.errors()
        )
        raise ConfigurationError(wrong) from error
