"""The vault of the stores of tests: one key-encryption key, the same everywhere."""

import sys
from base64 import b64encode
from typing import Any

from oo.kit.clock import SystemClock
from oo.store.database import Database
from oo.vault.keyring import Keyring
from oo.vault.service import Vault

KEYRING = Keyring({"test": bytes(32)})
MASTER_KEYS = {"test": b64encode(bytes(32)).decode()}  # the same, as settings have it


def sealed_by_default() -> None:
    """Give each `Database` that a test opens without a vault one of its own.

    What the product opens stays as it is: it forgets its vault in the tests, too.
    """
    opened = Database.__init__

    def with_vault(self: Database, url: str, sealer: Any = None, **options: Any) -> None:
        if sealer is None and sys._getframe(1).f_globals["__name__"].startswith("tests."):
            sealer = Vault(KEYRING, SystemClock())
        opened(self, url, sealer, **options)

    Database.__init__ = with_vault  # type: ignore[method-assign]
