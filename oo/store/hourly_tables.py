"""The tables of counts by hour, of which the console's pages are made: numbers, nobody's rows.

What an hour counts is made anew as a whole whenever something in it changes (`oo.store.hourly`),
so that no number is ever added twice. Hours are whole ones since 1970, in UTC.
"""

from sqlalchemy import BigInteger, Boolean, Column, Float, Integer, String, Table

from oo.store.schema import SEQUENCE, UtcDateTime, metadata


def _key(name: str, kind: type[BigInteger] | String = BigInteger) -> "Column[object]":
    return Column(name, kind, primary_key=True, autoincrement=False)


def _count(name: str) -> "Column[int]":
    return Column(name, Integer, nullable=False)


# tips of an hour by what the console tells them apart by, and what came of them
hourly_tips = Table(
    "hourly_tips",
    metadata,
    _key("hour"),
    _key("policy", String(64)),
    _key("policy_version", String(64)),
    _key("model", String(200)),
    _key("prompt_version", String(64)),
    _key("kind", String(16)),
    _key("source", String(32)),
    _count("tips"),
    _count("seen"),
    _count("degraded"),
    _count("wrong"),  # with a propensity that cannot be
    _count("reacted"),
    _count("done"),
    _count("snoozed"),
    _count("dismissed"),
    Column("reward", Float, nullable=False),
    Column("squares", Float, nullable=False),  # of the rewards
    sqlite_with_rowid=False,
)

# tips of an hour by the last reaction to them, "none" where there is none
hourly_actions = Table(
    "hourly_actions",
    metadata,
    _key("hour"),
    _key("action", String(16)),
    _count("tips"),
    _count("seen"),
    Column("reward", Float, nullable=False),
    Column("squares", Float, nullable=False),
    sqlite_with_rowid=False,
)

# tips of an hour whose person had got another one `after` hours before, a week at most: so many
# people were there before, in any time that begins at a full hour
hourly_returns = Table(
    "hourly_returns",
    metadata,
    _key("hour"),
    _key("after"),
    _count("tips"),
    sqlite_with_rowid=False,
)

# people by the day on which they came, and how far they have got
daily_arrivals = Table(
    "daily_arrivals",
    metadata,
    _key("day"),  # since 1970, in UTC
    _count("signed_in"),
    _count("connected"),
    _count("first_tip"),
    _count("first_done"),
    _count("came_back"),
)

# instants of tips whose hours are to be counted anew, and of arrivals whose days are
hours_to_count = Table(
    "hours_to_count",
    metadata,
    Column("id", SEQUENCE, primary_key=True, autoincrement=True),
    Column("at", UtcDateTime, nullable=False),
    Column("is_arrival", Boolean, nullable=False),
)

# one row: up to when everything is counted
hourly_state = Table(
    "hourly_state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("until", UtcDateTime, nullable=False),  # decisions of before are counted
    Column("until_hour", BigInteger, nullable=False),  # hours of before are over: no more come
    Column("people_until", UtcDateTime, nullable=False),  # people who came before are counted
    Column("whole_from", BigInteger, nullable=False),  # the first hour of which nothing was purged
    Column("looked_at", UtcDateTime, nullable=False),  # for reactions since then
    Column("version", BigInteger, nullable=False),  # moves with every change: two never write both
)
