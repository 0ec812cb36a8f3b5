"""What a tip may not say however it is put: one file per kind, exported as ``RULE``."""

import sys
from functools import cache

from ml.generation.refusals._rule import Rule
from oo.kit.plugins import discover


@cache
def rules() -> dict[str, Rule]:
    """All rules by name."""
    return discover(sys.modules[__name__], "RULE", Rule)


def refused(prose: str) -> list[str]:
    """Why `prose` (quoted titles taken out: they are the person's own words) may not stand."""
    return [f"{rule.name}: {words}" for rule in rules().values() for words in rule.find(prose)]
