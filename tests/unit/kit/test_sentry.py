"""Reports of errors: each once, to a real peer, and nothing of a person in the bytes."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sentry_sdk

from oo.jobs.contract import Job
from oo.jobs.runner import _repeat
from oo.kit.clock import SystemClock
from oo.kit.logs import log_to
from oo.kit.pseudonym import mark
from oo.kit.scope import about
from oo.kit.sentry import MOST_PER_MINUTE, Reporting, report_to
from oo.kit.setting_groups import Sentry
from tests.peers.sentry import SentryPeer
from tests.peers.serving import served
from tests.unit.kit.test_logs import own_loggers  # noqa: F401 - a fixture
from tests.unit.web.conftest import open_site

TITLE, EMAIL, TOKEN = "Call the Zanzibarkanarienvogel", "ada@secret.test", "s3cr3t-t0k3n"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[SentryPeer]:
    peer = SentryPeer()
    with served(peer.app()) as address:
        log_to(tmp_path / "logs", "part")
        dsn = address.replace("http://", "http://key@") + "/1"
        report_to(Sentry.model_validate({"dsn": dsn}), "ingress", "test")
        yield peer
        sentry_sdk.get_client().close(timeout=2)
        sentry_sdk.get_global_scope().set_client(None)


async def test_an_error_in_a_request_arrives_once_without_a_word_of_anybody(
    project: SentryPeer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_site(tmp_path) as site:
        browser = await site.signed_in()

        async def fails(title: str) -> None:
            email, cause = EMAIL, ValueError(f"{title}: {TOKEN}")
            raise RuntimeError(f"{title} of {email}") from cause

        recommender = site.app.state.services.recommender
        monkeypatch.setattr(recommender, "_recommend", lambda *_: fails(TITLE))
        headers = {
            "Sec-Fetch-Site": "same-origin",
            "Authorization": f"Bearer {TOKEN}",
            "Content-Type": "application/json",
        }
        answer = await browser.post(f"/recommend?t={TOKEN}", json={"t": TITLE}, headers=headers)
        assert answer.status_code in (500, 401)
        answer = await browser.post("/recommend", json={"t": TITLE}, headers=SAME)
        assert answer.status_code == 500
        cookie = browser.cookies["sid"]
        sentry_sdk.flush(2)
        text = b"".join(project.received).decode()
        for secret in (TITLE, EMAIL, TOKEN, cookie, "Zanzibar", "127.0.0.1", "localhost"):
            assert secret not in text
    event = project.events[-1]
    assert [it["type"] for it in event["exception"]["values"]] == ["ValueError", "RuntimeError"]
    frames = event["exception"]["values"][-1]["stacktrace"]["frames"]
    assert frames[-1]["function"] == "fails"
    assert not [it for it in frames if "vars" in it]
    assert len(event["user"]["id"]) == 16
    assert len(event["tags"]["request_id"]) == 16
    assert "request" not in event


SAME = {"Sec-Fetch-Site": "same-origin"}


async def test_an_error_in_a_job_arrives_once(project: SentryPeer) -> None:
    class Over(BaseException):
        pass

    runs = 0

    async def run() -> int:
        nonlocal runs
        runs += 1
        if runs > 1:
            raise Over
        with about("ada"):
            raise RuntimeError(f"{TITLE} of {EMAIL}")

    with pytest.raises(Over):
        await _repeat(Job("sync", 0.0, run), run, SystemClock())
    sentry_sdk.flush(2)
    [event] = project.events
    assert event["tags"]["job"] == "sync"
    assert TITLE not in json.dumps(event)


def test_one_error_that_comes_with_every_request_is_reported_now_and_then() -> None:
    now = 0.0
    report = Reporting("ingress", lambda: now)
    assert [report({}, {}) is not None for _ in range(MOST_PER_MINUTE + 2)].count(False) == 2
    now = 61.0
    assert report({}, {}) is not None
    assert mark("ada") != "ada"
