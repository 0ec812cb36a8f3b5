"""The relay: tells committed facts in one order, which every consumer then follows.

A fact is a row: one that was put in the outbox, or a decision. Neither is marked, and writers
number nothing in common, so that no request waits for another. Numbers of rows are given before
they are committed and times of decisions are older still, so a row may appear behind one that has
been told already. How far back the relay must look for such a row is bounded by when the oldest
transaction that has not ended began, see `_Marks`; what it has told it recognises by the id.

Source: `docs/decisions/0030-events.md`.
"""

from collections import defaultdict, deque
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from oo.domain.events import EventSeen
from oo.events.subject import Subject, subjects
from oo.kit.clock import Clock
from oo.store import event_log, event_positions
from oo.store.database import Database, Hot
from oo.store.decisions import LATE
from oo.store.event_log import Fact
from oo.store.outbox import TIP_SERVED

NAME = "relay"
BATCH = 250  # facts in one transaction, for which requests wait
ROUNDS = 40
BEGINS = timedelta(hours=1)  # how far back decisions are told by the first relay
# decisions are `LATE` at most when they are committed, and clocks may differ by as much
LOOK_BACK = 2 * LATE
INSTANT = timedelta(microseconds=1)
FENCE_EVERY = timedelta(seconds=5)
# between fences: few are later than this, and to look for those costs more than to tell the others
LOOK_BACK_BETWEEN = timedelta(seconds=0.5)


class _Found(NamedTuple):
    """What is to be told, and how far was read: up to which row of the outbox and which decision.

    `until` is None where all decisions were read. `whole` says that late ones were looked for as
    far back as they can be, and not only `LOOK_BACK_BETWEEN` before the `newest`.
    """

    facts: list[Fact]
    last: int
    until: datetime | None
    newest: datetime
    is_all: bool
    whole: bool


class _Marks:
    """How far back the relay must look: outbox rows above `low`, decisions made after `since`.

    Nothing else appears behind them. A decision is younger than `LATE` at some time within its
    transaction (or an outbox row points it out), and numbers are given within it: so what
    transactions write that began after a fence lies above what was there at the fence. A fence is
    an instant at which no older transaction was under way: in SQLite the relay's own turn as the
    only writer, in PostgreSQL the beginning of the oldest.
    """

    def __init__(self, seq: int, low: int, since: datetime) -> None:
        self.seq = seq
        self.low = low
        self.since = since
        self.fenced_at: datetime | None = None  # SQLite: the relay's last turn
        self.looked_at: datetime | None = None  # when decisions were last read back to `since`
        self.newest = since  # the newest decision that was told
        self._seen: deque[tuple[datetime, int]] = deque()

    def note(self, at: datetime, last: int) -> None:
        """PostgreSQL: every number up to `last` was given before then."""
        if not self._seen or last > self._seen[-1][1]:
            self._seen.append((at, last))

    def fence(self, at: datetime, found: _Found) -> None:
        """No transaction that began before then is under way; this was found after it."""
        while self._seen and self._seen[0][0] <= at:
            self.low = max(self.low, self._seen.popleft()[1])
        if found.whole:
            settled, until = at - LOOK_BACK, found.until
            self.since = max(self.since, settled if until is None else min(settled, until))


class Relay:
    """Tells facts, a bounded number each time; several may run, and one of them tells."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._marks: _Marks | None = None

    async def relay(self) -> int:
        """Tell what has been committed; how many events."""
        total = 0
        for _ in range(ROUNDS):
            told, is_all = await self._round()
            total += told
            if is_all:
                break
        return total

    async def _round(self) -> tuple[int, bool]:
        marks = self._marks or await self._load()
        now = self._clock.now()
        whole = marks.looked_at is None or now - marks.looked_at >= FENCE_EVERY
        async with self._db.read_hot() as connection:
            oldest = await event_log.oldest_writer(connection)
            found = await self._find(connection, marks, whole=whole)
            if oldest is not None:
                marks.note(await event_log.clock_of(connection), found.last)
        fence = min(oldest, self._clock.now()) if oldest is not None else marks.fenced_at
        events = self._numbered(found.facts, marks.seq)
        # SQLite's rows are committed in the order of their numbers
        low = marks.low if oldest is not None else max(marks.low, found.last)
        if events or whole:
            await self._tell(marks, events, low)
        if fence is not None:
            marks.fence(fence, found)
        if whole and found.until is None:
            marks.looked_at = now
        marks.low = max(marks.low, low)
        marks.newest = max(marks.newest, found.newest)
        return len(events), found.is_all

    async def _find(self, connection: Hot, marks: _Marks, *, whole: bool) -> _Found:
        named = {subject.row for subject in subjects().values()}
        # rows before decisions: whoever reacts has seen a tip whose decision is there by then
        rows = await event_log.untold_rows(connection, named, marks.low, BATCH)
        since = marks.since if whole else max(marks.since, marks.newest - LOOK_BACK_BETWEEN)
        tips = await event_log.untold_decisions(connection, since, BATCH)
        until = tips[-1].at - INSTANT if len(tips) == BATCH else None
        newest = tips[-1].at if tips else marks.newest
        is_all = len(rows) < BATCH and until is None
        tip_ids = {row.payload["tip_id"] for row in rows if "tip_id" in row.payload}
        known = {tip.key for tip in tips}
        tips += await event_log.untold_among(connection, tip_ids - known)
        facts = [*tips, *(row for row in rows if row.subject != TIP_SERVED)]
        last = int(rows[-1].key) if rows else marks.low
        facts.sort(key=lambda fact: fact.at)
        return _Found(facts, last, until, newest, is_all, whole)

    def _numbered(self, facts: Sequence[Fact], seq: int) -> list[EventSeen]:
        tell = defaultdict[str, list[Subject]](list)
        for subject in subjects().values():
            tell[subject.row].append(subject)
        events: list[EventSeen] = []
        for fact in facts:
            for subject in tell[fact.subject]:
                seq += 1
                fields = subject.fields(fact.user_id, fact.payload)
                payload = {key: value for key, value in fields.items() if value is not None}
                event_id = f"{subject.name}:{fact.key}"
                events.append(
                    EventSeen(seq, event_id, subject.name, fact.user_id, fact.at, payload)
                )
        return events

    async def _tell(self, marks: _Marks, events: Sequence[EventSeen], low: int) -> None:
        async with self._db.write_hot() as connection:
            now = self._clock.now()
            held = await event_positions.begin(connection, NAME, marks.seq, now, {})
            if held.position != marks.seq:  # another relay has told something meanwhile
                self._marks = None
                return
            if events:
                await event_log.append(connection, events)
                seq = events[-1].seq
                state = {"low": low, "since": marks.since.isoformat()}
                await event_positions.move(connection, NAME, seq, state, now)
                marks.seq = seq
        marks.fenced_at = now

    async def _load(self) -> _Marks:
        now = self._clock.now()
        async with self._db.write() as connection:
            state = {"low": 0, "since": (now - BEGINS).isoformat()}
            kept = await event_positions.begin(connection, NAME, 0, now, state)
        since = datetime.fromisoformat(kept.state["since"]).astimezone(UTC)
        self._marks = _Marks(kept.position, kept.state["low"], since)
        return self._marks
