"""Everything from "send this tip to this person" on, made once per process."""

from dataclasses import dataclass

import httpx2

from oo.domain.deliveries import TellsTips
from oo.kit.clock import Clock
from oo.kit.outgoing import outgoing_client
from oo.kit.settings import Settings
from oo.push.addresses import Addresses
from oo.push.channel import Parts, build_channels
from oo.push.deliveries import StoredDeliveries
from oo.push.devices import Devices
from oo.push.sender import Limits, Sender
from oo.push.vapid import VapidKeys
from oo.store.database import Database
from oo.vault.keyring import load_keyring
from oo.vault.operator import OperatorVault
from oo.vault.service import Vault


@dataclass(frozen=True, slots=True)
class Push:
    """Devices, deliveries to them, what signs them, and what sends them."""

    devices: Devices
    deliveries: StoredDeliveries
    keys: VapidKeys
    sender: Sender
    tells: TellsTips
    http: httpx2.AsyncClient

    @classmethod
    def of(cls, settings: Settings, db: Database, clock: Clock, tells: TellsTips) -> "Push":
        """Those of an installation; raises BrokenPlugin or ConfigurationError."""
        keyring = load_keyring(settings)
        contact = settings.push.contact or settings.base_url
        keys = VapidKeys(db, OperatorVault(keyring), clock, contact)
        http = outgoing_client(settings.outgoing)
        channels = build_channels(Parts(settings, http, clock, keys))
        addresses = Addresses(Vault(keyring, clock))
        limits = Limits(settings.push.per_hour, settings.push.at_once)
        return cls(
            Devices(db, clock, addresses, channels),
            StoredDeliveries(db, clock),
            keys,
            Sender(db, clock, addresses, channels, tells, limits, settings.base_url),
            tells,
            http,
        )
