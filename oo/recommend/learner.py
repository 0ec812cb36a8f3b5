"""The learner: keeps people's states in memory, folds new reactions in, and decides.

Memory is a cache of the log: **state = fold(log)**. A request names the person's newest reaction
number, so a decision never misses one that was acknowledged before it; what a crash loses is
folded again. States are written behind, fenced by compare-and-set (`oo.store.models.save`).
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from oo.domain.fold import fold, posterior_on
from oo.domain.policies import Policy
from oo.domain.reactions import Reaction
from oo.domain.statistics import Statistics
from oo.kit import tracing
from oo.kit.clock import Clock
from oo.kit.pseudonym import mark
from oo.recommend.scoring import Belief, Choice, ScoreRequest, score_all, score_one
from oo.store import feedback, models
from oo.store.database import Database
from oo.store.models import StoredModel

log = logging.getLogger(__name__)

PEOPLE_PER_READ = 500
REACTIONS_PER_SLICE = 250  # some milliseconds of folding
FOLDED_AT_ONCE = 200


@dataclass(slots=True)
class _Model:
    statistics: Statistics
    applied_seq: int
    posterior: Any = field(default=None)
    day: int = 0  # for which the posterior holds


class Learner:
    """One shard's states under one policy. Not thread-safe: one event loop owns it."""

    def __init__(self, db: Database, policy: Policy, clock: Clock, capacity: int = 50_000) -> None:
        self._db = db
        self._policy = policy
        self._clock = clock
        self._capacity = capacity
        self._models: OrderedDict[str, _Model] = OrderedDict()
        self._dirty: set[str] = set()
        self._folding: dict[str, asyncio.Task[dict[str, _Model | Exception]]] = {}

    @property
    def policy(self) -> Policy:
        """The policy that scores."""
        return self._policy

    @property
    def people(self) -> int:
        """How many people's states are in memory."""
        return len(self._models)

    async def score(self, requests: Sequence[ScoreRequest]) -> list[Choice | Exception]:
        """Pick one candidate per request, with states that hold every reaction up to `user_seq`.

        Only somebody who lacks more than FOLDED_AT_ONCE reactions, as everybody may after another
        policy came into force, is scored by the state as it is, and folded behind: the choice says
        how many it knew. A person whose state cannot be read gets the error, nobody else does.
        """
        wanted: dict[str, int] = {}
        for request in requests:  # one batch may hold a person twice, the older request last
            wanted[request.user_id] = max(request.user_seq, wanted.get(request.user_id, 0))
        models = await self._open(wanted)
        near, far = dict[str, int](), dict[str, int]()
        for user, model in models.items():
            if isinstance(model, _Model):
                lacks = wanted[user] - model.applied_seq
                (far if lacks > FOLDED_AT_ONCE else near)[user] = wanted[user]
        models |= await self._fold({user: models[user] for user in near}, near)
        if far:
            self._fold_behind(far)
        with tracing.span("score"):
            beliefs = [self._belief(request, models[request.user_id]) for request in requests]
            return score_all(self._policy, requests, beliefs)

    async def score_at(self, request: ScoreRequest) -> Choice:
        """Pick with exactly the reactions up to `user_seq`, as a decision that was made knew them.

        Ask in that order: a state that knows more is folded again from the first reaction on.
        Raises what keeps the person's state from being read.
        """
        user, wanted = request.user_id, {request.user_id: request.user_seq}
        found = await self._open(wanted)
        model = found[user]
        if isinstance(model, _Model) and model.applied_seq > request.user_seq:
            found[user] = self._models[user] = self._restore(None)
        model = (await self._fold(found, wanted))[user]
        if isinstance(model, Exception):
            raise model
        if model.applied_seq != request.user_seq:
            raise ValueError(f"the log of {user} does not reach {request.user_seq}")
        return score_one(self._policy, request, self._known(request, model))

    async def catch_up(self, wanted: Mapping[str, int]) -> "dict[str, _Model | Exception]":
        """Fold the log until each person's state has at least `wanted[user_id]` reactions.

        A slice of the log at a time, so that others are scored in between.
        """
        return await self._fold(await self._open(wanted), wanted)

    async def _fold(
        self, found: "dict[str, _Model | Exception]", wanted: Mapping[str, int]
    ) -> "dict[str, _Model | Exception]":
        """`found`, as `_open` gave it, with each state folded up to `wanted[user_id]`."""
        lagging = {
            user: wanted[user]
            for user, model in found.items()
            if isinstance(model, _Model) and model.applied_seq < wanted[user]
        }
        if not lagging:
            return found
        with tracing.span("fold"):
            while lagging:
                part = _slice(lagging, found)
                async with self._db.read() as connection:
                    reactions = await feedback.between(connection, part)
                for user in part:
                    model = found[user]
                    assert isinstance(model, _Model)  # noqa: S101 - only those are lagging
                    kept = found[user] = self._keep(user, model, reactions[user])
                    is_done = isinstance(kept, Exception) or kept.applied_seq >= wanted[user]
                    if is_done or not reactions[user]:  # or the log does not reach as far
                        del lagging[user]
                await asyncio.sleep(0)
        return found

    async def _open(self, users: Collection[str]) -> "dict[str, _Model | Exception]":
        """These people's states as memory or the store has them, whatever they lack."""
        found: dict[str, _Model | Exception] = {}
        missing = [user for user in users if user not in self._models]
        for start in range(0, len(missing), PEOPLE_PER_READ):
            part = missing[start : start + PEOPLE_PER_READ]
            async with self._db.read() as connection:
                stored = await models.load(connection, part, self._policy.state_key)
            for user in part:
                try:
                    restored = self._restore(stored.get(user))
                except ValueError as error:
                    found[user] = error
                else:
                    # another call may have kept one, and folded some, in the meantime
                    found[user] = self._models.setdefault(user, restored)
        return {user: found.get(user) or self._models[user] for user in users}

    def _fold_behind(self, wanted: Mapping[str, int]) -> None:
        """Fold on after the answer; whoever is being folded already is left to that."""
        new = {user: seq for user, seq in wanted.items() if user not in self._folding}
        if not new:
            return
        task = asyncio.create_task(self.catch_up(new))
        self._folding |= dict.fromkeys(new, task)

        def finished(task: "asyncio.Task[dict[str, _Model | Exception]]") -> None:
            for user in new:
                del self._folding[user]
            if not task.cancelled() and (error := task.exception()):
                log.warning("states are folded later: %r", error)

        task.add_done_callback(finished)

    async def flush(self) -> int:
        """Write the states that changed since the last flush; returns how many."""
        changed = [user for user in self._dirty if user in self._models]
        self._dirty.clear()
        if changed:
            rows = [
                StoredModel(
                    user, self._policy.state_key, model.statistics.encode(), model.applied_seq
                )
                for user, model in ((user, self._models[user]) for user in changed)
            ]
            try:
                async with self._db.write() as connection:
                    await models.save(connection, rows, self._clock.now())
            except BaseException:
                self._dirty.update(changed)
                raise
        self._evict()
        return len(changed)

    def _restore(self, stored: StoredModel | None) -> _Model:
        if stored is None:
            return _Model(Statistics.empty(self._policy.dimension), 0)
        statistics = Statistics.decode(stored.state)
        if len(statistics.b) != self._policy.dimension:
            raise ValueError(
                f"the stored {self._policy.name} model of {stored.user_id} has"
                f" {len(statistics.b)} features; other features need another policy name"
            )
        return _Model(statistics, stored.applied_seq)

    def _keep(self, user: str, model: _Model, reactions: Sequence[Reaction]) -> _Model | Exception:
        """Fold the reactions that `model` lacks and keep it in memory."""
        # it may have been evicted, or another catch-up folded some of these, in the meantime
        model = self._models.setdefault(user, model)
        fresh = [reaction for reaction in reactions if reaction.user_seq > model.applied_seq]
        if not fresh:
            return model
        if fresh[0].user_seq != model.applied_seq + 1:
            return ValueError(f"the log of {mark(user)} has a gap after {model.applied_seq}")
        model.statistics = fold(self._policy, model.statistics, fresh)
        model.applied_seq = fresh[-1].user_seq
        model.posterior = None
        self._dirty.add(user)
        return model

    def _belief(self, request: ScoreRequest, model: _Model | Exception) -> Belief | Exception:
        if isinstance(model, Exception):
            return model
        try:
            return self._known(request, model)
        except Exception as error:
            return error

    def _known(self, request: ScoreRequest, model: _Model) -> Belief:
        if request.user_id in self._models:
            self._models.move_to_end(request.user_id)
        if model.posterior is None or model.day != request.day:
            model.posterior = posterior_on(self._policy, model.statistics, request.day)
            model.day = request.day
        return Belief(model.posterior, model.applied_seq)

    def _evict(self) -> None:
        for user in list(self._models):
            if len(self._models) <= self._capacity:
                return
            if user not in self._dirty:
                del self._models[user]


def _slice(
    lagging: Mapping[str, int], models: "Mapping[str, _Model | Exception]"
) -> dict[str, tuple[int, int]]:
    """Who is folded next and from where up to where, at most REACTIONS_PER_SLICE in all."""
    part: dict[str, tuple[int, int]] = {}
    left = REACTIONS_PER_SLICE
    for user, wanted in lagging.items():
        model = models[user]
        if left <= 0 or not isinstance(model, _Model):
            break
        up_to = min(wanted, model.applied_seq + left)
        part[user] = (model.applied_seq, up_to)
        left -= up_to - model.applied_seq
    return part
