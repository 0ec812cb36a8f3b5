"""Baseline *naive*: one uvicorn + FastAPI process, a commit per request, as people write it.

Raw sqlite3 with the guarantees of oO (WAL, synchronous=FULL) in FastAPI's thread pool; the same
policy, the same rows read and written per request, the learner updated in the same transaction.
Words of people are stored as they are: only oO seals them.
"""

import hashlib
import json
import os
import secrets
import sqlite3
import threading
import uuid
from datetime import UTC, datetime
from typing import Any

import numpy as np
import uvicorn
from fastapi import FastAPI, HTTPException, Request
from pydantic import BaseModel

from ml.features import REGISTRY
from ml.policies.egreedy_v1 import POLICY
from oo.domain.policies import Pick, pick
from oo.domain.rewards import Action, reward
from oo.domain.statistics import Floats, Statistics
from oo.domain.tasks import Task
from oo.domain.tips import Offer, TipKind

app = FastAPI()
local = threading.local()
STAMP = "%Y-%m-%d %H:%M:%S.%f"


class Feedback(BaseModel):
    """The body of a reaction."""

    tip_id: str
    action: Action
    dwell_ms: int


def database() -> sqlite3.Connection:
    """This thread's connection."""
    if not hasattr(local, "connection"):
        local.connection = connect()
    connection: sqlite3.Connection = local.connection
    return connection


def connect() -> sqlite3.Connection:
    """A connection with oO's guarantees."""
    path = os.environ["OO_DATA_DIR"] + "/oo.db"
    connection = sqlite3.connect(path, timeout=30, check_same_thread=False, isolation_level=None)
    connection.row_factory = sqlite3.Row
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def person(db: sqlite3.Connection, request: Request) -> str:
    """The person behind the cookie."""
    token = hashlib.sha256(request.cookies.get("sid", "").encode()).hexdigest()
    row = db.execute(
        "SELECT u.id FROM sessions s JOIN users u ON u.id = s.user_id"
        " WHERE s.token_hash = ? AND s.expires_at > ? AND u.deleted_at IS NULL",
        (token, now()),
    ).fetchone()
    if row is None:
        raise HTTPException(401)
    found: str = row["id"]
    return found


def now() -> str:
    """The instant as the store writes it."""
    return datetime.now(UTC).strftime(STAMP)


def pool(db: sqlite3.Connection, user_id: str) -> list[tuple[sqlite3.Row, Task]]:
    """The live candidates of a person, with their tasks."""
    rows = db.execute(
        "SELECT c.*, t.priority, t.due, t.added_at, t.title FROM candidates c"
        " JOIN tasks t ON t.user_id = c.user_id AND t.id = c.task_id AND t.completed_at IS NULL"
        " WHERE c.user_id = ? AND c.retired_at IS NULL AND c.expires_at > ?",
        (user_id, now()),
    ).fetchall()
    return [(row, _task(row)) for row in rows]


def _task(row: sqlite3.Row) -> Task:
    added = datetime.strptime(row["added_at"], STAMP).replace(tzinfo=UTC)
    due = datetime.strptime(row["due"], "%Y-%m-%d").date()
    task_id = row["task_id"]
    return Task(task_id, "file", task_id, row["title"], row["priority"], due=due, added_at=added)


def statistics(db: sqlite3.Connection, user_id: str) -> Statistics:
    """The person's learnt state."""
    row = db.execute(
        "SELECT state FROM user_models WHERE user_id = ? AND policy = ?", (user_id, POLICY.name)
    ).fetchone()
    return Statistics.decode(row["state"]) if row else Statistics.empty(POLICY.dimension)


def columns(candidates: list[tuple[sqlite3.Row, Task]]) -> tuple[dict[str, Any], Floats]:
    """The features of the candidates, to be logged, and x (K, features) of the policy."""
    offers = [Offer(TipKind(row["kind"]), row["confidence"], task) for row, task in candidates]
    features = dict(REGISTRY.columns(datetime.now(UTC), offers))
    return features, np.column_stack([features[name] for name in POLICY.features])


def decide(
    state: Statistics, candidates: list[tuple[sqlite3.Row, Task]], user_id: str
) -> tuple[dict[str, Any], tuple[Any, ...]]:
    """The tip and the row of the decision log."""
    features, x = columns(candidates)
    seed = secrets.randbits(63)
    picked = pick(POLICY, POLICY.posterior(state), x, seed)
    return logged(user_id, candidates, features, seed, picked, int(state.n))


def logged(
    user_id: str,
    candidates: list[tuple[sqlite3.Row, Task]],
    features: dict[str, Any],
    seed: int,
    picked: Pick,
    seq: int,
) -> tuple[dict[str, Any], tuple[Any, ...]]:
    """The tip that was picked by a state of so many reactions, and its row of the decision log."""
    row = candidates[picked.chosen][0]
    tip_id = uuid.uuid4().hex
    tip = {
        "id": tip_id,
        "content": row["content"],
        "kind": row["kind"],
        "source": row["source"],
        "model": row["model"],
        "prompt_version": row["prompt_version"],
        "confidence": row["confidence"],
        "task": row["task_id"],
        "policy": POLICY.name,
    }
    values = (
        tip_id,
        user_id,
        now(),
        row["kind"],
        row["content"],
        row["source"],
        row["model"],
        row["prompt_version"],
        row["confidence"],
        row["task_id"],
        json.dumps([candidate["id"] for candidate, _ in candidates]),
        picked.chosen,
        POLICY.name,
        POLICY.version,
        seed,
        seq,
        float(picked.propensities[picked.chosen]),
        json.dumps(picked.propensities.tolist()),
        json.dumps(picked.scores.tolist()),
        json.dumps(features),
        1.0,
    )
    return tip, values


COLUMNS = (
    "id, user_id, created_at, kind, content, source, model, prompt_version, confidence, task_id,"
    " candidate_ids, chosen, policy, policy_version, seed, state_seq, propensity, propensities,"
    " scores, features, latency_ms"
)
LOG = f"INSERT INTO tip_scores ({COLUMNS}) VALUES ({','.join('?' * 21)})"


def react(db: sqlite3.Connection, user_id: str, key: str, body: Feedback) -> dict[str, Any]:
    """One reaction inside an open transaction; the learner's state moves with it."""
    known = db.execute(
        "SELECT tip_id, action, reward, user_seq FROM feedback WHERE user_id = ?"
        " AND idempotency_key = ?",
        (user_id, key),
    ).fetchone()
    if known:
        return dict(known)
    tip = db.execute(
        "SELECT * FROM tip_scores WHERE id = ? AND user_id = ?", (body.tip_id, user_id)
    ).fetchone()
    if tip is None:
        raise HTTPException(404)
    seq = db.execute("SELECT user_seq FROM users WHERE id = ?", (user_id,)).fetchone()[0] + 1
    gained = reward(body.action, body.dwell_ms / 1000)
    columns = json.loads(tip["features"])
    shown = {
        name: values[tip["chosen"]] if isinstance(values, list) else values
        for name, values in columns.items()
    }
    values = (user_id, seq, body.tip_id, body.action.value, body.dwell_ms, gained, False)
    db.execute(
        "INSERT INTO feedback (user_id, user_seq, tip_id, action, dwell_ms, reward, late,"
        " features, idempotency_key, created_at, learned_at) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
        (*values, json.dumps(shown), key, now(), now()),
    )
    event = json.dumps({"user_seq": seq, "tip_id": body.tip_id, "action": body.action.value})
    db.execute(
        "INSERT INTO outbox (user_id, subject, payload, created_at) VALUES (?,?,?,?)",
        (user_id, "signals.tip.feedback", event, now()),
    )
    db.execute(
        "UPDATE users SET user_seq = ?, pool_version = pool_version + 1 WHERE id = ?",
        (seq, user_id),
    )
    candidate = json.loads(tip["candidate_ids"])[tip["chosen"]]
    db.execute(
        "UPDATE candidates SET retired_at = ? WHERE user_id = ? AND id = ?",
        (now(), user_id, candidate),
    )
    x = np.array([shown[name] for name in POLICY.features])
    state = statistics(db, user_id).add(x, gained)
    db.execute(
        "INSERT INTO user_models VALUES (?,?,?,?,?) ON CONFLICT (user_id, policy)"
        " DO UPDATE SET state = excluded.state, applied_seq = excluded.applied_seq",
        (user_id, POLICY.name, state.encode(), seq, now()),
    )
    return {"tip_id": body.tip_id, "action": body.action.value, "reward": gained, "seq": seq}


@app.get("/health/live")
def live() -> dict[str, str]:
    return {"status": "ok"}


@app.post("/recommend")
def recommend(request: Request) -> dict[str, Any]:
    db = database()
    user_id = person(db, request)
    tip, values = decide(statistics(db, user_id), pool(db, user_id), user_id)
    db.execute("BEGIN IMMEDIATE")
    db.execute(LOG, values)
    db.execute("COMMIT")
    return {"tip": tip, "reason": None}


@app.post("/feedback")
def feedback(request: Request, body: Feedback) -> dict[str, Any]:
    db = database()
    user_id = person(db, request)
    db.execute("BEGIN IMMEDIATE")
    try:
        answer = react(db, user_id, request.headers["idempotency-key"], body)
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise
    return answer


if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ["OO_PORT"]), log_level="warning", access_log=False)
