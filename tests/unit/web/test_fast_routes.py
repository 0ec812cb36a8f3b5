"""The two busiest routes answer the same by the short cut and by the framework, as documented."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest
from pydantic import BaseModel

from oo.domain.decisions import Decision
from oo.kit.errors import Unavailable
from oo.kit.ids import new_id
from oo.recommend.deciding import Account
from oo.store import decisions
from oo.web.api import FeedbackAnswer, Recommendation
from oo.web.fast_routes import FastRoutes
from oo.web.problems import MEDIA_TYPE, Problem
from tests.peers.store import add_person
from tests.unit.recommend.conftest import candidate
from tests.unit.web.conftest import Site

SAME = {"Sec-Fetch-Site": "same-origin"}
Ask = Callable[..., Awaitable[httpx2.Response]]


@pytest.fixture(params=["short cut", "framework"])
def either(request: pytest.FixtureRequest, site: Site) -> Site:
    """The site, with and without the short cut."""
    if request.param == "framework":
        kept = [it for it in site.app.user_middleware if it.cls is not FastRoutes]  # type: ignore[comparison-overlap]
        assert len(kept) == len(site.app.user_middleware) - 1
        site.app.user_middleware = kept
    return site


async def recommend(browser: httpx2.AsyncClient) -> httpx2.Response:
    return await browser.post("/recommend", headers=SAME)


async def react(
    browser: httpx2.AsyncClient, tip: str, key: str = "k", **changes: Any
) -> httpx2.Response:
    body = {"tip_id": tip, "action": "done", "dwell_ms": 42_000, **changes}
    return await browser.post("/feedback", json=body, headers={**SAME, "Idempotency-Key": key})


async def tip_of(site: Site, subject: str | None = None) -> str:
    """A tip that was served to somebody: the local person, or one made for it."""
    async with site.db.read() as connection:
        rows = await connection.exec_driver_sql(
            "SELECT user_id FROM identities WHERE issuer = 'local'"
        )
        user_id = str(rows.scalar_one())
    if subject:
        user_id = await add_person(site.db, site.clock, subject)
    tip = candidate(site.clock)
    decision = Decision(
        new_id(site.clock), user_id, site.clock.now(), tip, [tip.id], 0, "random", "1", 1, 0,
        [1.0], [0.0], {"priority": [0.5]}, None, 1.0,
    )  # fmt: skip
    async with site.db.write() as connection:
        await decisions.append(connection, [decision])
    return decision.id


def as_documented(answer: httpx2.Response, model: type[BaseModel]) -> dict[str, Any]:
    """The body, which must be exactly what the model writes."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    body: dict[str, Any] = answer.json()
    assert model.model_validate(body).model_dump(mode="json") == body
    return body


def problem(answer: httpx2.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == MEDIA_TYPE
    found = Problem.model_validate(answer.json())
    assert found.model_dump() == answer.json()
    assert found.status == answer.status_code
    assert answer.headers["x-content-type-options"] == "nosniff"
    return found.status, found.code


async def test_nothing_is_recommended_to_whom_has_nothing(either: Site) -> None:
    body = as_documented(await recommend(await either.signed_in()), Recommendation)
    assert body == {"tip": None, "reason": "nothing_connected"}


async def test_all_clear_is_said(either: Site) -> None:
    browser = await either.signed_in()
    list_ = "- [x] Buy milk"
    await browser.post(
        "/api/sources/file/import?filename=a.txt",
        content=list_,
        headers={**SAME, "Content-Type": "text/csv"},
    )
    body = as_documented(await recommend(browser), Recommendation)
    assert body == {"tip": None, "reason": "all_clear"}


async def test_a_tip_and_its_reaction_are_answered(either: Site) -> None:
    browser = await either.signed_in()
    await browser.post(
        "/api/sources/file/import?filename=a.txt",
        content="- [ ] Buy milk",
        headers={**SAME, "Content-Type": "text/csv"},
    )
    tip = as_documented(await recommend(browser), Recommendation)["tip"]
    first = as_documented(await react(browser, tip["id"]), FeedbackAnswer)
    assert first == {
        "tip_id": tip["id"], "action": "done", "reward": 1.0, "seq": 1, "late": False,
    }  # fmt: skip
    again = as_documented(await react(browser, tip["id"]), FeedbackAnswer)
    assert again == first
    assert problem(await react(browser, tip["id"], dwell_ms=1)) == (409, "conflict")
    assert problem(await react(browser, tip["id"], key="other")) == (409, "conflict")


async def test_a_late_reaction_is_answered(either: Site) -> None:
    browser = await either.signed_in()
    tip = await tip_of(either)
    either.clock.advance(25 * 3600)
    assert as_documented(await react(browser, tip), FeedbackAnswer)["late"] is True


async def test_without_a_session_there_is_a_problem(either: Site) -> None:
    assert problem(await recommend(either.browser())) == (401, "unauthorized")
    assert problem(await react(either.browser(), "0" * 32)) == (401, "unauthorized")


async def test_what_is_wrong_with_a_reaction_is_a_problem(either: Site) -> None:
    browser = await either.signed_in()
    theirs = await tip_of(either, "eve")
    assert problem(await react(browser, theirs)) == (404, "not_found")
    assert problem(await react(browser, theirs, key="")) == (400, "bad_request")
    assert problem(await react(browser, theirs, action="like")) == (422, "malformed")
    headers = {**SAME, "Idempotency-Key": "k", "Content-Type": "application/json"}
    answer = await browser.post("/feedback", content=b"{", headers=headers)
    assert problem(answer) == (422, "malformed")


@pytest.mark.parametrize(
    ("error", "expected"),
    [(Unavailable("Busy.", retry_after=1), (503, "unavailable")), (KeyError(), (500, "internal"))],
)
async def test_what_fails_inside_is_a_problem(
    either: Site, monkeypatch: pytest.MonkeyPatch, error: Exception, expected: tuple[int, str]
) -> None:
    browser = await either.signed_in()

    async def fail(who: Callable[[], Awaitable[Account]]) -> None:
        raise error

    monkeypatch.setattr(either.app.state.services.recommender, "answer", fail)
    browser = httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=either.app, raise_app_exceptions=False),
        base_url=either.settings.base_url,
        cookies=browser.cookies,
    )
    answer = await recommend(browser)
    if expected[0] == 503:
        assert answer.headers["retry-after"] == "1"
        assert problem(answer) == expected
    else:
        assert (answer.status_code, answer.json()["code"]) == expected
