"""The pages in process, over a fresh store and a stand-in Todoist."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx2
import pytest
from fastapi import FastAPI

from deployments.console import console
from ml.composing.fallback import quick_composer
from ml.features import REGISTRY
from ml.policies import policies
from oo.domain.health import State
from oo.domain.promotion import Ruling
from oo.events.replay import Replays
from oo.events.ring import Ring
from oo.identity.accounts import Accounts
from oo.identity.local import create_login_link
from oo.identity.service import Identity
from oo.identity.sessions import csrf_token
from oo.integrations.service import Integrations
from oo.kit.clock import ManualClock
from oo.kit.settings import Settings
from oo.mlops.agents import Listener
from oo.mlops.explanation import Explainer
from oo.mlops.learnt import Learnt
from oo.mlops.promoting import ruled
from oo.mlops.promotion import Trial
from oo.push.service import Push
from oo.recommend.fallback import FallbackPool
from oo.recommend.freshness import PoolFreshness
from oo.recommend.learner import Learner
from oo.recommend.pool import Pool
from oo.recommend.profile_cache import Profiles
from oo.recommend.reactions import Reactions
from oo.recommend.recommender import Recommender
from oo.recommend.worth import Worth
from oo.store.database import Database
from oo.web.app import create_app
from oo.web.health import ESSENTIAL
from oo.web.services import Services
from tests.peers.store import fresh_store
from tests.peers.todoist import CLIENT_ID, CLIENT_SECRET, TodoistPeer
from tests.peers.vault import MASTER_KEYS
from tests.unit.recommend.test_recommender import NoRefill, templates

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


class MovedClock(ManualClock):
    """The machine's clock, which a test may move on."""

    def __init__(self) -> None:
        super().__init__(datetime.now(UTC))

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        return time.monotonic() + self._elapsed


@dataclass
class Site:
    """The application and what is behind it."""

    app: FastAPI
    db: Database
    clock: ManualClock
    settings: Settings
    peer: TodoistPeer
    provider: httpx2.AsyncClient

    def browser(self, **headers: str) -> httpx2.AsyncClient:
        """A new browser without cookies."""
        return httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=self.app),
            base_url=self.settings.base_url,
            headers=headers,
        )

    async def signed_in(self, **headers: str) -> httpx2.AsyncClient:
        """A browser of the local person."""
        browser = self.browser(**headers)
        link = await create_login_link(self.db, self.settings, self.clock)
        answer = await browser.post(link, headers={"Sec-Fetch-Site": "same-origin"})
        assert answer.headers["location"] == "/"
        return browser


@dataclass
class GateHere:
    """The gate without a process of its own."""

    db: Database
    clock: ManualClock
    pin: str | None = None

    async def promote(self, name: str, actor: str, reason: str) -> Ruling:
        return await ruled(self.db, self.clock, name, actor, reason, Trial(50, 7, 1))

    async def pinned(self) -> str | None:
        return self.pin


def csrf_of(browser: httpx2.AsyncClient) -> str:
    """The form token of the browser's session."""
    return csrf_token(browser.cookies["sid"])


def _recommender(db: Database, clock: ManualClock) -> Recommender:
    return Recommender(
        db=db,
        clock=clock,
        pool=Pool(db, clock),
        profiles=Profiles(db, clock),
        features=REGISTRY.columns,
        ranker=Learner(db, policies()["egreedy-v1"], clock),
        refill=NoRefill(),
        fallback=FallbackPool(db, clock, templates),
        seeds=iter(range(10_000)).__next__,
        deadline_s=60.0,  # a busy machine fails no test that is not about time
    )


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(tmp_path) as opened:
        yield opened


@asynccontextmanager
async def open_site(
    folder: Path,
    public_url: str = "",
    others: Mapping[str, Any] | None = None,
    peer: TodoistPeer | None = None,
    **limits: int,
) -> AsyncIterator[Site]:
    """The application over a store in `folder`, with other limits than it is shipped with.

    With other settings it lives by the machine's clock, as the peers that they name do. Its Todoist
    is `peer`, or one of its own.
    """
    clock = MovedClock() if others else ManualClock(NOW)
    peer = peer or TodoistPeer(now=clock.now)
    settings = Settings.model_validate(
        {
            "data_dir": folder,
            "public_url": public_url,
            "limits": limits,
            "oidc": {
                "google": {
                    "title": "Google",
                    "issuer": "http://127.0.0.1:9",
                    "client_id": "id",
                    "client_secret": "secret",
                }
            },
            "todoist": {
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
                "authorize_url": "http://todoist.test/oauth/authorize",
                "token_url": "http://todoist.test/oauth/access_token",
                "api_url": "http://todoist.test/api/v1",
            },
            "master_keys": MASTER_KEYS,
            **(others or {}),
        }
    )
    transport = httpx2.ASGITransport(app=peer.app())
    async with fresh_store(folder) as db, httpx2.AsyncClient(transport=transport) as provider:
        parts = SimpleNamespace(
            settings=settings,
            clock=clock,
            db=db,
            accounts=Accounts(db, clock),
            identity=Identity.of(settings, db, clock),
            integrations=Integrations.of(settings, db, clock, provider),
            explainer=Explainer(db),
            learnt=Learnt(db, clock),
            listener=Listener(db, clock, quick_composer),
            recommender=_recommender(db, clock),
            reactions=Reactions(db, clock),
            refill=NoRefill(),
            push=Push.of(settings, db, clock, Worth(db, clock)),
            wake=lambda user_id, user_seq: None,
            freshness=PoolFreshness(db, clock, 30),
            events=Ring(db),
            replays=Replays(db, clock),
            promotes=GateHere(db, clock),
            health=SimpleNamespace(states=lambda: dict.fromkeys(ESSENTIAL, State.READY)),
        )
        given = cast(Services, parts)
        yield Site(create_app(given, console(given)), db, clock, settings, peer, provider)
