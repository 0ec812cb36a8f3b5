"""CONTRIBUTING's "Where do I put …": each example, dropped into its folder, works there."""

import importlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

import httpx2
import numpy as np
import pytest
from typer.testing import CliRunner

import ml.features
import ml.generation.refusals
import ml.judges
import ml.policies
from ml.advice.advice import pieces
from ml.agents.agent import agents
from ml.agents.orchestrator import ask
from ml.composing.fallback import quick_composer
from ml.features.registry import Feature, Registry
from ml.generation.refusals._rule import Rule
from ml.insights.insight import Scene, Work, finders
from ml.ope.estimator import Estimator
from ml.ope.feedback import BanditFeedback
from ml.prompts import prompt
from ml.simulation.judging import Judge, draw_cases
from ml.simulation.scenario import PopulationModel, Scenario
from oo.cli.main import build
from oo.domain.context import DayPart, PromptContext, TaskFacts
from oo.domain.events import EventSeen
from oo.domain.policies import Policy, pick
from oo.domain.roles import Role
from oo.domain.signals import all_kinds, by_kind
from oo.domain.signals.kinds.measure import Measure
from oo.domain.statistics import Statistics
from oo.domain.tips import Offer, TipKind
from oo.events.consumer import consumers
from oo.identity.failures import Cause
from oo.identity.provider import configured
from oo.integrations.registry import source_plugins
from oo.jobs.contract import Job
from oo.kit.clock import Clock, ManualClock
from oo.kit.plugins import discover, discover_all
from oo.kit.provide import Provided
from oo.kit.settings import Settings
from oo.push.channel import Parts, channel_plugins
from oo.recommend.telling import facts_of
from oo.store import signals, users
from oo.store.database import Database
from oo.web.app import create_app
from oo.web.services import Services
from tests.contracts import test_signal_sources
from tests.contracts.dropped import dropped
from tests.peers.store import add_person, fresh_store
from tests.unit.admin.conftest import browser_of
from tests.unit.web.conftest import open_site

ROOT = Path(__file__).parents[2]
SECTION = re.compile(r"^### … an? ([\w ]+)\? `([\w/.-]+)`\n(.*?)^```\w+\n(.*?)^```", re.M | re.S)


class Answer(NamedTuple):
    """Where one more of a kind goes, and an example of it."""

    kind: str
    path: Path
    prose: str
    code: str


def answers() -> dict[str, Answer]:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    found = [Answer(kind, Path(path), *rest) for kind, path, *rest in SECTION.findall(text)]
    return {answer.kind: answer for answer in found}


ANSWERS = answers()


class Place(NamedTuple):
    """What a check may use: a store, a clock, and a folder of its own."""

    db: Database
    clock: ManualClock
    folder: Path


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    clock = ManualClock(datetime(2026, 11, 21, 9, tzinfo=UTC))
    async with fresh_store(tmp_path) as db:
        yield Place(db, clock, tmp_path)


async def check_policy(_: Place) -> None:
    policy = discover(ml.policies, "POLICY", Policy)["most-urgent"]  # type: ignore[type-abstract]
    picks = [
        pick(policy, policy.posterior(Statistics.empty(1)), np.array([[0.2], [0.9]]), seed).chosen
        for seed in range(20)
    ]
    assert np.mean(picks) > 0.7


async def check_signal_source(_: Place) -> None:
    plugin = source_plugins()["clipboard"]
    for check in (
        test_signal_sources.test_the_manifest_tells_a_person_everything,
        test_signal_sources.test_the_source_does_what_its_manifest_says,
        test_signal_sources.test_an_upload_gives_signals_of_its_own_that_repeat,
        test_signal_sources.test_an_upload_refuses_what_it_cannot_read,
    ):
        check(plugin)


async def check_signal_kind(place: Place) -> None:
    all_kinds.cache_clear()
    try:
        kind = all_kinds()["mood"]
        ada, now = await add_person(place.db, place.clock), place.clock.now()
        async with place.db.write() as connection:
            await signals.put(connection, ada, kind.examples, now)
            current = (await signals.current(connection, [ada], now))[ada]
        assert current == {"mood": list(kind.examples)}
        (fact,) = facts_of(current, now)
        assert (fact.kind, fact.words) == ("mood", "4 of 5")
    finally:
        all_kinds.cache_clear()


async def check_feature(place: Place) -> None:
    registry = Registry(discover_all(ml.features, "FEATURES", Feature))
    steps = Measure("h:1", "h", "1", "steps", 12_000.0, place.clock.now().date())
    offers = [Offer(TipKind.TASK, 0.5, None)]
    for told, value in (([steps], 1.0), ([], 0.0)):
        columns = registry.columns(place.clock.now(), offers, {}, by_kind(told))
        assert columns["walked_enough"] == [value]


async def check_estimator(_: Place) -> None:
    package = importlib.import_module("ml.ope.estimators")
    found = discover(package, "ESTIMATOR", Estimator)["optimist"]  # type: ignore[type-abstract]
    half = np.full((4, 2), 0.5)
    log = BanditFeedback(np.zeros(4, int), np.array([1.0, -1, 1, -1]), half[:, 0], half, None)
    assert found.terms(log).correction.mean() == 0.5


async def check_judge(_: Place) -> None:
    found = discover(ml.judges, "JUDGE", Judge)["brief"]  # type: ignore[type-abstract]
    cases = draw_cases(Scenario(seed=1, population=PopulationModel(people=3)), 5)
    assert [one.score for one in await found.judge(cases) if one] == [
        case.offer.confidence for case in cases
    ]


async def check_refusal(_: Place) -> None:
    found = discover(ml.generation.refusals, "RULE", Rule)["unproven of the weather"]
    assert found.find("It rains, so read one page.") == ["It rains"]


async def check_prompt(_: Place) -> None:
    assert "terse-v1" in prompt.versions()
    context = PromptContext(DayPart.MORNING, 0, 3, 1, ())
    assert "3 tasks, 1 overdue" in prompt.load("terse-v1").render(context)[0]["content"]


async def check_fact(_: Place) -> None:
    found = finders()["friday"]
    task = TaskFacts("f:1", "Call Mum", 1, None, 3, None)
    context = PromptContext(DayPart.MORNING, 4, 1, 0, (task,))
    (insight,) = found.find(Scene(context, (Work(task, None),)))
    assert insight.name in found.says


async def check_agent(_: Place) -> None:
    found = agents()["fridays"]
    task = TaskFacts("f:1", "Call Mum", 1, None, 3, None)
    context = PromptContext(DayPart.MORNING, 4, 1, 0, (task,))
    (said,) = ask(context, quick_composer(), [found])
    assert said.snippet == "- " + said.statements[0].spoken
    assert "Nothing on your list is overdue" in said.snippet


async def check_advice(place: Place) -> None:
    piece = pieces(place.folder / "dropped")["leave_early"]
    context = PromptContext(DayPart.AFTERNOON, 4, 1, 0, ())
    assert piece.suits(Scene(context, ()))


async def check_job(place: Place) -> None:
    job = discover(importlib.import_module("oo.jobs.periodic"), "JOB", Job)["count-people"]
    await add_person(place.db, place.clock)
    assert await Provided({Database: place.db}).to(job.run)() == 1


async def check_push_channel(place: Place) -> None:
    channel = channel_plugins()["printed"]
    sends = channel.make(channel.settings(), cast(Parts, None))
    assert sends is not None
    assert sends.address(channel.example) == channel.example


async def check_consumer(place: Place) -> None:
    consumers.cache_clear()
    try:
        consumer = consumers()["greeter"]
    finally:
        consumers.cache_clear()
    event = EventSeen(7, "x", "signals.source.connected", "ada", place.clock.now(), {})
    assert consumer.takes(event)
    assert not consumer.takes(event._replace(subject="signals.tip.served"))
    await Provided({Clock: place.clock}).to(consumer.make)()(event)


async def check_page(place: Place) -> None:
    class Nobody:
        async def of(self, cookie: str | None) -> Any:
            return SimpleNamespace(user_id="ada", token_hash="")

    settings = Settings.model_validate({"data_dir": place.folder})
    parts = SimpleNamespace(settings=settings, clock=place.clock, accounts=Nobody())
    app = create_app(cast(Services, parts))
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url=settings.base_url) as browser:
        answer = await browser.get("/about")
    assert answer.status_code == 200
    assert "One tip. Right now." in answer.text


async def check_page_of_the_console(place: Place) -> None:
    async with open_site(place.folder) as site:
        admin = await add_person(site.db, site.clock, "admin")
        async with site.db.write() as connection:
            await users.set_role(connection, admin, Role.ADMIN)
        browser = await browser_of(site, admin)
        told = await browser.get("/api/admin/zones")
        page = await browser.get("/admin/zones", headers={"accept": "text/html"})
        other = await browser.get("/admin/overview", headers={"accept": "text/html"})
    assert told.json()["tables"][0]["rows"] == [{"zone": "UTC", "people": 1}]
    assert 'href="/admin/people?timezone=UTC"' in page.text
    assert 'href="/admin/zones"' in other.text  # the navigation has it


async def check_provider(place: Place) -> None:
    settings = Settings.model_validate({"oidc": {"school": {"client_id": "oo"}}})
    found = configured(settings, place.clock)["school"]
    assert (found.title, found.issuer) == ("School", "https://login.school.example")
    assert found.own.refuses({"role": "teacher"}) is None
    assert found.own.refuses({}) is Cause.WRONG_DOMAIN


async def check_command(_: Place) -> None:
    done = CliRunner().invoke(build(), ["greet", "--name", "Ada"])
    assert (done.exit_code, done.output) == (0, "Hello, Ada.\n")


CHECKS: dict[str, Callable[[Place], Awaitable[None]]] = {
    name.removeprefix("check_").replace("_", " "): check
    for name, check in list(globals().items())
    if name.startswith("check_")
}


@pytest.mark.parametrize("kind", CHECKS)
async def test_the_example_works_where_it_is_put(
    kind: str, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = ANSWERS[kind]
    folder = place.folder / "dropped"
    folder.mkdir()
    if answer.path.suffix == ".yaml":
        (folder / answer.path.name).write_text(answer.code)
        monkeypatch.setattr(prompt, "FOLDER", folder)
        await CHECKS[kind](place)
        return
    package = importlib.import_module(".".join(answer.path.parent.parts))
    with dropped(package, folder, answer.path.stem, answer.code):
        await CHECKS[kind](place)


def test_every_answer_is_checked() -> None:
    assert set(ANSWERS) == set(CHECKS)
    assert all((ROOT / answer.path).parent.is_dir() for answer in ANSWERS.values())
    assert not any((ROOT / answer.path).exists() for answer in ANSWERS.values())
