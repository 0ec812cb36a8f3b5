"""What a tip was made of, in process: one tree from the request to the commit, without a word."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from oo.kit.logs import OURS, log_to
from oo.kit.pseudonym import mark
from tests.peers.traced import Spans, traced
from tests.unit.kit.test_logs import lines, own_loggers  # noqa: F401 - a fixture
from tests.unit.web.conftest import Site
from tests.unit.web.test_learning import own_id

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
CANARY = "Zanzibarkanarienvogel"
LIST = "\n".join(f"- [ ] Call the {CANARY} number {n}" for n in range(6))
SAME = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def spans() -> Iterator[Spans]:
    with traced() as found:
        yield found


async def _with_a_list(site: Site) -> httpx2.AsyncClient:
    browser = await site.signed_in(**SAME)
    kind = {"Content-Type": "text/csv"}
    answer = await browser.post("/api/sources/file/import", content=LIST, headers=kind)
    assert answer.status_code == 200
    return browser


async def _tip(browser: httpx2.AsyncClient, **headers: str) -> dict[str, Any]:
    answer = await browser.post("/recommend", headers=headers)
    tip: dict[str, Any] = answer.json()["tip"]
    assert tip
    return tip


async def _react(browser: httpx2.AsyncClient, tip: dict[str, Any]) -> None:
    body = {"tip_id": tip["id"], "action": "done", "dwell_ms": 42_000}
    answer = await browser.post("/feedback", json=body, headers={"Idempotency-Key": tip["id"]})
    assert answer.status_code == 200


async def test_a_tip_is_one_trace_from_the_request_to_the_commit(site: Site, spans: Spans) -> None:
    browser = await _with_a_list(site)
    await _tip(browser)
    spans.forget()
    await _tip(browser, traceparent=f"00-{TRACE}-{PARENT}-01", baggage=f"user={CANARY}")
    root = spans.one("POST /recommend")
    assert root.parent is not None
    assert f"{root.parent.span_id:016x}" == PARENT
    found = {(*spans.path(it)[1:],) for it in spans.all}
    decided = ("decision", "decisions.decide")
    assert {
        ("door", "sessions.find", "db.read"),
        ("pool",),
        ("features",),
        (*decided, "score"),
        (*decided, "db.transaction", "turn"),
        (*decided, "db.transaction", "COMMIT"),
    } <= found
    assert {it.context.trace_id for it in spans.all if it.context} == {int(TRACE, 16)}
    of = root.attributes or {}
    assert (of["http.request.method"], of["http.route"]) == ("POST", "/recommend")
    assert of["http.response.status_code"] == 200
    assert of["enduser.pseudo.id"] == mark(await own_id(site))
    database = spans.named("db.transaction")[0].attributes or {}
    assert database["db.system.name"] == "sqlite"


async def test_no_word_of_a_person_is_in_a_trace(site: Site, spans: Spans) -> None:
    browser = await _with_a_list(site)
    tip = await _tip(browser, tracestate=f"oo={CANARY}", baggage=f"user={CANARY}")
    await _react(browser, tip)
    await browser.get(f"/api/tips/{tip['id']}/why?q={CANARY}")
    await browser.get(f"/{CANARY}")
    await browser.post("/feedback", content=CANARY)
    user_id, cookie = await own_id(site), browser.cookies["sid"]
    text = "".join(it.to_json() for it in spans.all)
    assert "POST /feedback" in text
    for word in (CANARY, tip["content"], tip["id"], user_id, cookie, "tracestate=", "number 1"):
        assert word not in text
    assert mark(user_id) in text
    assert {it.name for it in spans.all if it.name.startswith("GET")} == {
        "GET",
        "GET /api/tips/{tip_id}/why",
    }


async def test_what_is_asked_all_the_time_is_not_traced(site: Site, spans: Spans) -> None:
    browser = site.browser()
    for path in ("/health/live", "/health/ready", "/metrics", "/static/base.css"):
        await browser.get(path)
    assert spans.all == ()


async def test_a_line_of_a_request_names_it_its_trace_and_the_person(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spans: Spans
) -> None:
    browser = await _with_a_list(site)
    log_to(tmp_path / "logs", "part")

    async def fails(_: object) -> None:
        raise RuntimeError("no")

    recommender = site.app.state.services.recommender
    monkeypatch.setattr(recommender, "_recommend", lambda *_: fails(None))
    spans.forget()
    assert (await browser.post("/recommend")).status_code == 500
    [line] = [it for it in lines(tmp_path / "logs") if it["level"] == "error"]
    root = spans.one("POST /recommend")
    assert root.context is not None
    assert line["trace_id"] == f"{root.context.trace_id:032x}"
    assert len(line["span_id"]) == 16
    assert line["request_id"] == (root.attributes or {})["oo.request.id"]
    assert line["person"] == mark(await own_id(site))


async def test_a_line_of_a_request_names_it_and_the_person_where_nothing_is_traced(
    site: Site, tmp_path: Path
) -> None:
    browser = await _with_a_list(site)
    log_to(tmp_path / "logs", "part")
    asked = []

    @site.app.get("/fails")
    async def _fails() -> None:
        asked.append(1)
        logging.getLogger(OURS[0]).warning("it is so")

    await browser.get("/fails")
    await browser.get("/fails")
    said = lines(tmp_path / "logs")
    assert len(asked) == len(said) == 2
    assert len({it["request_id"] for it in said}) == 2
    assert all("trace_id" not in it for it in said)
