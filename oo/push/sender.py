"""The sender: takes what is due, hands it to channels, and keeps how it went.

Three steps, each committed before the next: *spread* gives a delivery a sending per device, *take*
leases what is due, *record* ends or postpones it. One that is killed between handing over and
recording leaves a lease that runs out. Such a sending is repeated under the same key where the
channel's devices show the same key once, and given up where they do not.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.consents import NOTIFICATIONS
from oo.domain.deliveries import Happened, Outcome, TellsTips, TipRef, TipWords
from oo.kit.clock import Clock
from oo.kit.pauses import Pauses
from oo.push.addresses import Addresses, Unreadable
from oo.push.channel import (
    SEND_S,
    Address,
    Configured,
    DeviceGone,
    Message,
    NotAccepted,
    TryLater,
)
from oo.push.verdict import SINCE, Facts, Go, verdict
from oo.store import consents, deliveries, devices, sendings, users
from oo.store.database import Database
from oo.store.deliveries import Said
from oo.store.sendings import Due, Ended, Later, Pending, Spread

log = logging.getLogger(__name__)

BATCH = 50
RECORD_S = 0.25
LEASE = timedelta(seconds=60)  # a sending takes SEND_S at most
PAUSES = Pauses(timedelta(seconds=10), timedelta(minutes=15))
REST = Pauses(timedelta(seconds=5), timedelta(minutes=5))  # of a service that does not answer
TEST = TipWords("advice", "This is how a tip arrives here.", None)


class Limits(NamedTuple):
    """What one device is sent in an hour at most, and how many sendings are made at a time."""

    per_hour: int
    at_once: int


class _Result(NamedTuple):
    """How a sending went, and what follows for its device."""

    how: Ended | Later
    is_gone: bool = False
    pause: datetime | None = None


class Sender:
    """:class:`oo.domain.deliveries.SendsDeliveries`. Any number of them may run at once."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        addresses: Addresses,
        channels: Mapping[str, Configured],
        tells: TellsTips,
        limits: Limits,
        base_url: str,
    ) -> None:
        self._db = db
        self._clock = clock
        self._addresses = addresses
        self._channels = dict(channels)
        self._tells = tells
        self._per_hour = limits.per_hour
        self._turns = asyncio.Semaphore(limits.at_once)
        self._base_url = base_url
        self._resting: dict[str, datetime] = {}  # lanes that do not answer
        self._failures: dict[str, int] = {}

    async def send_due(self) -> int:
        """See :class:`oo.domain.deliveries.SendsDeliveries`."""
        async with self._db.read_hot() as connection:
            if not await sendings.are_due(connection, self._clock.now()):
                return 0  # as nearly always
        spread = await self._spread()
        going, looked_at = await self._take()
        if going:
            await self._try_all(going)
        return spread + looked_at

    async def _spread(self) -> int:
        """Give the deliveries whose time has come their sendings; how many deliveries."""
        now = self._clock.now()
        async with self._db.write() as connection:
            found = await sendings.pending(connection, now, BATCH)
            if not found:
                return 0
            here = await users.heads_kept(connection, {it.user_id for it in found})
            found = [it for it in found if it.user_id in here]
            owned = await sendings.devices_of(connection, list(here))
            over = [Spread(it, _reached(it, owned[it.user_id])) for it in found]
            await sendings.spread(connection, over, now)
            nowhere = [it.delivery for it in over if not it.device_ids]
            await deliveries.log(connection, [_nowhere(it, now) for it in nowhere])
        return len(over)

    async def _take(self) -> tuple[list[Go], int]:
        """Lease what is due and may be sent; and how many were looked at."""
        now = self._clock.now()
        async with self._db.write() as connection:
            found = await sendings.due(connection, now, BATCH)
            if not found:
                return [], 0
            here = await users.heads_kept(connection, {it.user_id for it in found})
            found = [it for it in found if it.user_id in here]
            facts = Facts(
                now,
                self._channels,
                await consents.allowing(connection, here, NOTIFICATIONS),
                await sendings.sent_since(connection, found, now - SINCE),
                self._per_hour,
            )
            verdicts = [verdict(it, facts) for it in found]
            verdicts = _one_per_device(verdicts, now)
            ended = [it for it in verdicts if isinstance(it, Ended)]
            going = [it for it in verdicts if isinstance(it, Go)]
            await sendings.end(connection, ended, now)
            await sendings.postpone(connection, [it for it in verdicts if isinstance(it, Later)])
            await sendings.lease(connection, [it.due for it in going], now + LEASE)
        return going, len(found)

    async def _try_all(self, going: Sequence[Go]) -> None:
        tips = {TipRef(it.due.user_id, it.due.tip_id) for it in going if not it.due.is_test}
        words = await self._tells.apt(tips) if tips else {}
        async with self._db.read() as connection:
            addresses = [await self._opened(connection, it.due) for it in going]
        trying = {
            asyncio.create_task(self._try(go, address, _words(go.due, words)))
            for go, address in zip(going, addresses, strict=True)
        }
        try:
            while trying:  # what has ended is kept while others are under way
                ended, trying = await asyncio.wait(trying, timeout=RECORD_S)
                if ended:
                    await self._record([one.result() for one in ended])
        finally:
            for one in trying:
                one.cancel()

    async def _opened(self, connection: AsyncConnection, due: Due) -> Address | None:
        try:
            return await self._addresses.opened(
                connection, due.user_id, due.channel or "", due.address
            )
        except Unreadable:
            return None

    async def _try(self, go: Go, address: Address | None, words: TipWords | None) -> _Result:
        due = go.due
        if address is None:
            return _Result(Ended(due, Outcome.REFUSED, "unreadable"), is_gone=True)
        if words is None:
            return _Result(Ended(due, Outcome.REFUSED, "over"))
        lane = go.by.sends.lane(address)
        async with self._turns:
            now = self._clock.now()
            if (until := self._resting.get(lane, now)) > now:
                return _Result(_later(due, until))
            try:
                async with asyncio.timeout(SEND_S):
                    await go.by.sends.send(address, self._message(due, address, words))
            except DeviceGone as error:
                log.info("a device has ended: %s", error)
                return _Result(Ended(due, Outcome.REFUSED, "device_gone"), is_gone=True)
            except NotAccepted as error:
                log.warning("a delivery is refused by its service: %s", error)
                return _Result(Ended(due, Outcome.REFUSED, error.code[:64]))
            except TryLater as error:
                return self._again(due, lane, error)
            except TimeoutError:
                return self._again(due, lane, TryLater("no answer in time", is_away=True))
            except Exception:  # whatever is wrong with one channel, the others go on
                log.exception("delivery %s cannot be sent", due.delivery_id)
                return self._again(due, lane, TryLater("it failed"))
        self._failures.pop(lane, None)
        return _Result(Ended(due, Outcome.SENT))

    def _again(self, due: Due, lane: str, error: TryLater) -> _Result:
        now = self._clock.now()
        log.info("delivery %s is tried again: %s", due.delivery_id, error)
        if error.is_away:
            failures = self._failures[lane] = self._failures.get(lane, 0) + 1
            self._resting[lane] = now + REST.after(failures)
        pause = PAUSES.after(due.attempts + 1)
        if error.after is None:
            return _Result(_later(due, now + pause))
        until = now + error.after
        return _Result(_later(due, until), pause=until)

    def _message(self, due: Due, address: Address, words: TipWords) -> Message:
        ends = address.get("unsubscribe", "")
        return Message(
            person=due.user_id,
            delivery_id=due.delivery_id,
            device_id=due.device_id,
            tip_id=None if due.is_test else due.tip_id,
            key=due.delivery_id,
            kind=words.kind,
            body=words.content,
            about=words.about,
            url=f"{self._base_url}/" if due.is_test else f"{self._base_url}/?tip={due.tip_id}",
            ends_at=f"{self._base_url}/unsubscribe/{ends}" if ends else "",
            expires_at=due.expires_at,
        )

    async def _record(self, results: Sequence[_Result]) -> None:
        now = self._clock.now()
        async with self._db.write() as connection:
            here = await users.heads_kept(connection, {it.how.due.user_id for it in results})
            kept = [it for it in results if it.how.due.user_id in here]
            hows = [it.how for it in kept]
            await sendings.end(connection, [it for it in hows if isinstance(it, Ended)], now)
            await sendings.postpone(connection, [it for it in hows if isinstance(it, Later)])
            for how, is_gone, pause in kept:
                if is_gone:
                    await devices.end(connection, how.due.user_id, how.due.device_id)
                elif pause is not None:
                    await devices.pause(connection, how.due.user_id, how.due.device_id, pause)


def _later(due: Due, at: datetime) -> Later:
    """Never behind its end, so that the end is logged when it comes."""
    return Later(due, min(at, due.expires_at))


def _reached(delivery: Pending, owned: Sequence[str]) -> Sequence[str]:
    if delivery.only_device is None:
        return owned
    return [it for it in owned if it == delivery.only_device]


def _nowhere(delivery: Pending, now: datetime) -> Said:
    happened = Happened(delivery.id, delivery.tip_id, None, Outcome.REFUSED, now, "no_device")
    return Said(delivery.user_id, happened)


def _words(due: Due, words: Mapping[TipRef, TipWords]) -> TipWords | None:
    return TEST if due.is_test else words.get(TipRef(due.user_id, due.tip_id))


def _one_per_device(
    verdicts: Sequence[Go | Ended | Later], now: datetime
) -> list[Go | Ended | Later]:
    """Of several for one device only the first goes: its limits are looked at anew in between."""
    seen: set[str] = set()
    found: list[Go | Ended | Later] = []
    for it in verdicts:
        if isinstance(it, Go):
            if it.due.device_id in seen:
                it = _later(it.due, now)
            seen.add(it.due.device_id)
        found.append(it)
    return found
