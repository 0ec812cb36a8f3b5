"""MLflow behind the sign-in of the console (H5): `/mlflow` is passed on, for admins alone.

MLflow has no sign-in of its own here: it listens on loopback, where `oo services up mlflow` starts
it. What an admin's browser sends is passed on without oO's cookies and tokens; what MLflow answers
comes back without its own. Its pages run scripts that oO's policy would not let in, so they have a
policy of their own, which lets them reach nothing but `/mlflow/`: a fault in MLflow, or a hostile
artifact, does not get at the rest of the console.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

import httpx2
from fastapi import APIRouter, Request
from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response, StreamingResponse

from oo.admin.desk import ConsoleParts
from oo.domain.console import Looker
from oo.domain.roles import Role
from oo.kit.errors import BadGateway, NotFound, Unavailable
from oo.kit.settings import Settings

ROOT = "/mlflow"
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
AT_ONCE = 16  # answers on their way; MLflow's pages ask for a dozen things at a time
MOST_BYTES = 1 << 30  # of one answer
WITHIN_S = 600.0  # for one answer
TIMEOUT = httpx2.Timeout(60.0, connect=10.0)

SENT = frozenset(
    {
        "accept",
        "accept-encoding",
        "accept-language",
        "content-type",
        "if-modified-since",
        "if-none-match",
        "range",
        "x-requested-with",
    }
)
ANSWERED = frozenset(
    {
        "accept-ranges",
        "cache-control",
        "content-disposition",
        "content-encoding",
        "content-length",
        "content-range",
        "content-type",
        "etag",
        "last-modified",
    }
)
# what MLflow keeps for people, who may have uploaded anything, is shown without any power
INERT = (
    "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'"
)
_HOST = re.compile(r"[\w.:-]+")


class NoServer(NotFound):
    """No server of MLflow is told of."""

    code, title = "no_mlflow", "There is no MLflow server"

    def __init__(self) -> None:
        super().__init__(
            "Start one with `oo services up mlflow`, and set OO_MLFLOW_URL as it says."
        )


def to_run(parts: ConsoleParts, looker: Looker) -> str:
    """Where a run's id leads, with ``{}`` for it: to MLflow's page of it; empty for somebody who
    may not see it, and without a server.
    """
    return f"{ROOT}/#/runs/{{}}" if looker.is_admin and served_by(parts.settings) else ""


def served_by(settings: Settings) -> str:
    """The server that is behind `/mlflow`; empty for none."""
    return settings.mlflow_url if settings.mlflow_url.startswith("http") else ""


def add_to(router: APIRouter, parts: ConsoleParts) -> None:
    """The addresses below `/mlflow`."""
    proxy = Proxy(served_by(parts.settings))

    async def begin(request: Request) -> Response:
        await parts.door.looker(request, Role.ADMIN, back=ROOT)
        return RedirectResponse(f"{ROOT}/", 303)

    async def pass_on(request: Request) -> Response:
        await parts.door.looker(request, Role.ADMIN, back=ROOT)
        return await proxy.answer(request)

    router.add_api_route(ROOT, begin, methods=["GET"], include_in_schema=False)
    router.add_api_route(f"{ROOT}/{{path:path}}", pass_on, methods=METHODS, include_in_schema=False)


class Proxy:
    """Passes requests on to the server at `upstream`; empty for none."""

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream.rstrip("/")
        self._at_once = asyncio.Semaphore(AT_ONCE)

    async def answer(self, request: Request) -> Response:
        """What MLflow answers, as a stream; raises NoServer, Unavailable and BadGateway."""
        if not self._upstream:
            raise NoServer
        async with AsyncExitStack() as stack:
            if self._at_once.locked():
                raise Unavailable("Many answers of MLflow are on their way.", retry_after=1)
            await stack.enter_async_context(self._at_once)
            # no address but this one is asked, whatever the environment says of proxies
            client = await stack.enter_async_context(
                httpx2.AsyncClient(timeout=TIMEOUT, trust_env=False, follow_redirects=False)
            )
            found = await self._ask(client, request)
            stack.push_async_callback(found.aclose)
            if int(found.headers.get("content-length", 0)) > MOST_BYTES:
                raise BadGateway("That is too much for a browser: fetch it with MLflow's client.")
            headers = dict(self._told(found.headers))
            headers["content-security-policy"] = policy(request)
            # it ends with the answer, or when who asked has gone
            return StreamingResponse(
                bounded(found, stack.pop_all()), found.status_code, headers=headers
            )

    async def _ask(self, client: httpx2.AsyncClient, request: Request) -> httpx2.Response:
        path = request.scope.get("raw_path", request.url.path.encode()).partition(b"?")[0]
        asked = self._upstream + path.decode("ascii").removeprefix(ROOT)
        if request.url.query:
            asked += f"?{request.url.query}"
        headers = {name: value for name, value in request.headers.items() if name in SENT}
        # the door's limit of bodies has bounded it
        sent = client.build_request(
            request.method, asked, headers=headers, content=await request.body()
        )
        try:
            return await client.send(sent, stream=True)
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise Unavailable(
                "MLflow does not answer: `oo services up mlflow` starts it.", retry_after=5
            ) from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise BadGateway("MLflow broke off, or took too long.") from error

    def _told(self, headers: httpx2.Headers) -> Iterator[tuple[str, str]]:
        for name, value in headers.items():
            if name in ANSWERED:
                yield name, value
            if name == "location" and (inner := self._inner(value)):
                yield name, inner

    def _inner(self, location: str) -> str:
        """Where a redirect of MLflow leads within `/mlflow`; empty for one that leads elsewhere."""
        found, own = urlsplit(location), urlsplit(self._upstream)
        if found.netloc not in ("", own.netloc) or not found.path.startswith("/"):
            return ""
        query = f"?{found.query}" if found.query else ""
        return f"{ROOT}/{found.path.removeprefix(own.path).lstrip('/')}{query}"


async def bounded(found: httpx2.Response, stack: AsyncExitStack) -> AsyncIterator[bytes]:
    """The answer as it comes, in the server's own coding; broken off where it is too much."""
    async with stack, asyncio.timeout(WITHIN_S):
        seen = 0
        async for chunk in found.aiter_raw():
            seen += len(chunk)
            if seen > MOST_BYTES:
                raise BadGateway("MLflow answers without an end.")
            yield chunk


def policy(request: Request) -> str:
    """The content security policy of what is at this address.

    MLflow's own pages and scripts may do what they need below `/mlflow/`, and nothing of theirs
    may open a window, load or ask anything of oO's; whatever else it answers may do nothing.
    """
    path = request.url.path.removeprefix(ROOT)
    if path not in ("", "/") and not path.startswith("/static-files/"):
        return INERT
    return page_policy(request.headers)


def page_policy(headers: Headers) -> str:
    """The policy of MLflow's pages, for the host that the browser asked."""
    host = headers.get("host", "")
    own = f"{host}{ROOT}/" if _HOST.fullmatch(host) else "'none'"
    return (
        f"default-src 'none'; script-src {own} 'unsafe-inline' 'unsafe-eval'; "
        f"style-src {own} 'unsafe-inline'; img-src {own} data: blob:; font-src {own} data:; "
        f"connect-src {own}; worker-src {own} blob:; frame-src {own} blob:; media-src {own} blob:; "
        f"manifest-src {own}; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'self'; "
        "sandbox allow-scripts allow-same-origin allow-forms allow-downloads allow-modals"
    )
