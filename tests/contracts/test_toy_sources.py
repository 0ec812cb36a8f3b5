"""A source of each kind, added as one file, reaches the connect page, the prompt and a feature."""

import importlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import select

import ml.features
import oo.integrations.sources
from ml.features.registry import Feature, Registry
from ml.prompts.prompt import load
from oo.domain.signals import all_kinds
from oo.domain.tips import Offer, TipKind
from oo.kit.plugins import discover_all
from oo.recommend.gathering import gather
from oo.recommend.pool import Pool
from oo.store import tables, tasks
from tests.contracts import test_signal_sources as checks
from tests.contracts.dropped import dropped
from tests.contracts.toys import FETCHED, NEW_FEATURE, TOYS, Toy
from tests.unit.web.conftest import Site, csrf_of, site

__all__ = ["site"]

SAME = {"sec-fetch-site": "same-origin"}


@pytest.fixture(params=sorted(TOYS))
def toy(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Toy]:
    """The toy source of one kind, where sources are looked for."""
    found = TOYS[request.param]
    if found.text is FETCHED:
        monkeypatch.setenv("OO_TOY__CLIENT_ID", "id")
    folder = tmp_path / "sources"
    folder.mkdir()
    with dropped(oo.integrations.sources, folder, "toy", found.text):
        yield found


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    """The features, with one about notes dropped in."""
    folder = tmp_path / "features"
    folder.mkdir()
    with dropped(ml.features, folder, "toy_features", NEW_FEATURE):
        yield Registry(discover_all(ml.features, "FEATURES", Feature))


@pytest.fixture
async def browser(toy: Toy, site: Site) -> httpx2.AsyncClient:
    """A signed-in browser of somebody who has connected the toy."""
    browser = await site.signed_in()
    await connect(browser, toy)
    return browser


async def connect(browser: httpx2.AsyncClient, toy: Toy) -> None:
    if toy.text is FETCHED:
        start = await browser.get("/connect/toy/start", headers=SAME)
        state = httpx2.URL(start.headers["location"]).params["state"]
        back = await browser.get("/connect/toy/callback", params={"code": "c", "state": state})
        assert back.headers["location"] == "/connect?notice=connected"
        return
    answer = await browser.post(
        "/connect/toy/import",
        data={"csrf": csrf_of(browser)},
        files={"file": ("x.toy", b"Hello")},
        headers=SAME,
    )
    assert "1 taken" in answer.text


async def person(site: Site) -> str:
    async with site.db.read() as connection:
        found = await connection.execute(select(tables.users.c.id))
        return str(found.scalar_one())


async def prompt_of(site: Site, now: datetime) -> str:
    """What a writer that is shown everything is asked."""
    user = await person(site)
    async with site.db.read() as connection:
        found = await gather(connection, user, now)
    assert found is not None
    messages = load("instruct-v2").render(found.context)
    return messages[-1]["content"]


def test_there_is_a_toy_of_each_kind() -> None:
    assert set(TOYS) == set(all_kinds())


async def test_the_connect_page_shows_it(toy: Toy, site: Site, browser: httpx2.AsyncClient) -> None:
    text = (await browser.get("/connect")).text
    shown = text.partition('id="source-toy"')[2].partition("</li>")[0]
    assert "A toy" in shown
    assert toy.counted in shown
    assert f"Erased when you disconnect; {toy.retention}." in shown
    assert "One task per line" not in shown


async def test_a_writer_is_told_of_it(toy: Toy, site: Site, browser: httpx2.AsyncClient) -> None:
    lines = (await prompt_of(site, site.clock.now())).split("\n")
    assert toy.prompt in lines


async def test_a_feature_is_computed_from_it(
    toy: Toy, site: Site, browser: httpx2.AsyncClient, registry: Registry
) -> None:
    user, now = await person(site), site.clock.now()
    stock = await Pool(site.db, site.clock).stock(user, 1)
    async with site.db.read() as connection:
        task = next(iter(await tasks.list_open(connection, user)), None)
    columns = registry.columns(now, [Offer(TipKind.TASK, 0.5, task)], {}, stock.signals)
    assert columns[toy.feature] == [pytest.approx(toy.value)]
    before = registry.columns(now, [Offer(TipKind.TASK, 0.5, None)])
    assert before[toy.feature] == [0.0]


async def test_disconnecting_erases_it(toy: Toy, site: Site, browser: httpx2.AsyncClient) -> None:
    await browser.post("/connect/toy/disconnect", data={"csrf": csrf_of(browser)}, headers=SAME)
    async with site.db.read() as connection:
        for table in (tables.signals, tables.tasks, tables.connections):
            assert (await connection.execute(select(table))).all() == []


@pytest.mark.parametrize("toy", ["event"], indirect=True)
async def test_a_delta_goes_on_where_the_last_one_ended(
    toy: Toy, site: Site, browser: httpx2.AsyncClient
) -> None:
    integrations = site.app.state.services.integrations
    user = await person(site)
    assert await integrations.sync(user)
    asked = await prompt_of(site, site.clock.now())
    assert "Gone soon" not in asked
    assert "Stand" in asked
    assert "New 1" in asked
    assert await integrations.sync(user)
    assert "New 2" in await prompt_of(site, site.clock.now())
    assert not await integrations.sync(user)


def test_a_toy_passes_the_checks_of_sources(toy: Toy) -> None:
    plugin = importlib.import_module("oo.integrations.sources.toy").SOURCE
    checks.test_the_manifest_tells_a_person_everything(plugin)
    checks.test_the_source_does_what_its_manifest_says(plugin)
    if toy.text is not FETCHED:
        checks.test_an_upload_gives_signals_of_its_own_that_repeat(plugin)
        checks.test_an_upload_refuses_what_it_cannot_read(plugin)
