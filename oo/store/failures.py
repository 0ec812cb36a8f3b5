"""When the store cannot be used: which errors say so, and what a person can do about it."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from oo.kit.errors import ConfigurationError

AGAIN_S = 2
DAMAGED = ("malformed", "not a database", "file is encrypted")
READ_ONLY = ("readonly database", "read-only", "unable to open database", "permission denied")
FULL = ("disk is full", "no space left", "disk i/o error", "file too large")
DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG}
# SQLSTATE classes: connection, resources, intervention, system, read-only transaction
AWAY = ("08", "53", "57", "58", "25006")

# SQLSTATEs: PostgreSQL keeps no NUL, in no text and no JSON
NUL = ("22021", "22P05")


def holds_nul(error: BaseException) -> bool:
    """Whether a text was to be kept or looked for that holds a NUL, which PostgreSQL cannot."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in NUL


def store_is_away(error: BaseException) -> bool:
    """Whether the store failed, not the statement: trying again later may help."""
    if isinstance(error, (PoolTimeout, ConnectionError)):
        return True
    if isinstance(error, OSError):
        return error.errno in DISK
    if isinstance(error, sqlite3.Error):
        return isinstance(error, sqlite3.OperationalError) or _says(error, DAMAGED)
    # while it connects, the driver's errors come as they are
    state = str(getattr(getattr(error, "orig", error), "sqlstate", None) or "")
    if not isinstance(error, DBAPIError):
        return state.startswith(AWAY)
    return (
        error.connection_invalidated
        or (isinstance(error, OperationalError | InterfaceError | InternalError) and not state)
        or state.startswith(AWAY)
        or _says(error, DAMAGED)
    )


@contextmanager
def usable_store(name: str) -> Iterator[None]:
    """Raise ConfigurationError, saying what to do, when the store `name` cannot be used."""
    try:
        yield
    except (DBAPIError, sqlite3.Error, OSError, PoolTimeout) as error:
        raise ConfigurationError(f"{name} {_advice(error)}") from error


def _advice(error: Exception) -> str:
    if _says(error, DAMAGED):
        return "is damaged: put a backup in its place (docs/running.md, Backup)."
    if _says(error, FULL):
        return "cannot be written, the disk is full: free some space and start again."
    if _says(error, READ_ONLY):
        return "cannot be written: give this user the right, or choose another OO_DATA_DIR."
    if isinstance(error, OSError) or store_is_away(error):
        return f"does not answer ({_first_line(error)}): start it, or correct OO_DATABASE_URL."
    return f"cannot be used: {_first_line(error)}."


def _says(error: Exception, words: tuple[str, ...]) -> bool:
    said = str(error).lower()
    return any(it in said for it in words)


def _first_line(error: Exception) -> str:
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
