"""PostgreSQL: the store of an oO on several hosts."""

import os
import pwd
import subprocess
from pathlib import Path

from oo.cli.service import Place, Service, Start, write_private
from oo.kit.errors import ConfigurationError

USER = "oo"


def prepare(place: Place, program: str) -> None:
    """Make the cluster, once; its superuser has the secret as its password."""
    if (place.folder / "data" / "PG_VERSION").exists():
        return
    given = write_private(place.folder / "password", place.secret)
    initdb = str(Path(program).with_name("initdb"))
    command = [initdb, "-D", str(place.folder / "data"), "-U", USER, "-A", "scram-sha-256"]
    done = subprocess.run(  # noqa: S603 - no shell
        [*_not_as_root(), *command, "--encoding=UTF8", "--no-locale", f"--pwfile={given}"],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise ConfigurationError(f"PostgreSQL's data could not be made: {done.stderr.strip()}")


def start(place: Place, program: str) -> Start:
    """On loopback alone, its socket in its own folder where the path is short enough."""
    sockets = str(place.folder) if len(str(place.folder)) < 80 else ""
    options = {
        "port": place.port,
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": sockets,
    }
    told = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    return Start([*_not_as_root(), program, "-D", str(place.folder / "data"), *told])


def _not_as_root() -> list[str]:
    """PostgreSQL refuses to run as root; in a namespace of users it is somebody else there."""
    if os.geteuid() != 0:
        return []
    try:
        account = pwd.getpwnam("postgres")
    except KeyError as error:
        raise ConfigurationError("PostgreSQL does not run as root. Use another user.") from error
    ids = [f"--map-user={account.pw_uid}", f"--map-group={account.pw_gid}"]
    return ["unshare", "--user", *ids]


def is_ready(place: Place, program: str) -> bool:
    """It listens a moment before it takes connections."""
    asked = [str(Path(program).with_name("pg_isready")), "-h", "127.0.0.1", "-p", str(place.port)]
    return subprocess.run(asked, capture_output=True).returncode == 0  # noqa: S603 - no shell


def folders(_: Path) -> tuple[str, ...]:
    """Where Debian has it, the newest first."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda path: float(path.parent.name),
        reverse=True,
    )
    return tuple(map(str, found))


SERVICE = Service(
    name="postgres",
    words="PostgreSQL, for the store",
    variable="OO_DATABASE_URL",
    programs=("postgres",),
    missing="Debian's postgresql",
    start=start,
    url=lambda place: f"postgresql+asyncpg://{USER}:{place.secret}@127.0.0.1:{place.port}/postgres",
    prepare=prepare,
    folders=folders,
    is_ready=is_ready,
)
