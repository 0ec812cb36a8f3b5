"""Reactions as they are logged: append-only, numbered per person."""

from dataclasses import dataclass
from datetime import datetime, timedelta

LATE_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Reaction:
    """One logged reaction. `late` ones are kept but not learnt from.

    `features` are those of the tip that was shown, `user_seq` counts the person's reactions from 1.
    `action` is a gesture, or an outcome that oO noticed by itself. A tip may have several, counted
    by `revision`: one that `replaces` a provisional reward, or one that came late. Its weight
    fades from `learned_at` on: when the first of the tip's reactions was learnt.
    """

    user_id: str
    user_seq: int
    tip_id: str
    action: str
    dwell_ms: int
    reward: float
    late: bool
    features: dict[str, float]
    idempotency_key: str
    created_at: datetime
    learned_at: datetime
    revision: int = 0
    replaces: float | None = None
