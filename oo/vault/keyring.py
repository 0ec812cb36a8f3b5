"""Key-encryption keys: the few secrets that everything else is sealed under."""

import base64
import binascii
import logging
import os
import stat
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from oo.kit.errors import ConfigurationError
from oo.kit.setting_groups import Kms
from oo.kit.settings import Settings
from oo.vault.kms import MARK, KeyManagement

log = logging.getLogger(__name__)

KEY_BYTES = 32
AGAIN_S = 10.0  # between looks at keys that cannot be read
FILE_NAME = "master.key"
FILE_KEY_ID = "file"
KEY_FILE_ID = "key file"  # of a backup


class KeySource(Protocol):
    """Where key-encryption keys are kept, and where they may change while processes run."""

    def version(self) -> object:
        """What differs as soon as the keys do; asked often, so it is cheap."""

    def load(self) -> Mapping[str, bytes]:
        """The keys by id, the one that seals last."""


class Keyring:
    """The key-encryption keys by id: the last one seals, all of them open.

    With a `source` it follows what an operator changes there. A key that was dropped there goes
    on opening in this process: somebody may have read what it wraps just before.
    """

    def __init__(
        self,
        keys: Mapping[str, bytes],
        source: KeySource | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._monotonic = monotonic
        self._look_from = float("-inf")
        self._version = source.version() if source else None
        self._keys = _checked(keys)

    def __repr__(self) -> str:
        return f"Keyring({sorted(self._keys)})"

    @property
    def current_id(self) -> str:
        """The id of the key that seals."""
        self._follow()
        return list(self._keys)[-1]

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all keys, that of the one that seals last."""
        self._follow()
        return tuple(self._keys)

    def key(self, key_id: str) -> bytes:
        """The key of that id; raises ConfigurationError when the operator has dropped it."""
        if key_id not in self._keys:
            self._follow()
        try:
            return self._keys[key_id]
        except KeyError:
            raise ConfigurationError(
                f"Data is sealed under the master key {key_id!r}, which is not in master_keys."
            ) from None

    def derive(self, purpose: str, key_id: str | None = None) -> bytes:
        """A key for `purpose` alone, from the key that seals or from `key_id` (HKDF, RFC 5869)."""
        root = self.key(key_id or self.current_id)
        info = f"oo {purpose}".encode()
        return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(root)

    def _follow(self) -> None:
        if self._source is None or (version := self._source.version()) == self._version:
            return
        if self._monotonic() < self._look_from:
            return
        try:
            told = _checked(self._source.load())
        except ConfigurationError as error:
            # what it has still opens and seals; whoever asks for a key of later is told
            log.warning("the master keys that were changed cannot be read: %s", error)
            self._look_from = self._monotonic() + AGAIN_S
            return
        before = {key_id: key for key_id, key in self._keys.items() if key_id not in told}
        self._keys, self._version = {**before, **told}, version


def _checked(keys: Mapping[str, bytes]) -> dict[str, bytes]:
    if not keys:
        raise ConfigurationError("The vault needs at least one master key.")
    for key_id, key in keys.items():
        if len(key) != KEY_BYTES:
            raise ConfigurationError(
                f"The master key {key_id!r} has {len(key)} bytes instead of {KEY_BYTES}."
            )
    return dict(keys)


class KeyFile:
    """Master keys in a file of their owner's, one a line as ``ID KEY``; the last one seals.

    A line that names no id is that of the first release, whose file had one key. Where the
    settings name a key management service, it seals the keys that are written here.
    """

    def __init__(self, path: Path, kms: Kms | None = None) -> None:
        self.path = path
        self._service = KeyManagement(kms or Kms())

    def version(self) -> object:
        """The file as it was written last."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns

    def load(self) -> dict[str, bytes]:
        """The keys by id. Raises ConfigurationError for a file that others can read."""
        if self.path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise ConfigurationError(f"{self.path.name} can be read by others: give it mode 0600.")
        found = {}
        for line in self.path.read_text().split("\n"):
            key_id, _, text = line.strip().rpartition(" ")
            if text:
                key_id = key_id or FILE_KEY_ID
                is_sealed = text.startswith(MARK)
                found[key_id] = (
                    self._service.open(key_id, text) if is_sealed else _decode(key_id, text)
                )
        return found

    def make(self) -> None:
        """The file with one new key, unless there is one."""
        # written aside and linked into place: of several processes that start at once one wins,
        # and none reads half a key
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._written({FILE_KEY_ID: os.urandom(KEY_BYTES)})
        try:
            os.link(draft, self.path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()

    def add(self) -> str:
        """A new key at the end, which seals from now on; its id."""
        keys = self.load()
        key_id = f"{FILE_KEY_ID}-{os.urandom(4).hex()}"  # never one that was dropped
        self._written({**keys, key_id: os.urandom(KEY_BYTES)}).replace(self.path)
        return key_id

    def drop(self, key_ids: Collection[str]) -> None:
        """Take these keys out of the file."""
        kept = {key_id: key for key_id, key in self.load().items() if key_id not in key_ids}
        self._written(_checked(kept)).replace(self.path)

    def _written(self, keys: Mapping[str, bytes]) -> Path:
        draft = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        lines = [self._line(key_id, key) for key_id, key in keys.items()]
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        return draft

    def _line(self, key_id: str, key: bytes) -> bytes:
        name = "" if key_id == FILE_KEY_ID else f"{key_id} "
        text = (
            self._service.seal(key_id, key)
            if self._service.is_given
            else base64.b64encode(key).decode()
        )
        return f"{name}{text}\n".encode()


def load_keyring(settings: Settings, make: bool = True) -> Keyring:
    """The keys of the settings, or those in data_dir, made at the first start with mode 0600.

    Raises ConfigurationError where there is none and `make` says not to make one.
    """
    if settings.master_keys:
        return Keyring(
            {
                key_id: _decode(key_id, secret.get_secret_value())
                for key_id, secret in settings.master_keys.items()
            }
        )
    source = key_file(settings)
    if not source.path.exists():
        if not make:
            # one that is made anew would hide that the right one is missing
            raise ConfigurationError(
                f"There is no {source.path}, and people's data is sealed under it: put it there"
                " first. If it is lost, put 32 random bytes in base64 there, and then `oo keys"
                " abandon`."
            )
        source.make()
    return Keyring(source.load(), source)


def key_file(settings: Settings) -> KeyFile:
    """The file of master keys of an installation whose settings have none."""
    return KeyFile(settings.data_dir / FILE_NAME, settings.kms)


def key_file_ring(path: Path, make: bool = False) -> Keyring:
    """The one key in a file of 32 bytes in base64; made if there is none and `make` says so."""
    source = KeyFile(path)
    if not path.exists():
        if not make:
            raise ConfigurationError(f"There is no key at {path}.")
        source.make()
    [key] = source.load().values()
    return Keyring({KEY_FILE_ID: key})


def _decode(key_id: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ConfigurationError(f"The master key {key_id!r} is not base64.") from error
