"""How many replicas: what a file may say, and what Serve is told."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from ray.serve.config import AutoscalingConfig

from deployments.args import EngineArgs, Scale, Shards
from deployments.people import how_many_shards
from oo.kit.clock import SystemClock
from oo.kit.settings import Settings
from oo.store import sessions
from oo.store.database import Database
from tests.peers.store import add_person


def scaling(told: dict[str, Any]) -> AutoscalingConfig:
    return AutoscalingConfig(**told["autoscaling_config"])


def test_a_number_stays_that_number() -> None:
    assert Scale(replicas=3).how_many() == {"num_replicas": 3}
    assert EngineArgs(replicas=2, most=2).how_many() == {"num_replicas": 2}


def test_with_a_most_serve_scales_between_both() -> None:
    for told in (
        Scale(replicas=2, most=6, under_way=40).how_many(),
        EngineArgs(replicas=2, most=6, under_way=40).how_many(),
    ):
        assert list(told) == ["autoscaling_config"]
        assert (scaling(told).min_replicas, scaling(told).max_replicas) == (2, 6)
        assert scaling(told).target_ongoing_requests == 40


@pytest.mark.parametrize("kind", [Scale, EngineArgs])
def test_a_most_below_the_least_is_refused(kind: Any) -> None:
    with pytest.raises(ValidationError, match=r"`most` \(1\) is less than `replicas` \(2\)"):
        kind(replicas=2, most=1)


def test_shards_follow_the_people() -> None:
    shards = Shards(replicas=2, most=8, people=1000)
    assert [shards.for_people(n) for n in (0, 2000, 2001, 7500, 99_999)] == [2, 2, 3, 8, 8]
    assert Shards(replicas=3).for_people(99_999) == 3
    with pytest.raises(ValidationError, match="together"):
        Shards(most=4)


async def test_people_are_counted_in_the_store(db: Database, tmp_path: Path) -> None:
    clock = SystemClock()
    for number, days in enumerate((0, 20, 40)):
        user = await add_person(db, clock, f"Person {number}")
        since = clock.now() - timedelta(days=days)
        async with db.write() as connection:
            await sessions.add(
                connection,
                user,
                str(number).rjust(64, "0"),
                created_at=since,
                expires_at=since + timedelta(days=90),
                authenticated_at=since,
                user_agent="",
            )
    settings = Settings(database_url=db.url)
    assert how_many_shards(Shards(people=1, most=9), settings) == 2


def test_a_store_that_is_away_leaves_the_least() -> None:
    away = Settings(database_url="postgresql+asyncpg://nobody@127.0.0.1:1/none")
    assert how_many_shards(Shards(replicas=2, people=1, most=9), away) == 2
