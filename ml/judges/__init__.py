"""Judges of tips, one file each, exported as ``JUDGE``: :class:`ml.simulation.judging.Judge`."""

import sys

from ml.simulation.judging import Judge
from oo.kit.plugins import discover


def judges() -> dict[str, Judge]:
    """All judges by name."""
    return discover(sys.modules[__name__], "JUDGE", Judge)  # type: ignore[type-abstract]  # mypy cannot pass a protocol as a type
