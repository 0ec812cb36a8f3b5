"""A store as large as one likes, made by the store itself: realistic rows, in a minute or two.

Nothing here goes through oO's code: a bench needs the rows, not how they came to be. People are
spread over zones, decisions evenly over thirty days; three of five have a reaction. Texts are as
long as sealed ones are. What was not reacted to was not seen either, and nobody's models are
behind: no job of a product that runs on such a store has anything to do.
"""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

DAYS = 30
FEATURES = (
    '{"is_overdue":[0.0,1.0,0.0,0.0,1.0,0.0],"task_age_days":[0.1,0.4,0.2,0.9,0.3,0.0],'
    '"priority":[0.25,1.0,0.5,0.25,0.75,0.0],"hour_sin":0.5,"hour_cos":-0.86,"day_sin":0.78,'
    '"day_cos":0.62,"completion_rate":0.41,"dismiss_rate":0.2,"mean_dwell":0.33,"confidence":'
    '[0.4,0.7,0.5,0.6,0.8,0.3],"free_minutes":0.5}'
)
SIX = "[0.166,0.166,0.166,0.166,0.166,0.17]"


class Words:
    """How a store says what the statements below need."""

    def __init__(self, dialect: str) -> None:
        self.is_sqlite = dialect == "sqlite"

    def series(self, count: int) -> str:
        """A table `n` with the numbers `i` from 0 on."""
        if self.is_sqlite:
            made = f"SELECT 0 AS i UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {count}"
            return f"WITH RECURSIVE n AS ({made})"
        return f"WITH n AS (SELECT i::bigint AS i FROM generate_series(0, {count - 1}) AS i)"

    def id_of(self, number: str) -> str:
        """An id of 32 digits."""
        if self.is_sqlite:
            return f"printf('%032x', {number})"
        return f"lpad(to_hex({number}), 32, '0')"

    def at(self, seconds: str) -> str:
        """An instant of so many seconds since 1970."""
        if self.is_sqlite:
            return f"strftime('%Y-%m-%d %H:%M:%f', {seconds}, 'unixepoch') || '000'"
        return f"to_timestamp({seconds})"

    def one_of(self, number: str, *values: str) -> str:
        """One of the values by a number."""
        last = len(values) - 1
        cases = " ".join(f"WHEN {place} THEN '{it}'" for place, it in enumerate(values[:-1]))
        return f"CASE ({number}) % {last + 1} {cases} ELSE '{values[last]}' END"

    def json(self, value: str) -> str:
        """A constant of JSON."""
        return f"'{value}'" if self.is_sqlite else f"'{value}'::json"

    def blob(self, length: int) -> str:
        """So many bytes."""
        return f"zeroblob({length})" if self.is_sqlite else f"decode(repeat('00', {length}), 'hex')"

    def bool(self, *, value: bool) -> str:
        """A constant."""
        return str(int(value)) if self.is_sqlite else str(value).lower()


async def fill(connection: AsyncConnection, people: int, tips: int, until: datetime) -> None:
    """Put the rows in; commits are the caller's."""
    say = Words(connection.dialect.name)
    begin = (until - timedelta(days=DAYS)).timestamp()
    step = DAYS * 86400 / tips
    zone = say.one_of("i", "Europe/Zurich", "UTC", "America/New_York", "Asia/Tokyo")
    statements = [
        f"""INSERT INTO users (id, email, name, timezone, created_at, user_seq, pool_version, role)
        {say.series(people)}
        SELECT {say.id_of("i")}, 'p' || i || '@example.org', 'P ' || i, {zone},
          {say.at(f"{begin} + i * {DAYS * 86400 / people}")}, 0, 3, 'person' FROM n""",
        f"""INSERT INTO connections (user_id, source, account, status, connected_at, synced_at)
        {say.series(people)} SELECT {say.id_of("i")}, 'file', '',
          CASE WHEN i % 50 = 0 THEN 'reconnect' ELSE 'connected' END,
          {say.at(f"{begin}")}, {say.at(f"{begin}")} FROM n WHERE i % 10 < 9""",
        f"""INSERT INTO tip_scores (id, user_id, created_at, kind, content, source, model,
          prompt_version, confidence, task_id, activity, language, candidate_ids, chosen, policy,
          policy_version, seed, state_seq, propensity, propensities, scores, features, degraded,
          latency_ms, seen_at, sealed)
        {say.series(tips)} SELECT {say.id_of("i + 1000000000000")},
          {say.id_of(f"(i * 7919) % {people}")}, {say.at(f"{begin} + i * {step}")},
          {say.one_of("i / 3", "task", "task", "advice", "insight", "reminder")}, '',
          CASE WHEN i % 40 = 0 THEN 'fallback' ELSE 'llm' END,
          {say.one_of("i / 5", "qwen-tips", "qwen-tips", "other-model")},
          {say.one_of("i / 7", "composed-v1", "instruct-v3", "instruct-v2")}, 0.7, 'file:1',
          {say.one_of("i / 11", "call", "clean", "write", "pay", "book", "garden")},
          {say.one_of("i", "en", "en", "de", "es", "ja")}, {say.json("[1,2,3,4,5,6]")}, 2,
          {say.one_of("i / 13", "ebts", "ebts", "ebts", "egreedy-v2")}, '1', i, 5, 0.17,
          {say.json(SIX)}, {say.json(SIX)}, {say.json(FEATURES)},
          CASE WHEN i % 5000 = 0 THEN 'ranking_late' END, 4.0 + i % 17,
          CASE WHEN i % 5 < 3 THEN {say.at(f"{begin} + i * {step} + 2")} END,
          {say.blob(140)} FROM n""",
        f"""INSERT INTO feedback (user_id, user_seq, tip_id, revision, action, dwell_ms, reward,
          learned_at, late, features, idempotency_key, created_at)
        {say.series(tips)} SELECT {say.id_of(f"(i * 7919) % {people}")}, i,
          {say.id_of("i + 1000000000000")}, 0,
          {say.one_of("i / 2", "done", "snooze", "dismiss", "done")}, 30000,
          CASE (i / 2) % 4 WHEN 1 THEN 0.1 WHEN 2 THEN -1.0 ELSE 1.0 END,
          {say.at(f"{begin} + i * {step} + 30")}, {say.bool(value=False)},
          {say.json('{"priority":0.5,"hour_sin":0.5}')}, 'k' || i,
          {say.at(f"{begin} + i * {step} + 30")} FROM n WHERE i % 5 < 3""",
    ]
    for statement in statements:
        await connection.execute(text(statement.replace(":", "\\:")))
