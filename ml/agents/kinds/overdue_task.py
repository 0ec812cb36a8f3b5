"""Which late thing matters most: what is at stake times how late it is, not its date alone."""

from collections.abc import Iterator

from ml.activities.activity import Stake
from ml.agents.agent import Agent, Source
from ml.insights.insight import Insight, Scene, Work
from oo.domain.claims import Claim, Fact
from oo.domain.tips import TipKind

AT_STAKE = {Stake.LOW: 1, Stake.MEDIUM: 2, Stake.HIGH: 4}
MOST_DAYS = 30  # later still makes it no more pressing


def think(scene: Scene) -> Iterator[Insight]:
    """The weightiest late task, if more than its date speaks for it."""
    late = [work for work in scene.works if _days(work) > 0 or work.task.overdue_since]
    if not late:
        return
    first = max(late, key=_weight)
    if len(late) > 1 and len(late) == scene.context.overdue_count and _has_most(first, late):
        yield _insight("most_at_stake", first, 8.6, Claim(Fact.OVERDUE_COUNT, value=len(late)))
    elif first.is_sure and first.stake is Stake.HIGH and _days(first) > 1:
        yield _insight("not_to_leave", first, 7.8)
    activity = first.activity
    if activity is not None and first.is_sure and activity.involves_others and _days(first) > 1:
        yield _insight("somebody_waits", first, 7.6)


def _days(work: Work) -> int:
    return work.late or 0


def _weight(work: Work) -> int:
    return AT_STAKE[work.stake] * (1 + min(_days(work), MOST_DAYS))


def _has_most(first: Work, late: list[Work]) -> bool:
    """Whether more is at stake with it than with any other; of none may that be unknown."""
    others = [work for work in late if work is not first]
    return (
        first.stake is Stake.HIGH
        and _days(first) > 1
        and all(work.activity is not None and work.is_sure for work in late)
        and all(work.stake is not Stake.HIGH for work in others)
    )


def _insight(name: str, work: Work, weight: float, *claims: Claim) -> Insight:
    days = _days(work)
    claims = (work.claim(Fact.DAYS_LATE, days), *claims)
    return Insight(name, work, weight, claims, TipKind.REMINDER, {"days": days})


AGENT = Agent(
    "overdue_task",
    ("most_at_stake", "not_to_leave", "somebody_waits"),
    (Source.TASKS, Source.CLOCK, Source.KINDS_OF_WORK),
    60,
    think,
)
