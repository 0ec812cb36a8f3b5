"""`/mlflow` passes on what an admin asks, over HTTP, and keeps the rest to itself."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NamedTuple

import httpx2
import pytest

import oo.admin.mlflow
from oo.domain.roles import Role
from oo.store import users
from oo.web.guard import CSP
from tests.peers.mlflow import HOSTILE, SHELL, MlflowPeer
from tests.peers.serving import served
from tests.peers.store import add_person
from tests.unit.admin.conftest import browser_of
from tests.unit.web.conftest import Site, open_site

POST = "/mlflow/ajax-api/2.0/mlflow/runs/search"


class Proxied(NamedTuple):
    """A site with MLflow behind it, and a signed-in browser of each role."""

    site: Site
    peer: MlflowPeer
    address: str
    browsers: dict[str, httpx2.AsyncClient]


@pytest.fixture(scope="module")
def upstream() -> Iterator[tuple[MlflowPeer, str]]:
    peer = MlflowPeer()
    with served(peer) as address:
        yield peer, address


@pytest.fixture
async def proxied(tmp_path: Path, upstream: tuple[MlflowPeer, str]) -> AsyncIterator[Proxied]:
    peer, address = upstream
    peer.asked.clear()
    async with open_site(tmp_path, others={"mlflow_url": address}) as site:
        people = {who: await add_person(site.db, site.clock, who) for who in Role}
        async with site.db.write() as connection:
            for role in (Role.VIEWER, Role.ADMIN):
                await users.set_role(connection, people[role], role)
        browsers = {str(who): await browser_of(site, people[who]) for who in people}
        yield Proxied(site, peer, address, browsers)


async def test_nothing_of_it_is_reached_without_the_role(proxied: Proxied) -> None:
    nobody = proxied.site.browser(accept="application/json")
    for path in ("/mlflow", "/mlflow/", "/mlflow/static-files/a.js", "/mlflow/version", POST):
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
            assert (await nobody.request(method, path)).status_code in (401, 405), (method, path)
            for who in ("person", "viewer"):
                answer = await proxied.browsers[who].request(method, path)
                assert answer.status_code in (403, 405), (method, path, who)
                assert answer.headers["content-security-policy"] == CSP
    page = await proxied.site.browser(accept="text/html").get("/mlflow/")
    assert page.headers["location"].startswith("/sign-in")
    assert proxied.peer.asked == []


async def test_an_admin_gets_its_pages_with_a_policy_that_reaches_nothing_of_ours(
    proxied: Proxied,
) -> None:
    admin = proxied.browsers["admin"]
    assert (await admin.get("/mlflow")).headers["location"] == "/mlflow/"
    page = await admin.get("/mlflow/")
    assert page.text == SHELL
    (policy,) = page.headers.get_list("content-security-policy")
    host = page.request.headers["host"]
    for directive in ("connect-src", "frame-src", "script-src"):
        (found,) = [it.strip() for it in policy.split(";") if it.strip().startswith(directive)]
        assert f" {host}/mlflow/" in found, directive
        assert "'self'" not in found, directive
    assert "allow-popups" not in policy
    ours = await admin.get("/admin/overview", headers={"accept": "text/html"})
    assert ours.headers.get_list("content-security-policy") == [CSP]


async def test_a_hostile_artifact_may_do_nothing(proxied: Proxied) -> None:
    answer = await proxied.browsers["admin"].get("/mlflow/get-artifact?path=a.html")
    assert answer.text == HOSTILE
    (policy,) = answer.headers.get_list("content-security-policy")
    assert policy.startswith("sandbox; default-src 'none'")
    assert "script" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_neither_side_hears_the_others_cookies_and_tokens(proxied: Proxied) -> None:
    admin = proxied.browsers["admin"]
    told = {
        "x-csrf-token": "secret",
        "origin": f"http://{admin.base_url.host}",
        "x-forwarded-user": "somebody",
    }
    sent = {**told, "range": "bytes=0-9"}
    answer = await admin.post(POST, json={"max_results": 1}, headers=sent)
    assert answer.json() == {"ok": True}
    (method, path, headers, body) = proxied.peer.asked[-1]
    assert (method, path, body) == ("POST", POST.removeprefix("/mlflow"), b'{"max_results":1}')
    assert headers["host"] in proxied.address
    assert headers["range"] == "bytes=0-9"
    assert not {"cookie", "authorization", *told} & headers.keys()
    for name in ("set-cookie", "access-control-allow-origin", "service-worker-allowed"):
        assert name not in answer.headers
    assert "www-authenticate" not in answer.headers


async def test_what_another_site_sends_is_refused(proxied: Proxied) -> None:
    admin = proxied.browsers["admin"]
    for site in ("cross-site", "same-site", "none"):
        answer = await admin.post(POST, json={}, headers={"sec-fetch-site": site})
        assert (answer.status_code, answer.json()["code"]) == (403, "forged")
    assert proxied.peer.asked == []


async def test_addresses_are_passed_on_as_they_are_and_redirects_stay_inside(
    proxied: Proxied,
) -> None:
    admin = proxied.browsers["admin"]
    await admin.get("/mlflow/ajax-api/a%2Fb/%E2%82%AC?filter=x%26y&n=1")
    assert proxied.peer.asked[-1][1] == "/ajax-api/a%2Fb/%E2%82%AC?filter=x%26y&n=1"
    assert (await admin.get("/mlflow/moved")).headers["location"] == "/mlflow/static-files/a.js"
    assert "location" not in (await admin.get("/mlflow/away")).headers


async def test_an_answer_is_bounded(proxied: Proxied, monkeypatch: pytest.MonkeyPatch) -> None:
    admin = proxied.browsers["admin"]
    answer = await admin.get("/mlflow/huge")
    assert (answer.status_code, answer.json()["code"]) == (502, "bad_gateway")
    monkeypatch.setattr(oo.admin.mlflow, "MOST_BYTES", 1 << 20)
    with pytest.raises(RuntimeError):  # the connection breaks: what was begun cannot be unsaid
        await admin.get("/mlflow/endless")
    monkeypatch.setattr(oo.admin.mlflow, "WITHIN_S", 0.05)
    monkeypatch.setattr(oo.admin.mlflow, "MOST_BYTES", 1 << 40)
    with pytest.raises(TimeoutError):
        await admin.get("/mlflow/endless")


@pytest.mark.parametrize(
    ("url", "status", "code"),
    [("", 404, "no_mlflow"), ("sqlite:////x/m.db", 404, "no_mlflow"),
     ("http://127.0.0.1:9", 503, "unavailable")],
)  # fmt: skip
async def test_without_a_server_it_says_how_to_start_one(
    tmp_path: Path, url: str, status: int, code: str
) -> None:
    async with open_site(tmp_path, others={"mlflow_url": url}) as site:
        person = await add_person(site.db, site.clock)
        async with site.db.write() as connection:
            await users.set_role(connection, person, Role.ADMIN)
        answer = await (await browser_of(site, person)).get("/mlflow/")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "oo services up mlflow" in answer.json()["detail"]
