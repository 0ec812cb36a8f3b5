"""A stand-in for Todoist's API v1 and its OAuth, behaving as its documentation says.

An ASGI application: unit tests call it in process, contract and end-to-end tests run it on a
loopback port. `tests/contracts/test_todoist_peer.py` holds it against Todoist's own SDK.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT_ID = "oo-test"
CLIENT_SECRET = "oo-test-secret"
USER = {"id": "2671355", "email": "ada@example.org", "full_name": "Ada"}


class Refusal(Exception):
    """An error answer."""

    def __init__(self, status: int, error: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(error)
        self.response = JSONResponse({"error": error}, status, headers)


@dataclass
class TodoistPeer:
    """Todoist with one user. Tests read and set its fields."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    expires_in: int = 3600
    grace: timedelta = timedelta(seconds=60)
    limit_per_window: int = 1000
    page: int = 200
    consents: bool = True
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    turns: list[dict[str, Any]] = field(default_factory=list)  # completed ones of recurring tasks
    projects: dict[str, str] = field(default_factory=lambda: {"p1": "Inbox"})
    fail_next: deque[int | None] = field(default_factory=deque)
    close_fails: int | None = None  # the status with which every close is answered, if any
    requests: list[str] = field(default_factory=list)
    hold_tokens: asyncio.Event | None = None  # while set, grants are made but not yet answered
    codes: dict[str, str] = field(default_factory=dict)
    access: dict[str, datetime] = field(default_factory=dict)
    refresh: dict[str, datetime | None] = field(default_factory=dict)  # None: not used yet
    window: list[datetime] = field(default_factory=list)

    def add_task(self, content: str, **changes: Any) -> str:
        """A new open task; returns its id."""
        task_id = f"6X{len(self.tasks):014d}"
        stamp = _stamp(self.now())
        self.tasks[task_id] = {
            "id": task_id,
            "user_id": USER["id"],
            "content": content,
            "description": "",
            "project_id": "p1",
            "section_id": None,
            "parent_id": None,
            "labels": [],
            "priority": 1,
            "due": None,
            "deadline": None,
            "duration": None,
            "checked": False,
            "is_deleted": False,
            "is_collapsed": False,
            "child_order": len(self.tasks),
            "responsible_uid": None,
            "assigned_by_uid": None,
            "added_by_uid": USER["id"],
            "completed_by_uid": None,
            "completed_at": None,
            "added_at": stamp,
            "updated_at": stamp,
            **changes,
        }
        return task_id

    @property
    def closed(self) -> list[str]:
        """Ids of finished tasks."""
        return [task_id for task_id, task in self.tasks.items() if task["checked"]]

    def app(self) -> Starlette:
        """The server."""
        routes: list[tuple[str, str, Any]] = [
            ("GET", "/oauth/authorize", self._authorize),
            ("POST", "/oauth/access_token", self._token),
            ("POST", "/api/v1/revoke", self._revoke),
            ("DELETE", "/api/v1/access_tokens", self._delete_token),
            ("GET", "/api/v1/user", self._user),
            ("GET", "/api/v1/projects", self._list_projects),
            ("GET", "/api/v1/tasks", self._list_tasks),
            ("GET", "/api/v1/tasks/completed/by_completion_date", self._list_completed),
            ("GET", "/api/v1/tasks/{id}", self._get_task),
            ("POST", "/api/v1/tasks/{id}/close", self._close_task),
            ("GET", "/rest/v2/{rest:path}", self._old),
        ]
        app = Starlette(
            routes=[Route(path, call, methods=[method]) for method, path, call in routes],
            exception_handlers={Refusal: _refuse},
        )
        app.state.peer = self
        return app

    async def _authorize(self, request: Request) -> Response:
        query = request.query_params
        if query.get("client_id") != CLIENT_ID:
            raise Refusal(400, "invalid_client")
        back = {"state": query["state"]}
        if self.consents:
            code = secrets.token_urlsafe()
            self.codes[code] = query.get("redirect_uri", "")
            back["code"] = code
        else:
            back["error"] = "access_denied"
        target = query.get("redirect_uri") or "http://localhost/"
        return RedirectResponse(f"{target}?{urlencode(back)}", 302)

    async def _token(self, request: Request) -> Response:
        is_json = request.headers.get("content-type", "").startswith("application/json")
        form = await request.json() if is_json else await request.form()
        self.requests.append("token")
        self._maybe_fail()
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            raise Refusal(400, "invalid_client")
        if form.get("grant_type", "authorization_code") == "authorization_code":
            if self.codes.pop(str(form.get("code")), None) is None:
                raise Refusal(400, "invalid_grant")
            return await self._issue(rotate=True)
        if form.get("grant_type") != "refresh_token":
            raise Refusal(400, "unsupported_grant_type")
        token = str(form.get("refresh_token"))
        if token not in self.refresh:
            raise Refusal(400, "invalid_grant")
        used_at = self.refresh[token]
        if used_at is None:
            self.refresh[token] = self.now()
            return await self._issue(rotate=True)
        if self.now() - used_at <= self.grace:
            return await self._issue(rotate=False)
        raise Refusal(400, "invalid_grant")

    async def _issue(self, *, rotate: bool) -> Response:
        access = secrets.token_hex(20)
        self.access[access] = self.now() + timedelta(seconds=self.expires_in)
        body: dict[str, Any] = {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": self.expires_in,
            "state": None,  # the SDK asks for it
        }
        if rotate:
            body["refresh_token"] = secrets.token_hex(20)
            self.refresh[body["refresh_token"]] = None
        if self.hold_tokens:
            await self.hold_tokens.wait()
        return JSONResponse(body)

    async def _revoke(self, request: Request) -> Response:
        self.requests.append("revoke")
        self._maybe_fail()
        if "authorization" not in request.headers:
            raise Refusal(401, "invalid_client")
        self._forget(str((await request.form())["token"]))
        return Response(status_code=200)

    async def _delete_token(self, request: Request) -> Response:
        self._forget(request.query_params["access_token"])
        return Response(status_code=204)

    def _forget(self, token: str) -> None:
        self.access.pop(token, None)
        self.refresh.pop(token, None)

    def _admit(self, request: Request) -> None:
        self.requests.append(f"{request.method} {request.url.path}")
        self._maybe_fail()
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self.access.get(token, self.now()) <= self.now():
            raise Refusal(401, "Unauthorized")
        now = self.now()
        self.window = [moment for moment in self.window if moment > now - timedelta(minutes=15)]
        if len(self.window) >= self.limit_per_window:
            wait = self.window[0] + timedelta(minutes=15) - now
            raise Refusal(429, "Too many requests", {"Retry-After": str(int(wait.total_seconds()))})
        self.window.append(now)

    def _maybe_fail(self) -> None:
        status = self.fail_next.popleft() if self.fail_next else None
        if status:
            raise Refusal(status, "injected")

    async def _user(self, request: Request) -> Response:
        self._admit(request)
        return JSONResponse(USER)

    async def _list_projects(self, request: Request) -> Response:
        self._admit(request)
        found = [_project(project_id, name) for project_id, name in self.projects.items()]
        return self._paged(request, found)

    async def _list_tasks(self, request: Request) -> Response:
        self._admit(request)
        return self._paged(request, [task for task in self.tasks.values() if not task["checked"]])

    async def _list_completed(self, request: Request) -> Response:
        self._admit(request)
        since, until = (
            datetime.fromisoformat(request.query_params[name]) for name in ("since", "until")
        )
        if until - since > timedelta(days=92):
            raise Refusal(400, "The range is longer than three months")
        done = [
            task
            for task in [*self.tasks.values(), *self.turns]
            if task["completed_at"]
            and since <= datetime.fromisoformat(task["completed_at"]) <= until
        ]
        return self._paged(request, done, "items")

    def _paged(
        self, request: Request, found: list[dict[str, Any]], key: str = "results"
    ) -> Response:
        size = min(int(request.query_params.get("limit", 50)), 200, self.page)
        start = int(request.query_params.get("cursor") or 0)
        end = start + size
        cursor = str(end) if end < len(found) else None
        return JSONResponse({key: found[start:end], "next_cursor": cursor})

    async def _get_task(self, request: Request) -> Response:
        self._admit(request)
        return JSONResponse(self._task(request))

    async def _close_task(self, request: Request) -> Response:
        self._admit(request)
        if self.close_fails:
            raise Refusal(self.close_fails, "injected")
        task = self._task(request)
        task["updated_at"] = _stamp(self.now())
        if task["due"] and task["due"]["is_recurring"]:
            self.turns.append({**task, "checked": True, "completed_at": task["updated_at"]})
            due = datetime.fromisoformat(task["due"]["date"]) + timedelta(days=1)
            task["due"] = {**task["due"], "date": due.date().isoformat()}
        else:
            task["checked"], task["completed_at"] = True, task["updated_at"]
        return Response(status_code=204)

    def _task(self, request: Request) -> dict[str, Any]:
        task = self.tasks.get(request.path_params["id"])
        if task is None:
            raise Refusal(404, "Task not found")
        return task

    async def _old(self, request: Request) -> Response:
        raise Refusal(410, "This endpoint is gone: use /api/v1")


async def _refuse(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return error.response


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _project(project_id: str, name: str) -> dict[str, Any]:
    stamp = "2026-01-01T00:00:00.000000Z"
    return {
        "id": project_id,
        "name": name,
        "description": "",
        "child_order": 0,
        "color": "grey",
        "is_collapsed": False,
        "is_shared": False,
        "is_favorite": False,
        "is_archived": False,
        "can_assign_tasks": False,
        "view_style": "list",
        "created_at": stamp,
        "updated_at": stamp,
        "parent_id": None,
        "inbox_project": project_id == "p1",
    }
