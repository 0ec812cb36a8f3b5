"""Reactions as they are logged: append-only, numbered per person."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

# what a row of the log is once its person has had erased what was learnt from it, and the row
# after those: from there on the fold begins anew
FORGOTTEN = "forgotten"
FRESH_START = "fresh_start"

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


class Forgotten(ValueError):
    """What a decision was made with has been erased since, at its person's wish."""


def check_known(reactions: Iterable[Reaction]) -> None:
    """Raise Forgotten when the state after these cannot be known any more."""
    unknown = False
    for reaction in reactions:
        unknown = reaction.action == FORGOTTEN or (unknown and reaction.action != FRESH_START)
    if unknown:
        raise Forgotten("what it was made with is erased")
