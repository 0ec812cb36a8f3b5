"""APNs in Node.js, which speaks HTTP/2 by itself: see `apns.mjs`."""

import asyncio
import base64
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import orjson
from joserfc.jwk import ECKey

from oo.push.vapid import VapidKeys
from tests.peers.push.peer import Answer, Peer

SCRIPT = Path(__file__).with_name("apns.mjs")
TEAM, KEY_ID, TOPIC = "TEAM123456", "KEY1234567", "app.oo"


class ApnsPeer(Peer):
    """One team with one key."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._node: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._messages: list[dict[str, Any]] = []

    async def start(self) -> None:
        key = ECKey.generate_key("P-256")
        (self._folder / "key.p8").write_bytes(key.as_pem(private=True))
        public = base64.b64encode(key.as_pem(private=False)).decode()
        self._node = await asyncio.create_subprocess_exec(
            "node",
            str(SCRIPT),
            *(public, TEAM, KEY_ID, TOPIC),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert self._node.stdout is not None
        port = int(await asyncio.wait_for(self._node.stdout.readline(), 30))
        self._reading = asyncio.create_task(self._read(self._node.stdout))
        self.settings = {
            "team_id": TEAM,
            "key_id": KEY_ID,
            "key_file": str(self._folder / "key.p8"),
            "topic": TOPIC,
            "url": f"http://127.0.0.1:{port}",
        }

    async def _read(self, lines: asyncio.StreamReader) -> None:
        while line := await lines.readline():
            self._messages.append(orjson.loads(line))

    async def device(self) -> dict[str, Any]:
        return {"token": "cd" * 32}

    def answers(self, *faults: Answer) -> None:
        assert self._node is not None
        assert self._node.stdin is not None
        for fault in faults:
            self._node.stdin.write(orjson.dumps(fault._asdict()) + b"\n")

    async def arrived(self) -> None:
        """What is said or was sent is there: pipes are in no hurry."""
        await asyncio.sleep(0.2)

    def received(self) -> list[str]:
        return [str(it["aps"]["alert"]["body"]) for it in self._messages]

    async def stop(self) -> None:
        if self._node is not None and self._node.returncode is None:
            self._node.terminate()
            await self._node.wait()
        if self._reading is not None:
            self._reading.cancel()
            with suppress(asyncio.CancelledError):
                await self._reading


@asynccontextmanager
async def peer(keys: VapidKeys) -> AsyncIterator[ApnsPeer]:
    with tempfile.TemporaryDirectory() as folder:
        found = ApnsPeer(Path(folder))
        await found.start()
        try:
            yield found
        finally:
            await found.stop()
