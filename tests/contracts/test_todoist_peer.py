"""The stand-in Todoist, over a socket, as Todoist's own SDK sees it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from todoist_api_python.api_async import TodoistAPIAsync
from todoist_api_python.authentication import (
    get_auth_token_async,
    get_authentication_url,
    revoke_auth_token_async,
)

from tests.peers.serving import served
from tests.peers.todoist import CLIENT_ID, CLIENT_SECRET, TodoistPeer


class Redirected(httpx.AsyncHTTPTransport):
    """Sends the SDK's hard-coded addresses to the stand-in."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = httpx.URL(base)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(
            scheme="http", host=self._base.host, port=self._base.port
        )
        return await super().handle_async_request(request)


@pytest.fixture(scope="module")
def peer() -> TodoistPeer:
    return TodoistPeer()


@pytest.fixture(scope="module")
def base(peer: TodoistPeer) -> Iterator[str]:
    with served(peer.app()) as address:
        yield address


async def test_the_sdk_signs_in_reads_closes_and_revokes(peer: TodoistPeer, base: str) -> None:
    due = {"date": "2026-11-22", "string": "tomorrow", "lang": "en", "is_recurring": False}
    first = peer.add_task("Buy Milk", priority=4, due=due, labels=["home"])
    for number in range(4):
        peer.add_task(f"task {number}")
    async with httpx.AsyncClient(transport=Redirected(base)) as client:
        url = get_authentication_url(CLIENT_ID, ["data:read_write"], "state")
        back = httpx.URL((await client.get(url)).headers["location"])
        assert back.params["state"] == "state"
        auth = await get_auth_token_async(CLIENT_ID, CLIENT_SECRET, back.params["code"], client)
        api = TodoistAPIAsync(auth.access_token, client=client)
        pages = [page async for page in await api.get_tasks(limit=2)]
        assert [len(page) for page in pages] == [2, 2, 1]
        task = pages[0][0]
        assert (task.content, task.priority, task.labels) == ("Buy Milk", 4, ["home"])
        assert task.due is not None
        assert str(task.due.date) == "2026-11-22"
        projects = [page async for page in await api.get_projects()]
        assert projects[0][0].is_inbox_project
        assert await api.complete_task(first)
        assert peer.closed == [first]
        assert (await api.get_task(first)).is_completed
        now = datetime.now(UTC)
        done = await api.get_completed_tasks_by_completion_date(
            since=now - timedelta(days=7), until=now + timedelta(minutes=1)
        )
        found = [task async for page in done for task in page]
        assert [task.id for task in found] == [first]
        assert found[0].completed_at is not None
        assert now - timedelta(minutes=1) <= found[0].completed_at <= now
        assert await revoke_auth_token_async(CLIENT_ID, CLIENT_SECRET, auth.access_token, client)
        with pytest.raises(httpx.HTTPStatusError) as refused:
            await api.get_task(first)
        assert refused.value.response.status_code == 401


async def test_the_withdrawn_interface_answers_410(base: str) -> None:
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{base}/rest/v2/tasks")).status_code == 410
