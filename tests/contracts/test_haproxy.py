"""What Serve's proxy answers by itself is "not yet", for people and for programs."""

import asyncio
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path
from typing import Any, ClassVar

import httpx2
import psutil
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from ray.serve._private.haproxy import BackendConfig, HAProxyApi, HAProxyConfig, ServerConfig
from ray.serve.config import HTTPOptions

from oo.cli.environment import HEADER_BUFFER
from oo.cli.haproxy import (
    AT_ONCE,
    AT_ONCE_EACH,
    PID_FILE,
    QUEUE_S,
    SESSIONS,
    TIPS,
    Wanted,
    improved,
    own_words,
    write_launcher,
)
from oo.kit.errors import TooManyRequests
from oo.kit.setting_groups import Limits
from oo.kit.settings import LOOPBACK, http_address
from tests.peers.serving import free_port, served

BROWSER = {"Accept": "text/html,*/*;q=0.8"}
AS_SHIPPED = Wanted()


def written_by_serve(folder: Path, port: int, *servers: str) -> Path:
    """The configuration that Serve writes, with these servers."""
    config = HAProxyConfig(
        http_options=HTTPOptions(host="127.0.0.1", port=port),
        socket_path=str(folder / "admin.sock"),
        server_state_base=str(folder),
        server_state_file=str(folder / "state"),
        stats_port=free_port(),
        metrics_port=free_port(),
        metrics_enabled=False,
        bufsize=HEADER_BUFFER,
        has_received_routes=True,
        is_head=True,
    )
    backends = {}
    if servers:
        ports = (int(it.rpartition(":")[2]) for it in servers)
        at = [ServerConfig(name=f"at-{it}", host="127.0.0.1", port=it) for it in ports]
        backends["oo"] = BackendConfig(name="oo", path_prefix="/", app_name="oo", servers=at)
    api = HAProxyApi(config, backends, str(folder / "haproxy.cfg"))
    api._generate_config_file_internal()
    (folder / "state").touch()
    return folder / "haproxy.cfg"


@contextmanager
def haproxy(folder: Path, *servers: str, wanted: Wanted = AS_SHIPPED) -> Iterator[str]:
    port = free_port()
    config = written_by_serve(folder, port, *servers)
    write_launcher(folder / "haproxy", wanted)
    process = subprocess.Popen([folder / "haproxy", "-db", "-f", config])
    base = http_address(wanted.host or "127.0.0.1", port)
    try:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            assert process.poll() is None
            try:
                httpx2.get(f"{base}/-/routes")
                break
            except httpx2.TransportError:
                time.sleep(0.05)
        yield base
    finally:
        process.kill()
        process.wait()


async def ready(client: httpx2.AsyncClient) -> None:
    for _ in range(200):
        if (await client.get("/")).status_code == 200:
            return
        await asyncio.sleep(0.1)


def is_not_yet(base: str, path: str = "/feedback") -> None:
    program, person = httpx2.post(base + path), httpx2.get(base + path, headers=BROWSER)
    for answer in (program, person):
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert program.headers["content-type"] == "application/problem+json"
    assert program.json()["code"] == "unavailable"
    assert person.headers["content-type"] == "text/html"
    assert "<h1>One moment.</h1>" in person.text


def test_without_routes_it_is_not_yet(tmp_path: Path) -> None:
    with haproxy(tmp_path) as base:
        is_not_yet(base)


def test_it_listens_on_ipv6_before_replicas_on_ipv4(tmp_path: Path) -> None:
    app = FastAPI()

    @app.get("/{path:path}")
    async def fine() -> str:
        return "fine"

    with served(app) as server, haproxy(tmp_path, server, wanted=Wanted("::1")) as base:
        deadline = time.monotonic() + 20
        while httpx2.get(base).status_code != 200 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert httpx2.get(base).json() == "fine"


def test_without_a_server_it_is_not_yet(tmp_path: Path) -> None:
    with haproxy(tmp_path, f"http://127.0.0.1:{free_port()}") as base:
        answer = httpx2.get(base, headers=BROWSER)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert "<h1>One moment.</h1>" in answer.text


def test_a_replica_without_routes_is_not_yet_and_oo_itself_is_heard(tmp_path: Path) -> None:
    app = FastAPI()

    @app.get("/-/healthz")
    async def healthy() -> str:
        return "success"

    @app.api_route("/feedback", methods=["GET", "POST"])
    async def by_serve() -> Response:
        return PlainTextResponse("Path '/feedback' not found.", 404)

    @app.get("/own")
    async def own() -> Response:
        return JSONResponse({"code": "not_found"}, 404, media_type="application/problem+json")

    with served(app) as server, haproxy(tmp_path, server) as base:
        deadline = time.monotonic() + 20
        while httpx2.get(f"{base}/own").status_code != 404 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert httpx2.get(f"{base}/own").json() == {"code": "not_found"}
        is_not_yet(base)


def test_large_headers_reach_oo_which_says_what_to_do(tmp_path: Path) -> None:
    app = FastAPI()

    @app.get("/{path:path}")
    async def fine() -> str:
        return "fine"

    with served(app) as server, haproxy(tmp_path, server) as base:
        deadline = time.monotonic() + 20
        while httpx2.get(base).status_code != 200 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert httpx2.get(base, headers={"Cookie": "x" * 60_000}).status_code == 200


async def test_a_replica_is_given_so_many_at_once_and_the_others_wait_for_a_while(
    tmp_path: Path,
) -> None:
    app, under_way, most = FastAPI(), 0, 0

    @app.get("/{path:path}")
    async def slow(path: str) -> str:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(QUEUE_S + 1.0 if path == "long" else 0.2)
        under_way -= 1
        return "fine"

    limits = httpx2.Limits(max_connections=None)
    with served(app) as server, haproxy(tmp_path, server) as base:
        async with httpx2.AsyncClient(base_url=base, timeout=60, limits=limits) as client:
            await ready(client)
            answers = await asyncio.gather(*(client.get("/") for _ in range(AT_ONCE + 40)))
            assert {it.status_code for it in answers} == {200}
            assert most == AT_ONCE
            longer = await asyncio.gather(*(client.get("/long") for _ in range(AT_ONCE + 10)))
    statuses = sorted(it.status_code for it in longer)
    assert statuses == [200] * AT_ONCE + [503] * 10
    assert {it.headers.get("retry-after") for it in longer if it.status_code == 503} == {"1"}


@pytest.mark.parametrize(("cookie", "path"), [*product(SESSIONS, ("/", *TIPS))])
async def test_one_session_is_let_through_so_often_and_the_others_do_not_notice(
    tmp_path: Path, cookie: str, path: str
) -> None:
    app, arrived = FastAPI(), 0

    @app.get("/{path:path}")
    async def fine() -> str:
        nonlocal arrived
        arrived += 1
        return "fine"

    hot, other = {"Cookie": f"{cookie}=one"}, {"Cookie": f"{cookie}=two"}
    # a made-up cookie of the other name hides nothing
    made_up = next(name for name in SESSIONS if name != cookie)
    wanted = Wanted(tips_a_second=20) if path in TIPS else Wanted(a_second=20)
    with served(app) as server, haproxy(tmp_path, server, wanted=wanted) as base:
        async with httpx2.AsyncClient(base_url=base) as client:
            await ready(client)
            arrived, began = 0, time.monotonic()
            answers = [
                await client.get(path, headers={"Cookie": f"{made_up}={n}; {cookie}=one"})
                for n in range(200)
            ]
            took = time.monotonic() - began
            assert (await client.get(path, headers=other)).status_code == 200
            assert (await client.get(path)).status_code == 200
            elsewhere = (await client.get("/", headers=hot)).status_code
            refused = [it for it in answers if it.status_code != 200]
            page = await client.get(path, headers={**hot, **BROWSER})
            await asyncio.sleep(2.0)  # two of its windows: nothing is held against anybody for long
            assert (await client.get(path, headers=hot)).status_code == 200
    assert 20 <= len(answers) - len(refused) <= 21 + 21 * took
    assert elsewhere == (200 if path in TIPS else 429)
    assert arrived == len(answers) - len(refused) + 3 + (elsewhere == 200)
    assert {it.status_code for it in refused} == {page.status_code} == {429}
    assert {it.headers["retry-after"] for it in refused} == {"1"}
    assert refused[0].headers["content-type"] == "application/problem+json"
    assert refused[0].json()["code"] == TooManyRequests.code
    assert path in TIPS or "<h1>That was a lot at once.</h1>" in page.text


def test_as_many_as_the_settings_say_is_what_it_is_shipped_with() -> None:
    limits = Limits()
    assert AS_SHIPPED.a_second == limits.requests_per_second
    assert AS_SHIPPED.tips_a_second == limits.session_tips_per_second


def test_a_launcher_may_leave_open_what_its_settings_do_not_say() -> None:
    told = ["host=", "trusted=10.0.0.0/8", "a_second=", "-f", "x"]
    assert own_words(told) == (Wanted(trusted=("10.0.0.0/8",)), ["-f", "x"])
    assert own_words(["a_second=7"]) == (Wanted(a_second=7), [])


async def test_one_session_takes_half_the_places_at_a_replica(tmp_path: Path) -> None:
    app = FastAPI()

    @app.get("/{path:path}")
    async def slow(path: str) -> str:
        if path == "slow":
            await asyncio.sleep(1.0)
        return "fine"

    limits = httpx2.Limits(max_connections=None)
    hot = {"Cookie": "sid=one"}
    with served(app) as server, haproxy(tmp_path, server) as base:
        async with httpx2.AsyncClient(base_url=base, limits=limits) as client:
            await ready(client)
            asked = [client.get("/slow", headers=hot) for _ in range(AT_ONCE_EACH + 9)]
            *answers, other = await asyncio.gather(*asked, client.get("/slow"))
            assert (await client.get("/", headers=hot)).status_code == 200
    assert sorted(it.status_code for it in answers) == [200] * AT_ONCE_EACH + [429] * 9
    assert other.status_code == 200


class Dying(BaseHTTPRequestHandler):
    """One that is well when it is looked at, and closes on who asks for something."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        self.asked.append(self.path)
        self.rfile.read(int(self.headers["Content-Length"]))
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def dying() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Dying)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


KEYED = {"Idempotency-Key": "one"}


@pytest.mark.parametrize(
    ("path", "headers", "is_asked_again"),
    [
        ("/recommend", {}, True),
        ("/feedback", KEYED, True),
        ("/feedback", {}, False),
        ("/api/sources/file/import", KEYED, False),
    ],
)
def test_what_a_dead_replica_had_taken_is_asked_of_another_where_that_is_safe(
    path: str, headers: dict[str, str], is_asked_again: bool, tmp_path: Path
) -> None:
    app = FastAPI()

    @app.api_route("/{path:path}", methods=["GET", "POST"])
    async def fine() -> str:
        return "fine"

    Dying.asked.clear()
    with (
        served(app) as server,
        dying() as other,
        haproxy(tmp_path, server, other) as base,
        httpx2.Client(base_url=base, headers=headers) as client,
    ):
        deadline, seen = time.monotonic() + 20, set[int]()
        while len(Dying.asked) < 3 and time.monotonic() < deadline:
            answer = client.post(path, json={})
            if Dying.asked:  # before, none may have been well
                seen.add(answer.status_code)
    assert seen == {200} if is_asked_again else 502 in seen


def test_only_its_user_on_this_machine_reaches_what_it_tells(tmp_path: Path) -> None:
    told = improved(written_by_serve(tmp_path, free_port()).read_text(), Wanted("0.0.0.0"))
    assert re.findall(r"stats socket \S+ mode (\d+)", told) == ["600"]
    binds = re.findall(r"bind (\S+):\d+", told)
    assert sorted(binds) == ["0.0.0.0", "127.0.0.1", "127.0.0.1"]


def test_one_whose_manager_died_serves_until_the_next_takes_over(tmp_path: Path) -> None:
    with haproxy(tmp_path):
        first = int((tmp_path / PID_FILE).read_text())
        process = subprocess.Popen([tmp_path / "haproxy", "-db", "-f", tmp_path / "haproxy.cfg"])
        try:
            deadline = time.monotonic() + 20
            while psutil.Process(first).status() != psutil.STATUS_ZOMBIE:
                assert time.monotonic() < deadline
                time.sleep(0.1)
            assert process.poll() is None
        finally:
            process.kill()
            process.wait()


ELSEWHERE = "127.0.0.2"  # another address than that of the proxy
TOLD = {
    "X-Forwarded-For": "203.0.113.7",
    "X-Forwarded-Proto": "https",
    "X-Real-IP": "203.0.113.7",
    "Forwarded": "for=203.0.113.7",
}


@pytest.mark.parametrize(
    ("trusted", "seen", "scheme"),
    [
        ((), ELSEWHERE, "http"),
        (("10.0.0.0/8",), ELSEWHERE, "http"),
        ((f"{ELSEWHERE}/32", "10.0.0.0/8"), "203.0.113.7", "https"),
    ],
)
def test_who_asks_is_what_the_proxy_sees_or_those_whom_it_trusts_say(
    tmp_path: Path, trusted: tuple[str, ...], seen: str, scheme: str, monkeypatch: Any
) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", ",".join([*LOOPBACK, *trusted]))
    app = FastAPI()

    @app.get("/{path:path}")
    async def who(request: Request) -> dict[str, Any]:
        client = request.client
        return {"host": client.host if client else "", "scheme": request.url.scheme}

    transport = httpx2.HTTPTransport(local_address=ELSEWHERE)
    with (
        served(app) as server,
        haproxy(tmp_path, server, wanted=Wanted(trusted=trusted)) as base,
        httpx2.Client(transport=transport, base_url=base) as client,
    ):
        deadline = time.monotonic() + 20
        while client.get("/").status_code != 200 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert client.get("/").json() == {"host": ELSEWHERE, "scheme": "http"} or trusted
        assert client.get("/", headers=TOLD).json() == {"host": seen, "scheme": scheme}
        # a chain of guesses names nobody either: the last word is the proxy's
        chain = {**TOLD, "X-Forwarded-For": "203.0.113.9, 203.0.113.7"}
        assert client.get("/", headers=chain).json()["host"] == seen
