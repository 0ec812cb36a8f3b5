"""Decisions: as they are made, as a reaction sees them, and as they are read from the log."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from oo.domain.policies import PolicyRef
from oo.domain.tips import TipCandidate


class Opinion(NamedTuple):
    """What a shadow would have picked out of a decision's candidates, knowing what it knew."""

    tip_id: str
    user_id: str
    policy: str
    policy_version: str
    state_seq: int
    chosen: int
    propensities: list[float]
    scores: list[float]


@dataclass(frozen=True, slots=True)
class Decision:
    """One served tip. The lists have one entry per candidate; `chosen` indexes them.

    `features` holds every registered feature by name. `state_seq` is the number of the person's
    reactions in the state that scored. `degraded` says why the policy in force did not pick.
    """

    id: str
    user_id: str
    created_at: datetime
    candidate: TipCandidate
    candidate_ids: list[str]
    chosen: int
    policy: str
    policy_version: str
    seed: int
    state_seq: int
    propensities: list[float]
    scores: list[float]
    features: Mapping[str, list[float]]
    degraded: str | None
    latency_ms: float


class Shown(NamedTuple):
    """The part of a decision that a reaction needs."""

    user_id: str
    created_at: datetime
    kind: str
    task_id: str | None
    candidate_id: str
    features: dict[str, float]


class Seen(NamedTuple):
    """A tip that the person really saw, with the features that a reaction to it teaches."""

    id: str
    user_id: str
    created_at: datetime
    features: dict[str, float]


class Logged(NamedTuple):
    """The part of a decision that making it again needs, and what it came to."""

    id: str
    user_id: str
    created_at: datetime
    content: str
    policy: PolicyRef
    seed: int
    state_seq: int
    features: Mapping[str, list[float]]
    chosen: int
    propensities: list[float]
    scores: list[float]
    degraded: str | None


@dataclass(frozen=True, slots=True)
class LoggedDecision:
    """One decision and its outcome. Lists have one entry per candidate; `chosen` indexes them.

    `kind`, `model` and `prompt_version` are those of the chosen candidate. `reward`, `action` and
    `reacted_at` are those of the last reaction that was learnt, None without one: what came too
    late changes nothing. `seen_at` is when the person saw the tip, `joined_at` when they
    came to oO. `degraded` says why the policy
    in force did not pick; the propensities are those of the choice that was made.
    """

    id: str
    user_id: str
    created_at: datetime
    timezone: str
    joined_at: datetime
    kind: str
    model: str
    prompt_version: str
    candidate_ids: list[str]
    chosen: int
    policy: str
    policy_version: str
    seed: int
    state_seq: int
    propensities: list[float]
    features: Mapping[str, list[float]]
    degraded: str | None
    reward: float | None
    action: str | None
    reacted_at: datetime | None
    seen_at: datetime | None


class Online(NamedTuple):
    """What a shadow said of a decision, knowing `state_seq` reactions."""

    state_seq: int
    propensities: list[float]
