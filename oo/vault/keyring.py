"""Key-encryption keys: the few secrets that everything else is sealed under."""

import base64
import binascii
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from oo.kit.errors import ConfigurationError
from oo.kit.settings import Settings

KEY_BYTES = 32
FILE_NAME = "master.key"
FILE_KEY_ID = "file"
KEY_FILE_ID = "key file"  # of a backup


class Keyring:
    """The key-encryption keys by id: the last one seals, all of them open."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        if not keys:
            raise ConfigurationError("The vault needs at least one master key.")
        for key_id, key in keys.items():
            if len(key) != KEY_BYTES:
                raise ConfigurationError(
                    f"The master key {key_id!r} has {len(key)} bytes instead of {KEY_BYTES}."
                )
        self._keys = dict(keys)
        self.current_id = list(keys)[-1]

    def __repr__(self) -> str:
        return f"Keyring({sorted(self._keys)})"

    def key(self, key_id: str) -> bytes:
        """The key of that id; raises ConfigurationError when the operator has dropped it."""
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


def load_keyring(settings: Settings, make: bool = True) -> Keyring:
    """The keys of the settings, or the one in data_dir, made at the first start with mode 0600.

    Raises ConfigurationError where there is none and `make` says not to make one.
    """
    if settings.master_keys:
        return Keyring(
            {
                key_id: _decode(key_id, secret.get_secret_value())
                for key_id, secret in settings.master_keys.items()
            }
        )
    path = settings.data_dir / FILE_NAME
    if not make and not path.exists():
        # one that is made anew would hide that the right one is missing
        raise ConfigurationError(
            f"There is no {path}, and people's data is sealed under it: put it there first. If it"
            " is lost, put 32 random bytes in base64 there, and then `oo keys abandon`."
        )
    return Keyring({FILE_KEY_ID: _file_key(path)})


def key_file_ring(path: Path, make: bool = False) -> Keyring:
    """The one key in a file of 32 bytes in base64; made if there is none and `make` says so."""
    if not make and not path.exists():
        raise ConfigurationError(f"There is no key at {path}.")
    return Keyring({KEY_FILE_ID: _file_key(path)})


def _decode(key_id: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ConfigurationError(f"The master key {key_id!r} is not base64.") from error


def _file_key(path: Path) -> bytes:
    if not path.exists():
        _make_file_key(path)
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigurationError(f"{path.name} can be read by others: give it mode 0600.")
    return _decode(FILE_KEY_ID, path.read_text().strip())


def _make_file_key(path: Path) -> None:
    # written aside and linked into place: of several processes that start at once one wins,
    # and none reads half a key
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(base64.b64encode(os.urandom(KEY_BYTES)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
