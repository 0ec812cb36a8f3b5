"""What is known of many people at a moment at which oO could speak: few numbers of each."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, func, or_, select

from oo.domain.signals import Signal
from oo.store import signals as signal_rows
from oo.store.database import Hot
from oo.store.sealing import words_of
from oo.store.tables import candidates, signals, tasks

HORIZON = timedelta(hours=37)


class Standing(NamedTuple):
    """Of one person: the writer's confidence in the best candidate, None where there is none.

    `first_due` and `first_due_at` are the earliest day and instant at which an open task is due,
    `ahead` the instants of the coming day and a half.
    """

    confidence: float | None = None
    first_due: date | None = None
    first_due_at: datetime | None = None
    ahead: tuple[datetime, ...] = ()

    def is_pressing(self, local: datetime) -> bool:
        """Whether a task is overdue or due on that local day."""
        if self.first_due is not None and self.first_due <= local.date():
            return True
        at = self.first_due_at
        return at is not None and at.astimezone(local.tzinfo).date() <= local.date()


_c, _t = candidates.c, tasks.c
_open = and_(
    _t.user_id.in_(bindparam("people", expanding=True)),
    _t.completed_at.is_(None),
    or_(_t.not_before.is_(None), _t.not_before <= bindparam("now")),
)
_BEST = (
    select(_c.user_id, func.max(_c.confidence).label("confidence"))
    .select_from(candidates.outerjoin(tasks, and_(_t.user_id == _c.user_id, _t.id == _c.task_id)))
    .where(
        _c.user_id.in_(bindparam("people", expanding=True)),
        _c.retired_at.is_(None),
        _c.expires_at > bindparam("now"),
        or_(_c.starts_at.is_(None), _c.starts_at <= bindparam("now")),
        or_(_c.not_before.is_(None), _c.not_before <= bindparam("now")),
        or_(_c.task_id.is_(None), and_(_t.id.is_not(None), _t.completed_at.is_(None))),
        or_(_t.not_before.is_(None), _t.not_before <= bindparam("now")),
    )
    .group_by(_c.user_id)
)
_FIRST = select(_t.user_id, func.min(_t.due), func.min(_t.due_at)).where(_open).group_by(_t.user_id)
_AHEAD = select(_t.user_id, _t.due_at).where(
    _open, _t.due_at.between(bindparam("now"), bindparam("until"))
)
_EVENTS = select(signals.c.user_id, signals.c.body, signals.c.sealed).where(
    signals.c.user_id.in_(bindparam("people", expanding=True)),
    signals.c.kind == "event",
    signals.c.ends_at > bindparam("now"),
    signals.c.starts_at <= bindparam("until"),
)

_s = signals.c
# for an instant `ends_at` is `starts_at`, and there is an index by person and `ends_at`
_last_words = (
    select(_s.user_id.label("person"), _s.source.label("by"), func.max(_s.ends_at).label("at"))
    .where(
        _s.user_id.in_(bindparam("people", expanding=True)),
        _s.ends_at.between(bindparam("since"), bindparam("now")),
        _s.kind == "presence",
    )
    .group_by(_s.user_id, _s.source)
    .subquery()
)
_SIGHTINGS = (
    select(_s.user_id, _s.body, _s.sealed)
    .join(
        _last_words,
        and_(
            _s.user_id == _last_words.c.person,
            _s.ends_at == _last_words.c.at,
            _s.source == _last_words.c.by,
        ),
    )
    .where(_s.user_id.in_(bindparam("people", expanding=True)), _s.kind == "presence")
    .order_by(_s.recorded_at, _s.id)
)


async def load(connection: Hot, user_ids: Collection[str], now: datetime) -> dict[str, Standing]:
    """How things stand for these people; nobody who has neither candidates nor dated tasks."""
    asked: dict[str, Any] = {"people": list(user_ids), "now": now}
    best = {row[0]: row[1] for row in await connection.execute(_BEST, asked)}
    first = {row[0]: (row[1], row[2]) for row in await connection.execute(_FIRST, asked)}
    ahead: dict[str, list[datetime]] = {}
    for row in await connection.execute(_AHEAD, {**asked, "until": now + HORIZON}):
        ahead.setdefault(row.user_id, []).append(row.due_at)
    return {
        user_id: Standing(
            best.get(user_id), *first.get(user_id, (None, None)), tuple(ahead.get(user_id, ()))
        )
        for user_id in {*best, *first}
    }


async def events(
    connection: Hot, user_ids: Collection[str], now: datetime
) -> Mapping[str, Sequence[Signal]]:
    """The events of the coming day and a half in these people's calendars."""
    asked = {"people": list(user_ids), "now": now, "until": now + HORIZON}
    found: dict[str, list[Signal]] = {}
    rows = (await connection.execute(_EVENTS, asked)).all()
    words = await words_of(connection, {row.user_id for row in rows})
    for row in rows:
        event = signal_rows.decoded("event", words.word(signals, row, "body"))
        if event is not None:
            found.setdefault(row.user_id, []).append(event)
    return found


async def last_seen(
    connection: Hot, user_ids: Collection[str], since: datetime, now: datetime
) -> Mapping[str, Sequence[Signal]]:
    """The last sightings of each of these people by each source from `since` on."""
    asked = {"people": list(user_ids), "since": since, "now": now}
    rows = (await connection.execute(_SIGHTINGS, asked)).all()
    words = await words_of(connection, {row.user_id for row in rows})
    found: dict[str, list[Signal]] = {}
    for row in rows:
        sighting = signal_rows.decoded("presence", words.word(signals, row, "body"))
        if sighting is not None:
            found.setdefault(row.user_id, []).append(sighting)
    return found
