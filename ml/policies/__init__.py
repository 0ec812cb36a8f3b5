"""Bandit policies: one file each, exported as ``POLICY``; see :class:`oo.domain.policy.Policy`."""

import sys

from oo.domain.policies import Policy
from oo.kit.plugins import discover


def policies() -> dict[str, Policy]:
    """All policies by name."""
    return discover(sys.modules[__name__], "POLICY", Policy)  # type: ignore[type-abstract]  # mypy cannot pass a protocol as a type
