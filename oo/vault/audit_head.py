"""The head of the audit log, kept beside the store and signed: a log cut at its end is noticed."""

import hmac
import os
from pathlib import Path

import orjson

from oo.kit.errors import ConfigurationError
from oo.kit.settings import Settings
from oo.store import audit
from oo.store.audit import Broken, Head
from oo.store.database import Database
from oo.vault.keyring import Keyring, load_keyring

FILE_NAME = "audit.head"
_PURPOSE = "audit head"


class AuditHead:
    """The file ``audit.head`` of the data folder."""

    def __init__(self, folder: Path, keyring: Keyring) -> None:
        self._path = folder / FILE_NAME
        self._keyring = keyring

    @classmethod
    def of(cls, settings: Settings) -> "AuditHead":
        """That of an installation."""
        return cls(settings.data_dir.resolve(), load_keyring(settings))

    def read(self) -> Head | None:
        """What was kept; None before anything was. Raises ConfigurationError if it was altered."""
        try:
            kept = orjson.loads(self._path.read_bytes())
            head, key_id = Head(int(kept["id"]), str(kept["hash"])), str(kept["key"])
            is_ours = hmac.compare_digest(self._signature(head, key_id), str(kept["signature"]))
        except FileNotFoundError:
            return None
        except (KeyError, TypeError, ValueError):
            is_ours = False
        if not is_ours:
            raise ConfigurationError(
                f"{self._path} was not written by oO, or was altered since: it cannot say whether"
                " the audit log is whole. Put it back from a copy; or remove it, and trust the log"
                " as it is now."
            )
        return head

    def write(self, head: Head) -> None:
        """Keep `head` in place of an earlier one."""
        key_id = self._keyring.current_id
        kept = {**head._asdict(), "key": key_id, "signature": self._signature(head, key_id)}
        draft = self._path.with_name(f"{FILE_NAME}.{os.getpid()}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(orjson.dumps(kept) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)

    def sign_anew(self) -> None:
        """Sign what is kept with the newest master key, so that the one before can go."""
        head = self.read()
        if head is not None:
            self.write(head)

    def _signature(self, head: Head, key_id: str) -> str:
        key = self._keyring.derive(_PURPOSE, key_id)
        return hmac.digest(key, f"{head.id} {head.hash}".encode(), "sha256").hex()


async def check(db: Database, kept: AuditHead) -> Head | Broken:
    """Follow the whole chain through the head that was kept; if it holds, keep its new head."""
    before = kept.read()
    async with db.read() as connection:
        found = await audit.verify(connection, before)
    if isinstance(found, Head) and found != before:
        kept.write(found)
    return found
