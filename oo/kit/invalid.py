"""What pydantic found wrong, in one line for a person."""

from collections.abc import Iterable, Mapping
from typing import Any


def in_words(errors: Iterable[Mapping[str, Any]], whole: str) -> str:
    """Each error with its place; `whole` names what has none, being wrong as a whole."""
    return "; ".join(f"{'.'.join(map(str, one['loc'])) or whole}: {one['msg']}" for one in errors)
