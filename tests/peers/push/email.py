"""A mail server (aiosmtpd) that keeps what it takes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, ClassVar

from aiosmtpd.smtp import SMTP, Envelope, Session

from oo.push.vapid import VapidKeys
from tests.peers.push.peer import Answer, Peer


class EmailPeer(Peer):
    """Everybody has a box there."""

    gone: ClassVar[Answer] = Answer(550)
    busy: ClassVar[Answer] = Answer(451, "300")
    broken: ClassVar[Answer] = Answer(421)
    refusing: ClassVar[Answer] = Answer(554)

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.boxes = 0
        self._faults: list[Answer] = []
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: SMTP(self, enable_SMTPUTF8=True), "127.0.0.1", 0
        )
        port = self._server.sockets[0].getsockname()[1]
        given = {"host": "127.0.0.1", "port": str(port), "security": "none"}
        self.settings = {**given, "sender": "oO <oo@oo.test>"}

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def handle_RCPT(  # noqa: N802 - as aiosmtpd calls it
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._faults:
            return f"{self._faults.pop(0).status} not now"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - as aiosmtpd calls it
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        parsed = message_from_bytes(content, policy=default)
        assert isinstance(parsed, EmailMessage)
        self.mails.append(parsed)
        return "250 taken"

    async def device(self) -> dict[str, Any]:
        self.boxes += 1
        return {"mail": f"ada{self.boxes}@example.org"}

    def answers(self, *faults: Answer) -> None:
        self._faults += faults

    def received(self) -> list[str]:
        plain = [mail.get_body(("plain",)) for mail in self.mails]
        return [part.get_content() for part in plain if part is not None]


@asynccontextmanager
async def peer(keys: VapidKeys) -> AsyncIterator[EmailPeer]:
    found = EmailPeer()
    await found.start()
    try:
        yield found
    finally:
        await found.stop()
