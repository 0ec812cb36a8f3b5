"""Pushes and mails of a demonstration: decided, sent and settled by the code that serves people.

Only the services behind the channels are stand-ins: they take what they are given, and now and then
say no, as real ones do.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from oo.delivery.checking import WhileWelcome
from oo.delivery.deciding import Decider
from oo.delivery.settling import Settler
from oo.domain.consents import NOTIFICATIONS, purposes
from oo.domain.deliveries import Happened, Outcome
from oo.identity.sessions import hash_token, start_session
from oo.kit.clock import Clock
from oo.kit.settings import Settings
from oo.mlops.delivery_policies import ForceOf
from oo.push.addresses import Addresses
from oo.push.channel import (
    Address,
    Configured,
    DeviceGone,
    Message,
    NotAccepted,
    TryLater,
    channel_plugins,
)
from oo.push.deliveries import StoredDeliveries
from oo.push.devices import Devices, Here
from oo.push.sender import Limits, Sender
from oo.recommend.deciding import Served
from oo.recommend.worth import Worth
from oo.store import consenting, delivery_moments
from oo.store.consents import Said
from oo.store.database import Database
from oo.vault.keyring import load_keyring
from oo.vault.service import Vault

AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0",
    "Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_6) Safari/605.1.15",
)
ON_A_BROWSER = 0.75  # of the devices; the others are mail boxes
GONE, REFUSES, IS_LATE = 0.004, 0.01, 0.02
SEEN, ENDS_IT = 0.45, 0.01
KEPT = timedelta(hours=2)
SETTLED_WITHIN = timedelta(hours=4)


class Service:
    """What stands in for the service behind a channel."""

    def __init__(self, name: str, random: Random) -> None:
        self._name = name
        self._random = random

    def address(self, given: Mapping[str, Any]) -> Address:
        return {"token": str(given["token"]), "key_id": "demo"}

    def lane(self, address: Address) -> str:
        return self._name

    async def send(self, address: Address, message: Message) -> None:
        drawn = self._random.random()
        if drawn < GONE:
            raise DeviceGone("it was given away")
        if drawn < GONE + REFUSES:
            raise NotAccepted("quota")
        if drawn < GONE + REFUSES + IS_LATE:
            raise TryLater("it is busy", timedelta(minutes=5))


class Pushed(NamedTuple):
    """A tip that was picked to be sent, and to whom."""

    user_id: str
    number: int
    served: Served


@dataclass(frozen=True, slots=True)
class World:
    """What the demonstration does for it: who somebody is, their tip, and how they react to it."""

    number_of: Callable[[str], int]
    prepare: Callable[[int], Awaitable[None]]
    ask: Callable[[int], Awaitable[Served | None]]
    react: Callable[[int, Served], Awaitable[None]]


class DemoDeliveries:
    """Devices of simulated people, and what reaches them."""

    def __init__(
        self, db: Database, settings: Settings, clock: Clock, random: Random, world: World
    ) -> None:
        self._db = db
        self._clock = clock
        self._random = random
        self._world = world
        plugins = channel_plugins()
        channels = {
            name: Configured(plugins[name], Service(name, random)) for name in ("web_push", "email")
        }
        addresses = Addresses(Vault(load_keyring(settings), clock))
        self._devices = Devices(db, clock, addresses, channels)
        self._deliveries = StoredDeliveries(db, clock)
        limits = Limits(settings.push.per_hour, settings.push.at_once)
        tells = WhileWelcome(db, clock, Worth(db, clock))
        self._sender = Sender(db, clock, addresses, channels, tells, limits, settings.base_url)
        force = ForceOf(db, clock, settings.delivery.policy)
        self._decider = Decider(
            db, clock, force, self, self._deliveries, lambda: random.getrandbits(63)
        )
        self._settler = Settler(db, clock, self._deliveries)
        self._pushed: dict[str, Pushed] = {}
        self._are_new = False
        self._settles_until = clock.now()

    async def allow(self, user_id: str, number: int) -> None:
        """The person asks for tips on a browser of theirs, or by mail."""
        self._are_new = True
        if self._random.random() < ON_A_BROWSER:
            agent = self._random.choice(AGENTS)
            async with self._db.write() as connection:
                cookie = await start_session(connection, user_id, self._clock, 90, agent)
            here = Here(hash_token(cookie), agent.partition(") ")[2])
            channel = "web_push"
        else:
            here, channel = Here(None, "Mail"), "email"
        given = {"token": f"demo-{number}"}
        await self._devices.register(user_id, channel, given, here, "demo")

    async def hour(self) -> None:
        """What is due at this hour: decided, sent, looked at, and settled."""
        now = self._clock.now()
        async with self._db.read_hot() as connection:
            due = await delivery_moments.waiting(connection, now, 1_000)
        if due or self._are_new:  # else a pass would find nothing to decide
            self._are_new = False
            await self._speak(due)
        if now < self._settles_until:
            await self._settler.settle()

    async def _speak(self, due: Sequence[str]) -> None:
        for user_id in due:
            await self._world.prepare(self._world.number_of(user_id))
        await self._decider.decide_due()
        while await self._sender.send_due():
            pass
        if self._pushed:
            self._settles_until = self._clock.now() + SETTLED_WITHIN
        for tip_id, pushed in self._pushed.items():
            await self._look(tip_id, pushed)
        self._pushed.clear()

    async def pick(self, user_id: str) -> str | None:
        """See :class:`oo.domain.speaking.PicksTips`."""
        number = self._world.number_of(user_id)
        served = await self._world.ask(number)
        if served is None:
            return None
        self._pushed[served.decision.id] = Pushed(user_id, number, served)
        return served.decision.id

    async def _look(self, tip_id: str, pushed: Pushed) -> None:
        """The person sees it and follows it, or not; a few want no more of it."""
        user_id = pushed.user_id
        since = self._clock.now() - KEPT
        sent = [
            it
            for it in await self._deliveries.outcomes_since(user_id, since)
            if it.tip_id == tip_id and it.outcome is Outcome.SENT
        ]
        if sent and self._random.random() < SEEN:
            await self._open(user_id, sent[0])
            await self._world.react(pushed.number, pushed.served)
        elif sent and self._random.random() < ENDS_IT:
            await self._refuse(user_id, self._clock.now())

    async def _open(self, user_id: str, sent: Happened) -> None:
        if sent.device_id is not None:
            await self._devices.note(user_id, sent.delivery_id, sent.device_id, Outcome.OPENED)

    async def _refuse(self, user_id: str, now: datetime) -> None:
        version = purposes()[NOTIFICATIONS].version
        async with self._db.write() as connection:
            await consenting.change(
                connection, user_id, Said(NOTIFICATIONS, version, False, now, "demo")
            )
