"""Reading YAML files of our own, by the parser in C where there is one: several times as fast."""

from pathlib import Path
from typing import Any

import yaml

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path) -> Any:
    """What the file holds. Raises OSError or yaml.YAMLError."""
    return read_text(path.read_text("utf-8"))


def read_text(text: str) -> Any:
    """What the text says. Raises yaml.YAMLError."""
    return yaml.load(text, _LOADER)  # noqa: S506 - both loaders are safe ones
