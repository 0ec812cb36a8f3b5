"""Calling Todoist: tokens, pages, repeats, and what its errors mean."""

from collections.abc import Mapping
from typing import Any

import httpx2
import stamina

from oo.domain.signals import Access, Broken, Reconnect, Retry

PAGE = 200
MAX_PAGES = 50
ATTEMPTS = 3
BACKOFF_S = 0.3
DEFAULT_RETRY_AFTER_S = 60


class _Failed(Exception):
    """Todoist answered that it cannot answer now."""


class TodoistApi:
    """Todoist's API v1 for anybody whose token a call brings."""

    def __init__(self, api_url: str, http: httpx2.AsyncClient) -> None:
        self._base = api_url.rstrip("/")
        self._http = http

    async def pages(
        self,
        access: Access,
        path: str,
        key: str = "results",
        filters: Mapping[str, str] | None = None,
    ) -> list[dict[str, Any]]:
        """Everything that the pages of a listing hold under `key`."""
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        for _ in range(MAX_PAGES):
            query = {
                **(filters or {}),
                "limit": str(PAGE),
                **({"cursor": cursor} if cursor else {}),
            }
            body = body_of(await self.call(access, "GET", path, query))
            results = body.get(key)
            if not isinstance(results, list):
                raise Broken("Todoist sent a page without results.")
            found.extend(results)
            cursor = body.get("next_cursor")
            if not cursor:
                return found
        raise Broken(f"Todoist sent more than {MAX_PAGES} pages.")

    async def call(
        self, access: Access, method: str, path: str, query: Mapping[str, str] | None = None
    ) -> httpx2.Response:
        """The answer; a token that Todoist rejects is refreshed once. Raises Reconnect or Retry."""
        token = await access.token()
        response = await self.send(method, path, token, query)
        if response.status_code == 401:
            token = await access.token(rejected=token)
            response = await self.send(method, path, token, query)
        if response.status_code in (401, 403):
            raise Reconnect("Todoist no longer accepts the connection. Connect it again.")
        return response

    async def send(
        self, method: str, path: str, token: str, query: Mapping[str, str] | None = None
    ) -> httpx2.Response:
        """The answer, whatever its status below 500. Raises Retry without one."""
        try:
            async for attempt in stamina.retry_context(
                on=(httpx2.TransportError, _Failed),
                attempts=ATTEMPTS,
                timeout=None,
                wait_initial=BACKOFF_S,
                wait_jitter=BACKOFF_S,
            ):
                with attempt:
                    return await self._once(method, path, token, query)
        except (httpx2.TransportError, _Failed) as error:
            raise Retry("Todoist does not answer. oO tries again later.", retry_after=30) from error
        raise AssertionError("the last attempt returns or raises")

    async def _once(
        self, method: str, path: str, token: str, query: Mapping[str, str] | None
    ) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {token}"}
        url = self._base + path
        response = await self._http.request(method, url, params=query, headers=headers)
        if response.status_code >= 500:
            raise _Failed(f"status {response.status_code}")
        return response


def expect_success(response: httpx2.Response) -> None:
    """Raise Retry or Broken unless the call has worked."""
    status = response.status_code
    if status == 429:
        raise Retry(
            "Todoist limits how often oO may ask. oO tries again later.",
            retry_after=_retry_after(response),
        )
    if status >= 500:
        raise Retry("Todoist does not answer. oO tries again later.", retry_after=30)
    if status == 410:
        raise Broken("Todoist has withdrawn the interface that oO uses.")
    if not 200 <= status < 300:
        raise Broken(f"Todoist answered with status {status}.")


def _retry_after(response: httpx2.Response) -> int:
    try:
        return max(1, int(response.headers.get("Retry-After", "")))
    except ValueError:
        return DEFAULT_RETRY_AFTER_S


def body_of(response: httpx2.Response) -> dict[str, Any]:
    """The object in the answer to a call that has worked; raises Retry or Broken otherwise."""
    expect_success(response)
    try:
        body = response.json()
    except ValueError as error:
        raise Broken("Todoist sent something other than JSON.") from error
    if not isinstance(body, dict):
        raise Broken("Todoist sent something other than an object.")
    return body
