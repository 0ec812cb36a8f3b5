"""What a decision came to within a day: the reward that evaluation counts.

Within that day only tips that somebody reacted to have a reward, so which decisions have one
depends on what was chosen, and no weight undoes that. Afterwards every tip that was seen has one,
and nothing that happens later changes it: terms that a bound was computed from stay as they were.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from oo.domain.decisions import LoggedDecision
from oo.domain.reactions import LATE_AFTER
from oo.domain.rewards import MISSED_REWARD, Outcome

SETTLED_AFTER = LATE_AFTER + timedelta(hours=1)  # what was under way has been logged by then


def is_settled(decision: LoggedDecision, now: datetime) -> bool:
    """Whether all is known of what came of it within its day."""
    return now - decision.created_at >= SETTLED_AFTER


def within_a_day(decision: LoggedDecision, now: datetime) -> LoggedDecision:
    """The decision with the reward of its first day: that of a reaction, else the default if the
    tip was seen and the day is over, else none.

    A task that is finished elsewhere later is learnt, but would make old decisions worth more than
    young ones here.
    """
    end = decision.created_at + LATE_AFTER
    if decision.reacted_at is not None and decision.reacted_at <= end:
        return decision
    if decision.seen_at is None or decision.seen_at > end or now <= end:
        return replace(decision, reward=None, action=None, reacted_at=None)
    return replace(decision, reward=MISSED_REWARD, action=Outcome.MISSED.value, reacted_at=end)
