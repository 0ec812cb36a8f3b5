"""Delivery policies: one file each, exported as ``POLICY``; see :mod:`oo.domain.interruptions`."""

import sys

from oo.domain.policies import Policy
from oo.kit.plugins import discover


def delivery_policies() -> dict[str, Policy]:
    """All delivery policies by name."""
    return discover(sys.modules[__name__], "POLICY", Policy)  # type: ignore[type-abstract]  # mypy cannot pass a protocol as a type
