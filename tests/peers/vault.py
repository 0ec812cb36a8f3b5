"""The vault of the stores of tests: one key-encryption key, the same everywhere."""

from base64 import b64encode
from typing import Any

from oo.kit.clock import SystemClock
from oo.store.database import Database
from oo.vault.keyring import Keyring
from oo.vault.service import Vault

KEYRING = Keyring({"test": bytes(32)})
MASTER_KEYS = {"test": b64encode(bytes(32)).decode()}  # the same, as settings have it


def sealed_by_default() -> None:
    """Give each `Database` that a test opens without a vault one of its own."""
    opened = Database.__init__

    def with_vault(self: Database, url: str, sealer: Any = None) -> None:
        opened(self, url, sealer or Vault(KEYRING, SystemClock()))

    Database.__init__ = with_vault  # type: ignore[method-assign]
