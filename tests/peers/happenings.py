"""Facts for the relay of events: tips, reactions and rows of the outbox, each by its own way."""

from collections.abc import Sequence
from datetime import datetime

from oo.domain.decisions import Decision
from oo.domain.events import ALL_EVENTS, EventSeen
from oo.domain.rewards import Action
from oo.kit.clock import Clock
from oo.kit.ids import new_id
from oo.recommend.reactions import ReactionRequest, Reactions
from oo.store import decisions, event_log, outbox
from oo.store.database import Database
from oo.store.tables import metadata
from tests.unit.recommend.conftest import candidate

TABLES = metadata.tables


def decision(clock: Clock, user_id: str, at: datetime | None = None) -> Decision:
    """A tip that was decided on for the person at that time, else now."""
    shown = candidate(clock)  # type: ignore[arg-type]  # any clock does
    return Decision(
        id=new_id(clock),
        user_id=user_id,
        created_at=at or clock.now(),
        candidate=shown,
        candidate_ids=[shown.id],
        chosen=0,
        policy="linucb-v1",
        policy_version="1",
        seed=1,
        state_seq=0,
        propensities=[1.0],
        scores=[0.0],
        features={"priority": [0.5]},
        degraded=None,
        latency_ms=2.0,
    )


async def serve(db: Database, clock: Clock, made: Sequence[Decision]) -> None:
    """Log the decisions as a request for a tip does."""
    async with db.write_hot() as connection:
        await decisions.append(connection, made)
        await decisions.point_out_late(connection, made, clock.now())


async def react(db: Database, clock: Clock, user_id: str, tip_id: str) -> None:
    """The person takes the tip."""
    request = ReactionRequest(user_id, tip_id, Action.DONE, 40_000, tip_id)
    await Reactions(db, clock).accept(request)


async def sync(db: Database, clock: Clock, user_id: str, put: int = 1) -> None:
    """A source told of tasks."""
    payload = {"source": "todoist", "put": put, "gone": 0}
    async with db.write() as connection:
        await outbox.tell(connection, user_id, outbox.TASK_SYNCED, payload, clock.now())


async def told(db: Database, after: int = 0) -> list[EventSeen]:
    """All events behind that number."""
    async with db.read() as connection:
        return await event_log.read(connection, after, 100_000, ALL_EVENTS)
