"""Large files sealed as a stream: AES-256-GCM in chunks, each bound to its place and to the last.

The key is derived for this one file, so a counter serves as nonce; one bit of it marks the last
chunk (STREAM: Hoang, Reyhanitabar, Rogaway and Vizár 2015). Whatever was cut off, put in, swapped
or altered is found when it is read.
"""

import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from oo.kit.errors import ConfigurationError
from oo.vault.keyring import Keyring

MAGIC = b"oO sealed 1\n"
CHUNK = 1 << 20
TAG = 16
LENGTH = 4  # bytes of a length
MAX_HEADER = 64 * 1024
SALT = 16

Tick = Callable[[int], None]


def write(
    path: Path, keyring: Keyring, header: dict[str, Any], data: Iterable[bytes], tick: Tick
) -> None:
    """Seal what `data` yields into a new file for its owner only; `header` stays readable.

    There is no file unless all of it was written. `tick` hears how many bytes were taken.
    """
    if path.exists():
        raise _taken(path)
    salt = os.urandom(SALT).hex()
    told = {**header, "key": keyring.current_id, "salt": salt}
    head = orjson.dumps(told)
    cipher = AESGCM(keyring.derive(f"sealed file {salt}"))
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(MAGIC + len(head).to_bytes(LENGTH) + head)
            for index, (chunk, is_last) in enumerate(_chunks(_deflated(data, tick))):
                sealed = cipher.encrypt(_nonce(index, is_last), chunk, head)
                file.write(len(sealed).to_bytes(LENGTH) + sealed)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # refuses to take the place of another file
    except FileExistsError as error:
        raise _taken(path) from error
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        draft.unlink(missing_ok=True)


def read_header(path: Path) -> dict[str, Any]:
    """What the file says of itself; raises ConfigurationError for one that is none of ours."""
    try:
        with path.open("rb") as file:
            return _parsed(_head(path, file), path)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from error


def read(path: Path, keyring: Keyring, tick: Tick) -> Iterator[bytes]:
    """What was sealed. Raises ConfigurationError as soon as anything is not as it was written.

    Only when it has ended without an error was the file whole. `tick` hears how many bytes of the
    file were read.
    """
    with path.open("rb") as file:
        head = _head(path, file)
        told = _parsed(head, path)
        key = keyring.derive(f"sealed file {told['salt']}", told["key"])
        cipher, inflate, index, is_last = AESGCM(key), zlib.decompressobj(), 0, False
        while not is_last:
            length = int.from_bytes(_exactly(path, file, LENGTH))
            if not TAG <= length <= CHUNK + TAG:
                raise _damaged(path)
            sealed = _exactly(path, file, length)
            tick(LENGTH + length)
            chunk, is_last = _opened(path, cipher, index, sealed, head)
            index += 1
            yield inflate.decompress(chunk)
        yield inflate.flush()
        if file.read(1):
            raise _damaged(path)


def verify(path: Path, keyring: Keyring, tick: Tick) -> int:
    """How many bytes are sealed in it; raises ConfigurationError unless the file is whole."""
    return sum(len(part) for part in read(path, keyring, tick))


def _opened(
    path: Path, cipher: AESGCM, index: int, sealed: bytes, head: bytes
) -> tuple[bytes, bool]:
    for is_last in (False, True):
        try:
            return cipher.decrypt(_nonce(index, is_last), sealed, head), is_last
        except InvalidTag:
            continue
    raise _damaged(path)


def _head(path: Path, file: BinaryIO) -> bytes:
    if file.read(len(MAGIC)) != MAGIC:
        raise ConfigurationError(f"{path} is no backup of oO, or its beginning is damaged.")
    length = int.from_bytes(_exactly(path, file, LENGTH))
    if length > MAX_HEADER:
        raise _damaged(path)
    return _exactly(path, file, length)


def _parsed(head: bytes, path: Path) -> dict[str, Any]:
    try:
        told: dict[str, Any] = orjson.loads(head)
        str(told["salt"]), str(told["key"])
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(path) from error
    return told


def _exactly(path: Path, file: BinaryIO, length: int) -> bytes:
    data = file.read(length)
    if len(data) < length:
        raise ConfigurationError(f"{path} was cut off: its end is missing.")
    return data


def _taken(path: Path) -> ConfigurationError:
    return ConfigurationError(f"{path} is there already: choose another name.")


def _damaged(path: Path) -> ConfigurationError:
    return ConfigurationError(
        f"{path} was altered or damaged, or was sealed with another key: nothing was changed."
    )


def _nonce(index: int, is_last: bool) -> bytes:
    return (index << 1 | is_last).to_bytes(12)


def _deflated(data: Iterable[bytes], tick: Tick) -> Iterator[bytes]:
    deflate = zlib.compressobj(1)
    for part in data:
        tick(len(part))
        yield deflate.compress(part)
    yield deflate.flush()


def _chunks(parts: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Chunks of one size, and whether each is the last."""
    rest = bytearray()
    for part in parts:
        rest += part
        while len(rest) > CHUNK:
            yield bytes(rest[:CHUNK]), False
            del rest[:CHUNK]
    yield bytes(rest), True
