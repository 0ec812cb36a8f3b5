"""The learner: keeps people's states in memory, folds new reactions in, and decides.

Memory is a cache of the log: **state = fold(log)**. A request names the person's newest reaction
number, so a decision never misses one that was acknowledged before it; what a crash loses is
folded again. States are written behind, fenced by compare-and-set (`oo.store.models.save`).
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from oo.domain.fold import design, fold, posterior_on
from oo.domain.policies import Policy, pick
from oo.domain.reactions import Reaction
from oo.domain.statistics import Statistics
from oo.kit.clock import Clock
from oo.store import feedback, models
from oo.store.database import Database
from oo.store.models import StoredModel

PEOPLE_PER_SLICE = 50


class ScoreRequest(NamedTuple):
    """One person's candidates to choose from; `features` has K values per name.

    `day` counts from the epoch of decay (`oo.domain.policy.day_of`).
    """

    user_id: str
    user_seq: int
    seed: int
    features: dict[str, list[float]]
    day: int


class Choice(NamedTuple):
    """What a policy picked; the lists have K entries.

    `shadows` holds what other policies would have picked out of the same.
    """

    chosen: int
    scores: list[float]
    propensities: list[float]
    policy: str
    policy_version: str
    state_seq: int
    shadows: "tuple[Choice, ...]" = ()


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

    @property
    def policy(self) -> Policy:
        """The policy that scores."""
        return self._policy

    async def score(self, requests: Sequence[ScoreRequest]) -> list[Choice | Exception]:
        """Pick one candidate per request, with states that hold every reaction up to `user_seq`.

        A person whose state cannot be read gets the error, nobody else does.
        """
        models = await self.catch_up({request.user_id: request.user_seq for request in requests})
        return [self._try_score(request, models[request.user_id]) for request in requests]

    async def catch_up(self, wanted: Mapping[str, int]) -> "dict[str, _Model | Exception]":
        """Fold the log until each person's state has at least `wanted[user_id]` reactions."""
        found: dict[str, _Model | Exception] = {
            user: self._models[user]
            for user, seq in wanted.items()
            if user in self._models and self._models[user].applied_seq >= seq
        }
        lagging = [user for user in wanted if user not in found]
        for start in range(0, len(lagging), PEOPLE_PER_SLICE):
            part = lagging[start : start + PEOPLE_PER_SLICE]
            found.update(await self._fold_part({user: wanted[user] for user in part}))
            await asyncio.sleep(0)  # a long catch-up must not keep others from being scored
        return found

    async def _fold_part(self, wanted: Mapping[str, int]) -> "dict[str, _Model | Exception]":
        found: dict[str, _Model | Exception] = {}
        missing = [user for user in wanted if user not in self._models]
        async with self._db.read() as connection:
            stored = (
                await models.load(connection, missing, self._policy.state_key) if missing else {}
            )
            for user in wanted:
                try:
                    found[user] = self._models.get(user) or self._restore(stored.get(user))
                except ValueError as error:
                    found[user] = error
            spans = {
                user: (model.applied_seq, wanted[user])
                for user, model in found.items()
                if isinstance(model, _Model) and model.applied_seq < wanted[user]
            }
            reactions = await feedback.between(connection, spans) if spans else {}
        for user, model in found.items():
            if isinstance(model, _Model):
                found[user] = self._keep(user, model, reactions.get(user, []))
        return found

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
        # another catch-up may have kept a model, or folded some of these, in the meantime
        model = self._models.setdefault(user, model)
        fresh = [reaction for reaction in reactions if reaction.user_seq > model.applied_seq]
        if not fresh:
            return model
        if fresh[0].user_seq != model.applied_seq + 1:
            return ValueError(f"the log of {user} has a gap after {model.applied_seq}")
        model.statistics = fold(self._policy, model.statistics, fresh)
        model.applied_seq = fresh[-1].user_seq
        model.posterior = None
        self._dirty.add(user)
        return model

    def _try_score(self, request: ScoreRequest, model: _Model | Exception) -> Choice | Exception:
        if isinstance(model, Exception):
            return model
        try:
            return self._score_one(request, model)
        except Exception as error:
            return error

    def _score_one(self, request: ScoreRequest, model: _Model) -> Choice:
        if request.user_id in self._models:
            self._models.move_to_end(request.user_id)
        if model.posterior is None or model.day != request.day:
            model.posterior = posterior_on(self._policy, model.statistics, request.day)
            model.day = request.day
        picked = pick(
            self._policy, model.posterior, design(self._policy, request.features), request.seed
        )
        if not np.isfinite(picked.propensities).all():
            raise ValueError(f"{self._policy.name} gave no propensities for {request.user_id}")
        return Choice(
            picked.chosen,
            picked.scores.tolist(),
            picked.propensities.tolist(),
            self._policy.name,
            self._policy.version,
            model.applied_seq,
        )

    def _evict(self) -> None:
        for user in list(self._models):
            if len(self._models) <= self._capacity:
                return
            if user not in self._dirty:
                del self._models[user]
