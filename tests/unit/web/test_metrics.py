"""`/metrics`: who may read it, and what it says."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from pydantic import SecretStr

from oo.store import lags
from oo.web import metrics
from tests.unit.web.conftest import Site, open_site


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(tmp_path) as site:
        yield site


async def get(site: Site, path: str, token: str = "") -> httpx2.Response:
    transport = httpx2.ASGITransport(app=site.app)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        return await client.get(path, headers=headers)


async def test_it_says_how_fresh_pools_are(site: Site) -> None:
    answer = await get(site, "/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    for line in ("oo_pool_active_people 0.0", "oo_pool_good_ratio_objective 0.95"):
        assert line in answer.text.splitlines()
    assert (await get(site, "/health/ready")).json()["pools"] is None


async def test_it_says_what_waits_and_which_parts_are_ready(site: Site) -> None:
    said = (await get(site, "/metrics")).text.splitlines()
    for line in (
        'oo_part_ready{part="store"} 1.0',
        "oo_outbox_untold 0.0",
        'oo_errands_waiting{subject="commands.task.complete"} 0.0',
        "oo_deliveries_due_seconds 0.0",
    ):
        assert line in said


async def test_figures_of_a_store_that_is_away_are_left_out(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*args: object) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(lags, "errands", away)
    answer = await get(site, "/metrics")
    assert answer.status_code == 200
    assert "oo_part_ready{" in answer.text
    assert "oo_errands_waiting" not in answer.text


async def test_a_storm_of_readers_costs_one_look(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = 0

    def rendered(gauges: object) -> bytes:
        nonlocal made
        made += 1
        return b"figures"

    monkeypatch.setattr(metrics, "rendered", rendered)
    answers = await asyncio.gather(*(get(site, "/metrics") for _ in range(20)))
    assert {answer.content for answer in answers} == {b"figures"}
    assert made == 1
    site.clock.advance(metrics.KEEP_S)
    await get(site, "/metrics")
    assert made == 2


async def test_where_others_reach_it_a_token_is_needed(site: Site) -> None:
    changed = {"metrics_token": SecretStr("secret")}
    parts = site.app.state.services
    parts.settings = site.settings.model_copy(update=changed)
    assert (await get(site, "/metrics", "secret")).status_code == 200
    assert (await get(site, "/metrics", "guess")).status_code == 404
    assert (await get(site, "/metrics")).status_code == 404
    parts.settings = site.settings.model_copy(update={"host": "0.0.0.0"})
    assert (await get(site, "/metrics")).status_code == 404
