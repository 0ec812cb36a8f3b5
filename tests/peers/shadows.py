"""Policies in shadow as a test says them, and policies that are hindered."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from oo.domain.policies import Policy, Scored
from oo.recommend.ports import Shadow
from oo.recommend.shadow_opinions import ShadowOpinions


class InShadow:
    """The policies that are in shadow, until a test says others."""

    def __init__(self, policies: Iterable[Policy], since: datetime) -> None:
        self.set(policies, since)

    def set(self, policies: Iterable[Policy], since: datetime) -> None:
        self._shadows = [Shadow(policy, since) for policy in policies]

    async def current(self) -> list[Shadow]:
        return self._shadows


class Hindered:
    """A policy that does something else first, whenever it scores."""

    def __init__(self, policy: Policy, first: Callable[[], object]) -> None:
        self._policy = policy
        self._first = first

    def __getattr__(self, name: str) -> Any:
        return getattr(self._policy, name)

    def score(self, *args: Any, **kwargs: Any) -> Scored:
        self._first()
        return self._policy.score(*args, **kwargs)


async def ask_all(opinions: ShadowOpinions) -> int:
    """Ask until nothing more is said; how many opinions that made."""
    total = 0
    while said := await opinions.ask():
        total += said
    return total
