"""Calls of language models: what came of each, what it cost, and what a person's may cost (E9)."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

BUCKETS_S = (0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3.0, 6.0, 12.0, 25.0, 60.0)
"""Upper bounds of the histogram of latencies; one more bucket takes what is longer."""

TIPS = "tips"  # the purpose of a call that writes a person's candidates


class Place(StrEnum):
    """Where a model runs: on what the operator holds, or at somebody else's."""

    LOCAL = "local"
    CLOUD = "cloud"


class Outcome(StrEnum):
    """How a call ended; all but the first are failures."""

    ANSWERED = "answered"
    LATE = "late"
    LIMITED = "limited"  # 429: too many calls
    MISSING = "missing"  # 404: no such model
    DENIED = "denied"  # 401, 403
    REJECTED = "rejected"  # another 4xx: the call is wrong
    MALFORMED = "malformed"  # an answer that is none, or an empty one
    AWAY = "away"


class ModelCall(NamedTuple):
    """One call; `accepted` and `refused` are the tips in its answer, by the gate's judgement."""

    alias: str
    model: str
    place: Place
    prompt_version: str
    purpose: str
    outcome: Outcome
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0
    latency_s: float = 0.0
    accepted: int = 0
    refused: int = 0


class Spent(NamedTuple):
    """What has been used since midnight UTC: tokens of one person, US dollars of everybody."""

    local_tokens: int = 0
    cloud_tokens: int = 0
    usd: float = 0.0

    def tokens(self, place: Place) -> int:
        """Those of the models at one place."""
        return self.local_tokens if place is Place.LOCAL else self.cloud_tokens

    def plus(self, calls: Sequence[ModelCall]) -> "Spent":
        """With these calls of the same person."""
        local, cloud, usd = self
        for call in calls:
            tokens = call.prompt_tokens + call.completion_tokens
            local += tokens if call.place is Place.LOCAL else 0
            cloud += tokens if call.place is Place.CLOUD else 0
            usd += call.cost_usd
        return Spent(local, cloud, usd)


class Terms(NamedTuple):
    """On what terms models are asked for a person."""

    cloud_consent: bool = False
    spent: Spent = Spent()


NO_CLOUD = Terms()
"""The terms of somebody who agreed to nothing and has used nothing."""


def bucket_of(latency_s: float) -> int:
    """The index of the histogram's bucket."""
    return sum(latency_s > bound for bound in BUCKETS_S)


def quantile(buckets: Sequence[int], share: float) -> float | None:
    """The latency in seconds below which that share of the calls is; None without calls.

    Linear within a bucket, as histogram_quantile of Prometheus; the last one gives its lower bound.
    """
    wanted, seen = share * sum(buckets), 0
    if not wanted:
        return None
    for index, count in enumerate(buckets[:-1]):
        if count and seen + count >= wanted:
            lower = BUCKETS_S[index - 1] if index else 0.0
            return lower + (BUCKETS_S[index] - lower) * (wanted - seen) / count
        seen += count
    return BUCKETS_S[-1]
