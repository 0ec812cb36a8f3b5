"""NATS JetStream as the mirror needs it: streams, how far they are, and publishing in order.

The server itself refuses a message out of turn (`Nats-Expected-Last-Sequence`), so what a stream
holds is always the beginning of what was told, without a hole, whatever was lost on the way.
"""

import asyncio
from datetime import timedelta
from typing import NamedTuple

import nats
import nats.errors
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import Header, StorageType, StreamConfig
from nats.js.errors import NotFoundError

CONNECT_S = 2.0
ANSWER_S = 5.0
DEDUPE = timedelta(minutes=2)
SEQ = "Oo-Seq"
TOLD = "Oo-Told"
# what an attempt fails with while the server is away, or answers otherwise than it should
AWAY = (OSError, TimeoutError, nats.errors.Error, asyncio.InvalidStateError)


class Held(NamedTuple):
    """What a stream holds: when it was made, its last sequence, and the last event told in it.

    `told` is None where the newest message does not say: it has expired, or is not of oO.
    """

    created: str
    last: int
    told: int | None
    is_new: bool


class Letter(NamedTuple):
    """One message: the subject with the person, the event's id and number, and its body.

    `told` is the number up to which the stream will hold everything once it has this.
    """

    subject: str
    id: str
    seq: int
    told: int
    body: bytes


class JetStream:
    """One connection; whoever gets an error from it closes it and makes another."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._js: JetStreamContext = client.jetstream(timeout=ANSWER_S)

    @classmethod
    async def connect(cls, url: str) -> "JetStream":
        """Raises OSError or nats.errors.Error where nobody answers."""

        async def quiet(error: Exception) -> None:
            """The caller hears of it by what it awaits."""

        async with asyncio.timeout(2 * CONNECT_S):
            client = await nats.connect(
                url,
                name="oO mirror",
                connect_timeout=int(CONNECT_S),
                allow_reconnect=False,  # what a stream holds is asked anew each time
                error_cb=quiet,
            )
        return cls(client)

    @property
    def is_open(self) -> bool:
        """Whether it can be used."""
        return self._client.is_connected

    async def close(self) -> None:
        """End the connection; whatever is on the way is given up."""
        await self._client.close()

    async def held(self, stream: str, keep: timedelta) -> Held:
        """What the stream holds; it is made if there is none, for messages up to that age."""
        try:
            info, is_new = await self._js.stream_info(stream), False
        except NotFoundError:
            config = StreamConfig(
                name=stream,
                subjects=[f"{stream}.>"],
                storage=StorageType.FILE,
                max_age=keep.total_seconds(),
                duplicate_window=DEDUPE.total_seconds(),
            )
            info, is_new = await self._js.add_stream(config), True
        told: int | None = 0
        if info.state.messages:
            newest = await self._js.get_last_msg(stream, f"{stream}.>")
            number = (newest.headers or {}).get(TOLD, "")
            told = int(number) if number.isdecimal() else None
        elif info.state.last_seq:
            told = None
        return Held(str(info.created), info.state.last_seq, told, is_new)

    async def publish(self, stream: str, last: int, letters: list[Letter]) -> int:
        """Publish in order behind the stream's sequence `last`; its last sequence after that.

        Returns once all are acknowledged. Raises nats.errors.Error or TimeoutError if one is not.
        """
        acks = []
        for offset, letter in enumerate(letters):
            headers = {
                Header.MSG_ID.value: letter.id,
                Header.EXPECTED_LAST_SEQUENCE.value: str(last + offset),
                SEQ: str(letter.seq),
                TOLD: str(letter.told),
            }
            acks.append(
                await self._js.publish_async(
                    letter.subject, letter.body, wait_stall=ANSWER_S, stream=stream, headers=headers
                )
            )
        async with asyncio.timeout(ANSWER_S):
            done = await asyncio.gather(*acks)
        return max((ack.seq for ack in done), default=last)

    async def forget(self, stream: str, person: str) -> None:
        """Erase the messages about the person."""
        await self._js.purge_stream(stream, subject=f"{stream}.*.*.{person}")

    async def delete(self, stream: str) -> None:
        """Delete the stream, if there is one."""
        try:
            await self._js.delete_stream(stream)
        except NotFoundError:
            return
