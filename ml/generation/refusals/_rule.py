"""The contract of a rule, and the way most of them are written."""

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of statement; `find` gives the words of a text that make such a statement."""

    name: str
    find: Callable[[str], list[str]]


def words_of(pattern: str) -> Callable[[str], list[str]]:
    """A finder by a verbose pattern, in any case, that begins and ends at words."""
    compiled = re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE | re.VERBOSE)
    return lambda text: [match[0] for match in compiled.finditer(text)]
