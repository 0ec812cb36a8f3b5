"""Whatever is sent to whichever route: no fault, an armoured answer, a page or a problem."""

import re
from dataclasses import dataclass, field
from urllib.parse import quote

import httpx2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oo.web.rates import Rates
from tests.unit.web.conftest import Site, csrf_of
from tests.unit.web.test_answers import PROGRAM, armoured, is_page, is_problem

PARAMETER = re.compile(r"\{\w+(?::path)?\}")
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE")
WORDS = ("file", "todoist", "google", "link", "callback", "0" * 32, "tip.js", "consents")
# what a proxy lets through: no line breaks, no NUL
LATIN = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"))
HEADERS = {
    "origin": st.sampled_from(["null", "http://[", "http://127.0.0.1:8000", "//", "https://x"]),
    "sec-fetch-site": st.sampled_from(["same-origin", "cross-site", "none", "same-origin"]),
    "content-type": st.sampled_from(
        [
            "application/json",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=b",
            "multipart/form-data; boundary=b; charset=idna",
            "multipart/form-data",
            "text/csv; charset=utf-99",
        ]
    ),
    "cookie": st.sampled_from(['x="; sid=1', "sid=", "sid=;sid=1", "login-x=1"]),
    "idempotency-key": st.sampled_from(["k", "é", " ", "oo:x"]),
    "x-csrf-token": LATIN,
    "x-person": LATIN,
    "content-length": st.just("-1"),
    "accept-language": LATIN,
    "user-agent": LATIN,
    "host": st.sampled_from(["evil.example", "[", "::1", "a b"]),
}
BODIES = st.one_of(
    st.binary(max_size=200),
    st.sampled_from(
        [
            b"{}",
            b"[" * 5000,
            b'{"timezone": "\\ud800"}',
            b'{"tip_id": "00000000000000000000000000000000", "action": "done", "dwell_ms": 1}',
            b'{"dwell_ms": 1e999}',
            b"csrf=%ff&list=%00&state=%00&code=x&user=[]",
            b'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n\xff\r\n--b--\r\n',
        ]
    ),
)


@dataclass(frozen=True)
class Odd:
    """A request as data; `route` is a number that is taken modulo the routes there are."""

    route: int
    method: str
    words: list[str]
    query: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    by_person: bool = False
    with_token: bool = False


ODD = st.builds(
    Odd,
    route=st.integers(0, 200),
    method=st.sampled_from(METHODS),
    words=st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=20)), min_size=3, max_size=3),
    query=st.one_of(st.just(""), st.sampled_from(["next=//x", "code=x&state=%00", "filename=%ff"])),
    headers=st.fixed_dictionaries({}, optional=HEADERS),
    body=BODIES,
    by_person=st.booleans(),
    with_token=st.booleans(),
)


async def sent(browser: httpx2.AsyncClient, paths: list[str], odd: Odd) -> httpx2.Response:
    words = iter(odd.words)
    path = PARAMETER.sub(lambda _: quote(next(words), safe=""), paths[odd.route % len(paths)])
    browse = {"accept": "text/html", "sec-fetch-mode": "navigate"}
    headers = {**odd.headers, **(browse if odd.by_person else PROGRAM)}
    if odd.with_token:
        headers["x-csrf-token"] = csrf_of(browser)
    return await browser.request(
        odd.method,
        f"{path}?{odd.query}",
        headers={name: value.encode("latin-1") for name, value in headers.items()},
        content=odd.body,
    )


@settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(odd=ODD)
async def test_odd_requests_get_calm_answers(site: Site, odd: Odd) -> None:
    paths = [*sorted({route.path for route in site.app.router.routes}), "/nothing/{x}"]  # type: ignore[attr-defined]
    # each example is a day of its own
    site.app.state.rates = Rates(site.settings.limits, site.clock)
    browser = await site.signed_in()
    answer = armoured(await sent(browser, paths, odd))
    assert answer.status_code < 500 or answer.json()["code"] in ("bad_gateway", "unavailable")
    assert "evil.example" not in answer.headers.get("location", "")
    if answer.status_code >= 400 and odd.method != "HEAD":
        assert is_page(answer) if odd.by_person else is_problem(answer)
    assert answer.status_code != 405 or answer.headers["allow"]
