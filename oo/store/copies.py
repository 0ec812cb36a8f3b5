"""The whole store as a stream of bytes, and back: consistent, while everything goes on."""

import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy.engine import URL, make_url

from oo.kit.errors import ConfigurationError
from oo.store.database import Database

PIECE = 1 << 18
KEYS = "data_keys"  # a backup has none, so that who is erased later is erased there too
DEBIAN = Path("/usr/lib/postgresql")
ERASED = (  # who was erased has no access from the moment on at which the others have
    "UPDATE users SET deleted_at = now()"
    " WHERE encode(sha256(convert_to(id, 'UTF8')), 'hex') IN ({people});\n"
)


def dump(url: str, scratch: Path) -> Iterator[bytes]:
    """The store as of one instant, without data keys.

    `scratch` takes a copy for so long if it is SQLite.
    """
    if Database.is_of_sqlite(url):
        return _dump_sqlite(sqlite_file(url), scratch)
    return _dump_postgresql(make_url(url))


def size(url: str) -> int | None:
    """About how many bytes :func:`dump` yields, where that can be told."""
    return sqlite_file(url).stat().st_size if Database.is_of_sqlite(url) else None


def write_sqlite(path: Path, data: Iterable[bytes]) -> None:
    """A new database file with what `dump` gave; raises ConfigurationError if it is damaged."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        for part in data:
            file.write(part)
        file.flush()
        os.fsync(file.fileno())
    _check(path)


def load_postgresql(url: str, data: Iterable[bytes], erased: Collection[str]) -> None:
    """Put what `dump` gave in the place of all tables, in one transaction.

    People whose hash is among the `erased` have no access when it ends.
    """
    hashes = [f"'{it}'" for it in sorted(erased) if re.fullmatch("[0-9a-f]{64}", it)]
    end = ERASED.format(people=", ".join(hashes)) if hashes else ""
    options = ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"]
    with _program("psql", make_url(url), *options, "--output=/dev/null") as process:
        try:
            _feed(process, b"DROP SCHEMA IF EXISTS public CASCADE;\n")
            for part in data:
                _feed(process, part)
            # a dump ends without a schema to look for names in
            _feed(process, b"\nSET search_path = public;\n" + end.encode())
        except BaseException:
            process.kill()  # before its input ends: so nothing is committed
            raise
        assert process.stdin is not None  # noqa: S101 - it was asked for
        process.stdin.close()


def sqlite_file(url: str) -> Path:
    """Where the database of an SQLite address lies."""
    return Path(make_url(url).database or "")


def _dump_sqlite(path: Path, scratch: Path) -> Iterator[bytes]:
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=scratch) as folder:  # mode 0700
        copy = Path(folder) / path.name
        source = f"{path.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(source, uri=True, isolation_level=None)) as connection:
            connection.execute("PRAGMA busy_timeout = 10000")
            # reads one snapshot and waits for no writer; what was deleted does not come along
            connection.execute("VACUUM INTO ?", (str(copy),))
        _check(copy)
        _without_keys(copy)
        with copy.open("rb") as file:
            while part := file.read(PIECE):
                yield part


def _without_keys(path: Path) -> None:
    """Take people's data keys out of a copy: see `oo.store.key_copies`."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete = ON")  # nor are they to stay in a free page
        connection.execute(f"DELETE FROM {KEYS}")  # noqa: S608 - a constant


def _check(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        try:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.DatabaseError as error:
            found = str(error)
    if found != "ok":
        raise ConfigurationError(f"The database is damaged: {found}.")


def _dump_postgresql(url: URL) -> Iterator[bytes]:
    options = ["--format=plain", "--no-owner", "--no-privileges", "--schema=public"]
    options.append(f"--exclude-table-data=public.{KEYS}")
    with _program("pg_dump", url, *options) as process:
        assert process.stdout is not None  # noqa: S101 - it was asked for
        while part := process.stdout.read(PIECE):
            yield part


@contextmanager
def _program(name: str, url: URL, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program of PostgreSQL at work on the database; raises ConfigurationError if it fails."""
    environment = {**os.environ, **_libpq(url)}
    command = [_found(name), "--no-password", *options]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(  # noqa: S603 - a program of the system
            command,
            env=environment,
            stdin=subprocess.PIPE if name == "psql" else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if name == "psql" else subprocess.PIPE,
            stderr=said,
        )
        try:
            yield process
        except BrokenPipeError:
            pass  # it has ended, and says why
        except BaseException:
            process.kill()
            process.wait()
            raise
        if process.wait() != 0:
            said.seek(0)
            why = said.read().decode(errors="replace").strip().splitlines() or ["it says nothing"]
            raise ConfigurationError(f"{name} failed: {why[0]}")


def _feed(process: subprocess.Popen[bytes], data: bytes) -> None:
    assert process.stdin is not None  # noqa: S101 - it was asked for
    process.stdin.write(data)


def _libpq(url: URL) -> dict[str, str]:
    """The address as programs of PostgreSQL take it: a password is on no command line."""
    told = {
        "PGHOST": url.host,
        "PGPORT": str(url.port) if url.port else None,
        "PGUSER": url.username,
        "PGPASSWORD": str(url.password) if url.password else None,
        "PGDATABASE": url.database,
        "PGSSLMODE": str(url.query.get("ssl") or url.query.get("sslmode") or "") or None,
    }
    return {name: value for name, value in told.items() if value}


def _found(name: str) -> str:
    """The newest of its kind: one that is older than the server refuses to work."""
    versions = sorted(DEBIAN.glob(f"*/bin/{name}"), key=lambda it: _number(it.parts[-3]))
    found = str(versions[-1]) if versions else shutil.which(name)
    if found is None:
        raise ConfigurationError(f"There is no {name} here: install PostgreSQL's client programs.")
    return found


def _number(version: str) -> int:
    return int(version) if version.isdigit() else 0
