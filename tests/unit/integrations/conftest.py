"""Integrations over a stand-in Todoist, called in process."""

import importlib
from collections.abc import AsyncIterator
from datetime import date

import httpx2
import pytest

from oo.integrations.registry import build_sources
from oo.integrations.service import Integrations
from oo.integrations.sources import _todoist_api
from oo.integrations.sources._dates import parse_when
from oo.integrations.sources._lists._reader import readers
from oo.kit.clock import ManualClock
from oo.kit.settings import Settings
from oo.store.database import Database
from oo.vault.service import Vault
from tests.peers.store import add_person
from tests.peers.todoist import CLIENT_ID, CLIENT_SECRET, TodoistPeer
from tests.peers.vault import KEYRING


@pytest.fixture(scope="session", autouse=True)
def readers_are_loaded() -> None:
    """Importing what reads lists takes longer than Hypothesis allows an example."""
    parse_when("in 3 days", date(2026, 11, 21))
    for name in ("charset_normalizer", "icalendar"):
        importlib.import_module(name)
    readers()


@pytest.fixture
def peer(clock: ManualClock) -> TodoistPeer:
    return TodoistPeer(now=clock.now)


@pytest.fixture
def settings() -> Settings:
    return Settings.model_validate(
        {
            "todoist": {
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
                "authorize_url": "http://todoist.test/oauth/authorize",
                "token_url": "http://todoist.test/oauth/access_token",
                "api_url": "http://todoist.test/api/v1",
            }
        }
    )


@pytest.fixture
async def http(peer: TodoistPeer) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=peer.app())) as client:
        yield client


@pytest.fixture
def integrations(
    db: Database,
    clock: ManualClock,
    settings: Settings,
    http: httpx2.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> Integrations:
    monkeypatch.setattr(_todoist_api, "BACKOFF_S", 0.0)
    sources = build_sources(settings, http, clock)
    return Integrations(db, Vault(KEYRING, clock), KEYRING, sources, clock, settings.base_url)


@pytest.fixture
async def ada(db: Database, clock: ManualClock) -> str:
    return await add_person(db, clock, "ada")


@pytest.fixture
async def connected(integrations: Integrations, http: httpx2.AsyncClient, ada: str) -> str:
    """Ada, with Todoist connected."""
    await connect(integrations, http, ada)
    return ada


async def connect(integrations: Integrations, http: httpx2.AsyncClient, user_id: str) -> None:
    """Go through the provider's consent as a browser would."""
    start = integrations.start_connect(user_id, "todoist")
    answer = await http.get(start.url)
    query = httpx2.URL(answer.headers["location"]).params
    assert query["state"] == start.state
    await integrations.finish_connect(user_id, "todoist", query["code"], query["state"])
