"""`/metrics`: who may read it, and what it says."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from pydantic import SecretStr

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


async def test_where_others_reach_it_a_token_is_needed(site: Site) -> None:
    changed = {"metrics_token": SecretStr("secret")}
    parts = site.app.state.services
    parts.settings = site.settings.model_copy(update=changed)
    assert (await get(site, "/metrics", "secret")).status_code == 200
    assert (await get(site, "/metrics", "guess")).status_code == 404
    assert (await get(site, "/metrics")).status_code == 404
    parts.settings = site.settings.model_copy(update={"host": "0.0.0.0"})
    assert (await get(site, "/metrics")).status_code == 404
