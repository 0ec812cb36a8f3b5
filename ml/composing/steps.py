"""First steps for a task: for its very title, what that shows, its kind of work, or any."""

from random import Random
from typing import NamedTuple

from ml.activities.activity import Situation
from ml.activities.hint import hinted
from ml.activities.matching import Suiting
from ml.insights.insight import Insight, Scene, Work
from ml.languages.language import Language
from ml.naming.who import with_who

APT = 4.0  # a step that surely suits the very title, beside one that fits its kind of work
DOUBT = 1.0  # of it, for what is as likely as not to suit
HINTED = 1.0  # a step for what the title shows
OF_OTHER_KIND = 0.6  # from which probability on a step of another kind than the task's is said
UNKNOWN = -3.0  # a step for anything: another one for a task that is known says more
SOON_DAYS = 2
WAITING_DAYS = 10


class Step(NamedTuple):
    """A first step for a task: of which kind of work it is, and how apt for that very title.

    One that `is_for_title` can open a tip, with the title beside it; others read well only after
    a sentence that names the task.
    """

    text: str
    activity: str | None = None
    apt: float = 0.0
    is_for_title: bool = False


NO_STEP = Step("")


def situation_of(work: Work, scene: Scene) -> Situation:
    """How the task stands, as far as the first step depends on it."""
    if scene.is_night:
        return Situation.NIGHT
    if work.late is None:
        waits = (work.task.age_days or 0) >= WAITING_DAYS
        return Situation.WAITING if waits else Situation.FRESH
    if work.late > 0 or work.task.overdue_since is not None:
        return Situation.LATE
    return Situation.SOON if work.late >= -SOON_DAYS else Situation.FRESH


def _fits(one: Suiting, work: Work) -> bool:
    """Whether the case is of the task's kind of work, or is very near.

    Where the kind is not known or not sure, a step of another that is merely likely is often a step
    for another errand; what serves then is a decision.
    """
    return one.case.activity == work.kind or one.probability >= OF_OTHER_KIND


def steps_for(insight: Insight, scene: Scene, language: Language, random: Random) -> list[Step]:
    """The steps for the task of an insight, the aptest first."""
    work = insight.work
    assert work is not None  # noqa: S101 - an insight without a task stands alone
    situation = situation_of(work, scene)
    apt: list[Step] = []
    if situation is not Situation.NIGHT:
        apt += [
            Step(
                with_who(one.case.step, work.task.title, language.code),
                one.case.activity,
                APT * one.probability - DOUBT,
                True,
            )
            for one in work.suiting
            if _fits(one, work)
        ]
        shown = hinted(work.task.title, language.code, work.kind)
        apt += [Step(text, work.kind, HINTED, True) for text in shown]
    apt.sort(key=lambda step: -step.apt)
    kind = work.activity if work.is_likely else None
    known = () if kind is None else kind.steps(language.code, situation)
    texts = known or language.unknown[situation]
    other = [Step(text, work.kind, 0.0 if known else UNKNOWN) for text in texts]
    return [*apt, *random.sample(other, len(other))]
