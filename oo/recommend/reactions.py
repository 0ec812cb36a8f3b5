"""The border for reactions: one group-committed transaction, and only then an answer.

Checks of ownership and repetition happen under the lock of the person's row, so ten copies of one
request have one effect and one answer, whichever replica they reach.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from oo.domain.decisions import Shown
from oo.domain.reactions import LATE_AFTER, Reaction
from oo.domain.rewards import Action, Outcome, reward
from oo.kit.clock import Clock
from oo.kit.coalesce import Coalescer, Take
from oo.kit.errors import Conflict, NotFound, OoError, Unauthorized
from oo.store import decisions, feedback, users
from oo.store.database import Database
from oo.store.feedback import Effect
from oo.store.users import Person

SNOOZE_FOR = timedelta(hours=2)
DISMISS_TASK_FOR = timedelta(hours=20)
LINGER_S = 0.003


class ReactionRequest(NamedTuple):
    """A person's reaction to a tip; `dwell_ms` is how long the tip was visible."""

    user_id: str
    tip_id: str
    action: Action
    dwell_ms: int
    idempotency_key: str


class Acknowledged(NamedTuple):
    """The one answer to a reaction, however often it is sent.

    `fresh` is true for the request that wrote it. `task_id` is the task that the tip spoke of.
    """

    tip_id: str
    action: Action
    reward: float
    user_seq: int
    late: bool
    task_id: str | None
    fresh: bool


@dataclass(slots=True)
class _Batch:
    """What one transaction has read and what it will write."""

    people: dict[str, Person]
    tips: dict[str, Shown]
    by_key: dict[tuple[str, str], Reaction]
    by_tip: dict[str, Reaction]  # the newest one of each tip
    sequence: dict[str, int]
    reactions: list[Reaction]
    effects: list[Effect]


class Reactions:
    """Accepts reactions; concurrent ones share a commit."""

    def __init__(self, db: Database, clock: Clock, max_batch: int = 256) -> None:
        self._db = db
        self._clock = clock
        self._commits: Coalescer[ReactionRequest, Acknowledged] = Coalescer(
            self._commit, max_batch, LINGER_S, name="reactions.commit"
        )

    async def accept(self, request: ReactionRequest) -> Acknowledged:
        """Log a reaction exactly once; it is durable when this returns.

        Raises NotFound for a tip that is not the person's, Conflict for a key that was used with
        another body and for a tip that has its reaction already, Unauthorized for a deleted person.
        """
        return await self._commits.submit(request)

    async def _commit(self, take: Take[ReactionRequest]) -> list[Acknowledged | Exception]:
        async with self._db.write_hot() as connection:
            requests, now = take(), self._clock.now()
            user_ids = {request.user_id for request in requests}
            tip_ids = {request.tip_id for request in requests}
            keys = {request.idempotency_key for request in requests}
            people = await users.lock(connection, user_ids)
            known = await feedback.known(connection, user_ids, keys, tip_ids)
            batch = _Batch(
                people=people,
                tips=await decisions.shown(connection, user_ids, tip_ids),
                by_key={(r.user_id, r.idempotency_key): r for r in known},
                by_tip={r.tip_id: r for r in known},
                sequence={user_id: person.user_seq for user_id, person in people.items()},
                reactions=[],
                effects=[],
            )
            answers: list[Acknowledged | Exception] = []
            for request in requests:
                try:
                    answers.append(_accept_one(batch, request, now))
                except OoError as error:
                    answers.append(error)
            if batch.reactions:
                await feedback.append(connection, batch.reactions)
                await feedback.apply_effects(connection, batch.effects, now)
        return answers


def _accept_one(batch: _Batch, request: ReactionRequest, now: datetime) -> Acknowledged:
    person = batch.people.get(request.user_id)
    if person is None or person.deleted:
        raise Unauthorized("This account no longer exists.")
    tip = batch.tips.get(request.tip_id)
    earlier = batch.by_key.get((request.user_id, request.idempotency_key))
    if earlier is not None:
        if _body(earlier) != (request.tip_id, request.action, request.dwell_ms):
            raise Conflict(
                "This Idempotency-Key was already used with another body; use a new key."
            )
        return _answer(earlier, tip, fresh=False)
    if tip is None or tip.user_id != request.user_id:
        raise NotFound("There is no such tip.")
    latest = batch.by_tip.get(request.tip_id)
    if latest is not None and latest.action not in set(Outcome):
        raise Conflict("This tip already has its reaction.")
    sequence = batch.sequence[request.user_id] + 1
    reaction = Reaction(
        user_id=request.user_id,
        user_seq=sequence,
        tip_id=request.tip_id,
        action=request.action.value,
        dwell_ms=request.dwell_ms,
        reward=reward(request.action, request.dwell_ms / 1000),
        # what oO noticed by itself has been learnt in place of this: once is enough
        late=latest is not None or now - tip.created_at > LATE_AFTER,
        features=tip.features,
        idempotency_key=request.idempotency_key,
        created_at=now,
        learned_at=now,
        revision=0 if latest is None else latest.revision + 1,
    )
    batch.sequence[request.user_id] = sequence
    batch.by_key[request.user_id, request.idempotency_key] = reaction
    batch.by_tip[request.tip_id] = reaction
    batch.reactions.append(reaction)
    batch.effects.append(_effect(request, tip, now))
    return _answer(reaction, tip, fresh=True)


def _body(reaction: Reaction) -> tuple[str, str, int]:
    return reaction.tip_id, reaction.action, reaction.dwell_ms


def _answer(reaction: Reaction, tip: Shown | None, *, fresh: bool) -> Acknowledged:
    return Acknowledged(
        reaction.tip_id,
        Action(reaction.action),
        reaction.reward,
        reaction.user_seq,
        reaction.late,
        tip.task_id if tip else None,
        fresh,
    )


def _effect(request: ReactionRequest, tip: Shown, now: datetime) -> Effect:
    hold = {
        Action.DONE: None,
        Action.SNOOZE: now + SNOOZE_FOR,
        Action.DISMISS: now + DISMISS_TASK_FOR,
    }[request.action]
    return Effect(
        user_id=request.user_id,
        candidate_id=tip.candidate_id,
        task_id=tip.task_id,
        hold_until=hold,
    )
