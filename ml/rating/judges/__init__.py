"""Judges of tips, one file each, exported as ``JUDGE``: :class:`ml.rating.judging.TipJudge`."""

import sys

from ml.rating.judging import TipJudge
from oo.kit.plugins import discover


def tip_judges() -> dict[str, TipJudge]:
    """All judges of tips by name."""
    return discover(sys.modules[__name__], "JUDGE", TipJudge)  # type: ignore[type-abstract]  # mypy cannot pass a protocol as a type
