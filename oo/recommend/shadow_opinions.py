"""What shadows would have picked (F5), worked out from the log behind the requests.

An opinion follows from the log alone: the decision's features, seed and day, and the person's
reactions up to its `state_seq`. So no tip waits for a shadow, however slow it is, and whoever
works an opinion out again gets the same one.
"""

import asyncio
import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from oo.domain.decisions import Logged, Opinion
from oo.domain.policies import Policy, PolicyRef, ref_of
from oo.domain.statistics import day_of
from oo.kit.clock import Clock
from oo.kit.pauses import Pauses
from oo.kit.pseudonym import mark
from oo.recommend.learner import Learner
from oo.recommend.ports import Shadow, Shadows
from oo.recommend.scoring import Choice, ScoreRequest
from oo.store import opinions, users
from oo.store.database import Database

log = logging.getLogger(__name__)

BACK = timedelta(hours=1)  # older decisions stay without an opinion
SETTLE = timedelta(minutes=1)  # a decision is committed some time after its instant
BATCH = 500
TURN_S = 1.0  # after which a shadow's other decisions wait for its next turn
PAUSES = Pauses(timedelta(seconds=5), timedelta(minutes=5))
FAILING = 100  # people on whom a shadow may fail before it is left alone itself


class _Resting:
    """Who failed, how many times in a row, and until when they are left alone."""

    def __init__(self) -> None:
        self._failed: dict[str, tuple[int, datetime]] = {}

    def __len__(self) -> int:
        return len(self._failed)

    def now(self, now: datetime) -> set[str]:
        """Those for whom it is not time yet; who failed too long ago is forgotten."""
        self._failed = {
            name: (times, until)
            for name, (times, until) in self._failed.items()
            if until > now - BACK
        }
        return {name for name, (_, until) in self._failed.items() if until > now}

    def failed(self, name: str, now: datetime) -> None:
        times = self._failed.get(name, (0, now))[0] + 1
        self._failed[name] = times, now + PAUSES.after(times)

    def worked(self, name: str) -> None:
        self._failed.pop(name, None)


class _Seat:
    """What is kept of a shadow from one turn to the next; it may be lost."""

    def __init__(self, learner: Learner) -> None:
        self.learner = learner
        self.people = _Resting()
        self.done_until: datetime | None = None  # it spoke of every decision before


class ShadowOpinions:
    """Has the shadows speak of decisions, each in its turn; doing so again changes nothing."""

    def __init__(self, db: Database, clock: Clock, shadows: Shadows) -> None:
        self._db = db
        self._clock = clock
        self._shadows = shadows
        self._seats: dict[PolicyRef, _Seat] = {}
        self._resting = _Resting()

    async def ask(self) -> int:
        """Log each shadow's opinions of a batch of decisions; how many.

        A shadow that fails, or a person whose state cannot be read, is left alone for a while and
        holds up nobody else.
        """
        shadows = {ref_of(shadow.policy): shadow for shadow in await self._shadows.current()}
        self._seats = {ref: seat for ref, seat in self._seats.items() if ref in shadows}
        resting = self._resting.now(self._clock.now())
        total = 0
        for ref, shadow in shadows.items():
            if str(ref) not in resting:
                total += await self._try_turn(ref, shadow)
        return total

    async def _try_turn(self, ref: PolicyRef, shadow: Shadow) -> int:
        seat = self._seats.get(ref) or self._seats.setdefault(ref, self._seat(shadow.policy))
        try:
            count = await self._turn(ref, shadow, seat)
        except Exception:
            log.exception("the shadow %s is asked later", ref)
            # its states may be ahead of the opinions that are logged: the stored ones are not
            del self._seats[ref]
            self._resting.failed(str(ref), self._clock.now())
            return 0
        self._resting.worked(str(ref))
        return count

    def _seat(self, policy: Policy) -> _Seat:
        return _Seat(Learner(self._db, policy, self._clock))

    async def _turn(self, ref: PolicyRef, shadow: Shadow, seat: _Seat) -> int:
        now = self._clock.now()
        resting = seat.people.now(now)
        since = max(shadow.since, now - BACK, seat.done_until or shadow.since)
        async with self._db.read() as connection:
            pending = await opinions.pending(connection, ref, since, resting, BATCH)
        found, failed = await self._opinions(seat, pending)
        if found:
            async with self._db.write() as connection:
                heads = await users.heads_kept(connection, {one.user_id for one in found})
                await opinions.add(connection, [one for one in found if one.user_id in heads])
            # only now: a stored state is never ahead of what was said with it
            await seat.learner.flush()
        for user in failed:
            seat.people.failed(user, now)
        if failed:
            user, error = next(iter(failed.items()))
            log.warning("%s failed on %d people, as on %s: %r", ref, len(failed), mark(user), error)
        if len(seat.people) > FAILING:
            raise RuntimeError(f"{ref} fails on {len(seat.people)} people")
        if len(found) == len(pending) < BATCH and not resting:
            seat.done_until = now - SETTLE
        return len(found)

    async def _opinions(
        self, seat: _Seat, pending: Iterable[Logged]
    ) -> tuple[list[Opinion], dict[str, Exception]]:
        """What the shadow says within its turn, and on whom it failed."""
        ends = self._clock.monotonic() + TURN_S
        found: list[Opinion] = []
        failed: dict[str, Exception] = {}
        for logged in sorted(pending, key=lambda one: (one.user_id, one.state_seq, one.id)):
            if self._clock.monotonic() > ends:
                break
            if logged.user_id in failed:
                continue
            try:
                choice = await seat.learner.score_at(_request(logged))
            except Exception as error:
                failed[logged.user_id] = error
            else:
                found.append(_opinion(logged, choice))
                seat.people.worked(logged.user_id)
            await asyncio.sleep(0)  # other jobs go on in between
        return found, failed


def _request(logged: Logged) -> ScoreRequest:
    day = day_of(logged.created_at)
    return ScoreRequest(logged.user_id, logged.state_seq, logged.seed, logged.features, day)


def _opinion(logged: Logged, choice: Choice) -> Opinion:
    return Opinion(
        logged.id,
        logged.user_id,
        choice.policy,
        choice.policy_version,
        choice.state_seq,
        choice.chosen,
        choice.propensities,
        choice.scores,
    )
