"""Todoist, by its API v1: tasks on demand, closing them, OAuth with rotating refresh tokens."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import httpx2
from pydantic import SecretStr

from oo.domain.signals import (
    Access,
    Broken,
    Connect,
    Example,
    Grant,
    Manifest,
    Reading,
    Reconnect,
    Retry,
    SignalSource,
    SourcePlugin,
)
from oo.domain.tasks import Task
from oo.integrations.sources._text import MAX_TITLE, name_of, title_of
from oo.integrations.sources._todoist_api import TodoistApi, body_of, expect_success
from oo.kit.clock import Clock
from oo.kit.settings import Section

NAME = "todoist"
SCOPES = ("data:read_write",)
_HEADER = re.compile(r"\*\s+\S")  # Todoist's mark of a task that cannot be ticked off


class Todoist(Section):
    """The Todoist application that people connect through; unset means that it is not offered."""

    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    authorize_url: str = "https://app.todoist.com/oauth/authorize"
    token_url: str = "https://api.todoist.com/oauth/access_token"  # noqa: S105 - an address
    api_url: str = "https://api.todoist.com/api/v1"


class TodoistSource:
    """One Todoist application; holds no person's data."""

    def __init__(self, settings: Todoist, http: httpx2.AsyncClient, clock: Clock) -> None:
        self._settings = settings
        self._http = http
        self._clock = clock
        self._api = TodoistApi(settings.api_url, http)

    def authorize_url(self, state: str, redirect_uri: str) -> str:
        query = {
            "client_id": self._settings.client_id,
            "scope": ",".join(SCOPES),
            "state": state,
            "redirect_uri": redirect_uri,
            "response_type": "code",
        }
        return f"{self._settings.authorize_url}?{urlencode(query)}"

    async def exchange(self, code: str, redirect_uri: str) -> Grant:
        grant = self._grant(
            await self._token_call(
                {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
            )
        )
        user = body_of(await self._api.send("GET", "/user", grant.access_token))
        return Grant(
            grant.access_token,
            grant.refresh_token,
            grant.expires_at,
            account=str(user.get("email") or user.get("full_name") or ""),
        )

    async def refresh(self, refresh_token: str) -> Grant:
        return self._grant(
            await self._token_call({"grant_type": "refresh_token", "refresh_token": refresh_token})
        )

    async def revoke(self, grant: Grant) -> None:
        for kind, token in (
            ("refresh_token", grant.refresh_token),
            ("access_token", grant.access_token),
        ):
            if token:
                await self._revoke_token(token, kind)

    async def fetch(self, access: Access, cursor: str | None) -> Reading:
        projects = await self._api.pages(access, "/projects")
        names = {str(item.get("id")): name_of(str(item.get("name", ""))) or "" for item in projects}
        found = await self._api.pages(access, "/tasks")
        # who the account is matters only where something is assigned to anybody
        is_shared = any(item.get("responsible_uid") for item in found)
        own = await self._account(access) if is_shared else None
        try:
            return Reading(tuple(self._task(item, names) for item in found if _is_to_do(item, own)))
        except (KeyError, TypeError, ValueError) as error:
            raise Broken("Todoist sent a task that oO cannot read.") from error

    async def complete(self, access: Access, task: Task) -> None:
        path = f"/tasks/{task.external_id}"
        if task.recurring and await self._has_advanced(access, task):
            return
        response = await self._api.call(access, "POST", f"{path}/close")
        # a task that is gone, or that the person finished there, needs no closing
        if response.status_code not in (404, 410):
            expect_success(response)

    async def finished(self, access: Access, since: datetime) -> dict[str, datetime]:
        until = self._clock.now() + timedelta(minutes=1)  # its clock may be ahead of ours
        query = {"since": _stamp(since), "until": _stamp(until)}
        done = await self._api.pages(access, "/tasks/completed/by_completion_date", "items", query)
        newest: dict[str, datetime] = {}
        try:
            for item in done:
                task_id, completed_at = f"{NAME}:{item['id']}", _instant(item["completed_at"])
                if completed_at is not None:
                    newest[task_id] = max(completed_at, newest.get(task_id, completed_at))
        except (KeyError, TypeError, ValueError) as error:
            raise Broken("Todoist sent a finished task that oO cannot read.") from error
        return newest

    async def _account(self, access: Access) -> str:
        return str(body_of(await self._api.call(access, "GET", "/user")).get("id", ""))

    async def _has_advanced(self, access: Access, task: Task) -> bool:
        response = await self._api.call(access, "GET", f"/tasks/{task.external_id}")
        if response.status_code in (404, 410):
            return True
        now = self._task(body_of(response), {})
        return (now.due, now.due_at) != (task.due, task.due_at)

    async def _token_call(self, fields: dict[str, str]) -> dict[str, Any]:
        # never repeated: a code and a refresh token are good for one use
        body = {
            **fields,
            "client_id": self._settings.client_id,
            "client_secret": self._settings.client_secret.get_secret_value(),
        }
        try:
            response = await self._http.post(self._settings.token_url, data=body)
        except httpx2.TransportError as error:
            raise Retry("Todoist does not answer. oO tries again later.") from error
        if response.status_code in (400, 401, 403):
            raise Reconnect("Todoist refused the connection. Connect it again.")
        return body_of(response)

    def _grant(self, body: Mapping[str, Any]) -> Grant:
        token = body.get("access_token")
        if not isinstance(token, str) or not token:
            raise Broken("Todoist answered without an access token.")
        expires_in = body.get("expires_in")
        expires_at = (
            self._clock.now() + timedelta(seconds=float(expires_in)) if expires_in else None
        )
        return Grant(token, body.get("refresh_token") or None, expires_at)

    async def _revoke_token(self, token: str, kind: str) -> None:
        secret = self._settings.client_secret.get_secret_value()
        try:
            response = await self._http.post(
                self._settings.api_url.rstrip("/") + "/revoke",
                data={"token": token, "token_type_hint": kind},
                auth=(self._settings.client_id, secret),
            )
        except httpx2.TransportError as error:
            raise Retry("Todoist does not answer. Try to disconnect again.") from error
        expect_success(response)

    def _task(self, item: Mapping[str, Any], projects: Mapping[str, str]) -> Task:
        external_id = str(item["id"])
        due = item.get("due") or {}
        day, instant = _due(due)
        if day is None:
            day, _ = _due(item.get("deadline") or {})
        return Task(
            id=f"{NAME}:{external_id}",
            source=NAME,
            external_id=external_id,
            title=title_of(str(item["content"]))[:MAX_TITLE],
            priority=min(4, max(1, int(item.get("priority", 1)))),
            due=day,
            due_at=instant,
            added_at=_instant(item.get("added_at")),
            labels=tuple(str(label) for label in item.get("labels") or ()),
            project=projects.get(str(item.get("project_id"))),
            recurring=bool(due.get("is_recurring")),
        )


def _is_to_do(item: Mapping[str, Any], account: str | None) -> bool:
    """Whether it is open, can be ticked off, and is not assigned to somebody else."""
    if item.get("checked") or _HEADER.match(str(item["content"])):
        return False
    responsible = item.get("responsible_uid")
    return not responsible or account is None or str(responsible) == account


def _due(due: Mapping[str, Any]) -> tuple[date | None, datetime | None]:
    text = due.get("date")
    if not text:
        return None, None
    if not text.endswith("Z"):
        # a wall-clock time wherever the person is: a day, but no instant
        return date.fromisoformat(text[:10]), None
    instant = datetime.fromisoformat(text)
    try:
        zone = ZoneInfo(due.get("timezone") or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")
    return instant.astimezone(zone).date(), instant.astimezone(UTC)


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def _build(settings: Todoist, http: httpx2.AsyncClient, clock: Clock) -> SignalSource | None:
    if not settings.client_id:
        return None
    source = TodoistSource(settings, http, clock)
    return SignalSource(connects=source, fetches=source, completes=source)


SOURCE = SourcePlugin(
    Manifest(
        name=NAME,
        title="Todoist",
        description="Reads your open tasks and ticks off those that you finish here.",
        kinds=("task",),
        connect=(Connect.OAUTH,),
        scopes=SCOPES,
        keeps="An encrypted token, and your open tasks while they are open.",
    ),
    Todoist,
    _build,
    Example(settings={"client_id": "id", "client_secret": "secret"}),
)
