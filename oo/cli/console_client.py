"""The console of an oO, here or elsewhere, as programs reach it: a token, then `/api/admin`."""

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx2

from oo.kit.errors import (
    BadRequest,
    ConfigurationError,
    Conflict,
    Forbidden,
    Malformed,
    NotFound,
    OoError,
    TooManyRequests,
    Unauthorized,
    Unavailable,
)

API = "/api/admin/"
READ_WITHIN_S, DO_WITHIN_S = 60.0, 900.0  # the gate may take minutes
LONGEST_WAIT_S = 60
ERRORS: tuple[type[OoError], ...] = (
    BadRequest,
    Unauthorized,
    Forbidden,
    NotFound,
    Conflict,
    Malformed,
    TooManyRequests,
    Unavailable,
)


class ConsoleClient:
    """Trades the admin token for one that ends soon, and asks with that.

    It asks as a viewer where that is enough. What the console refuses is raised as the error that
    it is, in its words; where nothing answers, Unavailable.
    """

    def __init__(self, url: str, admin_token: str, name: str) -> None:
        """Raises ConfigurationError without an admin token."""
        if not admin_token:
            raise ConfigurationError(
                "Set OO_ADMIN_TOKEN to the admin token that the oO was started with."
            )
        self._url = url.rstrip("/")
        self._admin_token = admin_token
        self._name = name
        self._tokens: dict[str, str] = {}

    def pages(self) -> list[dict[str, Any]]:
        """Each page, its words and what it can be asked, out of the OpenAPI document."""
        document = self._send("GET", "/openapi.json").json()
        return [
            {
                "page": path.removeprefix(API),
                "words": told["get"].get("description", ""),
                "asks": [
                    it["name"] for it in told["get"].get("parameters", []) if it["in"] == "query"
                ],
            }
            for path, told in document["paths"].items()
            if path.startswith(API) and "get" in told and _answers_as_page(told["get"])
        ]

    def page(self, page: str, query: Mapping[str, str]) -> dict[str, Any]:
        """The page's answer as data."""
        found: dict[str, Any] = self._read(f"{API}{_path(page)}", query).json()
        return found

    def csv(self, page: str, table: str, query: Mapping[str, str]) -> str:
        """One of its tables as CSV."""
        return str(self._read(f"/admin/{_path(page)}/export.csv/{_path(table)}", query).text)

    def do(
        self,
        action: str,
        whom: str,
        what: str,
        reason: str,
        key: str,
        form: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        """Do something, once per key; the answer is what was changed, or a file."""
        return self._send(
            "POST",
            f"{API}do/{_path(action)}/{_path(whom)}",
            role="admin",
            within_s=DO_WITHIN_S,
            json={"reason": reason, "what": what, "form": dict(form or {})},
            headers={"idempotency-key": key},
        )

    def _read(self, path: str, query: Mapping[str, str]) -> httpx2.Response:
        try:
            return self._send("GET", path, role="viewer", params=dict(query))
        except Forbidden:  # a page for admins
            return self._send("GET", path, role="admin", params=dict(query))

    def _send(
        self,
        method: str,
        path: str,
        *,
        role: str = "",
        within_s: float = READ_WITHIN_S,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> httpx2.Response:
        given = {"accept": "application/json, text/csv, application/zip", **(headers or {})}
        if role:
            given["authorization"] = f"Bearer {self._token(role)}"
        try:
            answer = httpx2.request(
                method, f"{self._url}{path}", headers=given, timeout=within_s, **options
            )
        except (httpx2.TransportError, httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
            raise Unavailable(
                f"No oO answers at {self._url}: {error or type(error).__name__}."
            ) from None
        return _checked(answer, self._url)

    def _token(self, role: str) -> str:
        if role not in self._tokens:
            try:
                self._tokens[role] = self._traded(role)
            except TooManyRequests as full:  # of many calls in a row, each trades it
                if full.retry_after is None or full.retry_after > LONGEST_WAIT_S:
                    raise
                time.sleep(full.retry_after)
                self._tokens[role] = self._traded(role)
        return self._tokens[role]

    def _traded(self, role: str) -> str:
        answer = self._send(
            "POST",
            "/api/auth/token",
            json={"name": self._name, "role": role},
            headers={"authorization": f"Bearer {self._admin_token}"},
        )
        return str(answer.json()["token"])


def _answers_as_page(told: Mapping[str, Any]) -> bool:
    content = told.get("responses", {}).get("200", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    return str(schema.get("$ref", "")).endswith("/ConsoleAnswer")


def _checked(answer: httpx2.Response, url: str) -> httpx2.Response:
    """The answer if it is one; raises what it says otherwise."""
    if answer.is_success:
        return answer
    if answer.is_redirect:
        to = answer.headers.get("location", "elsewhere")
        raise BadRequest(f"{url} leads to {to}: name that by --url.")
    try:
        problem = answer.json()
        detail = str(problem.get("detail") or problem["title"])
    except (ValueError, KeyError, AttributeError):
        detail = f"{url} answers {answer.status_code}, and not as an oO does."
    wait = answer.headers.get("retry-after", "")
    kind = next((it for it in ERRORS if it.status == answer.status_code), Unavailable)
    raise kind(detail, retry_after=int(wait) if wait.isdecimal() else None)


def _path(text: str) -> str:
    """A path as the console's addresses are made: what is between slashes is quoted."""
    return "/".join(quote(part, safe="") for part in text.strip("/").split("/"))
