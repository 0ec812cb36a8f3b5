"""Estimators of a policy's value: one file each, exported as ``ESTIMATOR``."""

import sys
from functools import cache

from ml.ope.estimator import Estimator
from oo.kit.plugins import discover


@cache
def estimators() -> dict[str, Estimator]:
    """Every estimator with its default hyper-parameters, by name."""
    return discover(sys.modules[__name__], "ESTIMATOR", Estimator)  # type: ignore[type-abstract]  # mypy cannot pass a protocol as a type
