"""Decisions to speak or not as they are logged, and the words that tell why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from oo.domain.interruptions import MomentKind, PushOutcome


@dataclass(frozen=True, slots=True)
class DeliveryDecision:
    """One decision. The lists have an entry per arm: silence, then speaking; `chosen` is 0 or 1.

    `features` holds every feature by name, `state_seq` is the number of the person's outcomes in
    the state that scored. `tip_id` is what is sent; `unsent` says why it was not.
    """

    id: str
    user_id: str
    created_at: datetime
    moment: MomentKind
    policy: str
    policy_version: str
    seed: int
    state_seq: int
    features: Mapping[str, list[float]]
    chosen: int
    propensities: list[float]
    scores: list[float]
    tip_id: str | None = None
    delivery_id: str | None = None
    unsent: str | None = None
    outcome: PushOutcome | None = None
    reward: float | None = None


class Pending(NamedTuple):
    """A tip that was sent, as what came of it is joined to it."""

    id: str
    user_id: str
    created_at: datetime
    tip_id: str
    features: dict[str, float]
    reward: float | None


class Sent(NamedTuple):
    """One line of "what was sent when and why"; `content` is empty once its words are erased."""

    at: datetime
    moment: MomentKind
    content: str
    outcome: PushOutcome | None
    unsent: str | None


def because(moment: MomentKind, at: datetime) -> str:
    """Why oO spoke up then, as the person is told; `at` is local."""
    words: Mapping[MomentKind, str] = {
        MomentKind.USUAL_HOUR: f"because you are usually free at {at:%-H}",
        MomentKind.GAP: "because a meeting had just ended",
        MomentKind.DUE_SOON: "because something was due within the hour",
        MomentKind.AFTER_COMPLETION: "because you had just finished something",
        MomentKind.IDLE: "because you had just paused",
        MomentKind.AFTER_QUIET: "because a quiet time had just ended",
    }
    return words[moment]
