"""Profiles: what they say, how old they may be, and who rebuilds them."""

import asyncio
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ml.features import REGISTRY
from ml.features.registry import Scope
from oo.domain.profile import DEFAULTS, PastTip, summarise
from oo.domain.rewards import Action
from oo.domain.tips import Offer, TipKind
from oo.jobs.periodic import rebuild_profiles
from oo.kit.clock import ManualClock
from oo.recommend.profile_cache import Profiles
from oo.recommend.reactions import ReactionRequest, Reactions
from oo.store import kept_profiles, users
from oo.store.category import categories
from oo.store.database import Database
from oo.store.erasing import erase
from tests.unit.recommend.conftest import serve_tip


async def react(db: Database, clock: ManualClock, user: str, action: Action) -> None:
    tip = await serve_tip(db, clock, user)
    await Reactions(db, clock).accept(ReactionRequest(user, tip, action, 60_000, tip))


def test_a_profile_sums_up_the_window() -> None:
    tips = [
        PastTip(9.0, "done", 60.0),
        PastTip(9.0, "done", 60.0),
        PastTip(20.0, "dismiss", 0.0),
        PastTip(20.0, None, 0.0),
        PastTip(21.0, "missed", 0.0),
    ]
    found = summarise(tips, days=2.0)
    assert set(found) == set(DEFAULTS)
    assert found["completion_rate"] == pytest.approx(3 / 5)
    assert found["dismiss_rate"] == pytest.approx(2 / 5)
    assert found["mean_dwell"] == pytest.approx(40 / 600)
    assert found["tip_volume"] == pytest.approx(0.25)
    at_nine = 2 * math.pi * 9 / 24
    assert found["preferred_hour_sin"] == pytest.approx(2 / 3 * math.sin(at_nine))


def test_the_preferred_hour_is_a_feature_of_now() -> None:
    profile = summarise([PastTip(9.0, "done", 60.0)] * 30, days=30.0)
    offer = [Offer(TipKind.TASK, 0.5, None)]

    def at(hour: int) -> float:
        now = datetime(2026, 11, 21, hour, tzinfo=UTC)
        return REGISTRY.columns(now, offer, profile)["preferred_hour"][0]

    assert at(9) > 0.9 > 0.1 > at(15) > -0.1 > -0.9 > at(21)


def test_profile_features_say_how_fresh_they_are() -> None:
    kept = [feature for feature in REGISTRY if feature.scope is Scope.PROFILE]
    assert {feature.name for feature in kept} == {
        "completion_rate",
        "dismiss_rate",
        "mean_dwell",
        "tip_volume",
        "preferred_hour",
    }
    assert all(feature.freshness_s == 900 for feature in kept)


async def test_a_stale_profile_serves_for_a_while_and_is_then_rebuilt(
    db: Database, clock: ManualClock, user: str
) -> None:
    profiles = Profiles(db, clock)
    await react(db, clock, user, Action.DONE)
    first = await profiles.get(user, 1, 0)
    assert (first.user_seq, first.computed_at) == (1, clock.now())
    await react(db, clock, user, Action.DONE)
    clock.advance(600)
    assert await profiles.get(user, 2, 0) == first
    clock.advance(600)
    second = await profiles.get(user, 2, 0)
    assert (second.user_seq, second.computed_at) == (2, clock.now())
    assert second.values["completion_rate"] > first.values["completion_rate"]
    clock.advance(3600)
    assert await profiles.get(user, 2, 0) == second
    clock.advance(timedelta(days=1).total_seconds())
    assert (await profiles.get(user, 2, 0)).computed_at == clock.now()


async def test_another_process_finds_what_was_kept(
    db: Database, clock: ManualClock, user: str
) -> None:
    await react(db, clock, user, Action.DISMISS)
    kept = await Profiles(db, clock).get(user, 1, 0)
    clock.advance(60)
    assert await Profiles(db, clock).get(user, 1, 0) == kept


async def test_it_is_read_once_for_all_and_to_its_end_though_nobody_waits(
    db: Database, clock: ManualClock, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await react(db, clock, user, Action.DONE)
    profiles, reads, go = Profiles(db, clock), list[str](), asyncio.Event()
    made = profiles._made

    async def slow(user_id: str, past_version: int) -> Any:
        reads.append(user_id)
        await go.wait()
        return await made(user_id, past_version)

    monkeypatch.setattr(profiles, "_made", slow)
    for _ in range(20):  # requests whose time is up, one after the other
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await profiles.get(user, 1, 0)
    waits = [asyncio.create_task(profiles.get(user, 1, 0)) for _ in range(5)]
    while profiles.at_hand(user, 1, 0) is None:
        go.set()
        await asyncio.sleep(0)
    assert {profile.user_seq for profile in await asyncio.gather(*waits)} == {1}
    assert reads == [user]


async def test_the_job_rebuilds_what_reactions_made_stale(
    db: Database, clock: ManualClock, user: str
) -> None:
    await react(db, clock, user, Action.DONE)
    await Profiles(db, clock).get(user, 1, 0)
    clock.advance(120)
    assert await rebuild_profiles.run(db, clock, Profiles(db, clock)) == 0
    await react(db, clock, user, Action.DISMISS)
    assert await rebuild_profiles.run(db, clock, Profiles(db, clock)) == 1
    assert await rebuild_profiles.run(db, clock, Profiles(db, clock)) == 0
    assert (await Profiles(db, clock).get(user, 2, 0)).user_seq == 2


async def test_somebody_new_has_the_defaults(db: Database, clock: ManualClock, user: str) -> None:
    assert (await Profiles(db, clock).get(user, 0, 0)).values == dict(DEFAULTS)


async def test_a_profile_without_tips_is_kept_and_not_rebuilt_again_and_again(
    db: Database, clock: ManualClock, user: str
) -> None:
    await react(db, clock, user, Action.DONE)
    await Profiles(db, clock).rebuild(user)
    await react(db, clock, user, Action.DONE)
    clock.advance(timedelta(days=40).total_seconds())
    assert await rebuild_profiles.run(db, clock, Profiles(db, clock)) == 1
    clock.advance(3600)
    assert await rebuild_profiles.run(db, clock, Profiles(db, clock)) == 0


@pytest.mark.parametrize("name", ["tips", "learnt", "profile"])
async def test_what_a_person_erases_serves_nobody_any_more(
    db: Database, clock: ManualClock, user: str, name: str
) -> None:
    """Not even from the cache of another process, which nobody tells."""
    await react(db, clock, user, Action.DONE)
    here, elsewhere = Profiles(db, clock), Profiles(db, clock)
    before = [await one.get(user, 1, 0) for one in (here, elsewhere)]
    async with db.write() as connection:
        seq = await erase(connection, user, categories()[name], clock.now())
        (head,) = (await users.heads(connection, [user])).values()
    assert head.past_version == 1
    for one in (here, elsewhere):
        assert one.at_hand(user, seq, head.past_version) is None
        assert (await one.get(user, seq, head.past_version)).user_seq == seq
    if name == "tips":
        assert (await here.get(user, seq, 1)).values == dict(DEFAULTS) != before[0].values


async def test_what_was_made_of_what_is_erased_meanwhile_is_not_kept(
    db: Database, clock: ManualClock, user: str
) -> None:
    await react(db, clock, user, Action.DONE)
    profiles = Profiles(db, clock)
    made = await profiles.rebuild(user)
    async with db.write() as connection:
        await erase(connection, user, categories()["tips"], clock.now())
        await kept_profiles.save(connection, made, 0)  # it was read before
        assert await kept_profiles.load(connection, [user]) == {}
        await kept_profiles.save(connection, made, 1)
        assert await kept_profiles.load(connection, [user]) == {user: made}
