"""Valkey or Redis: what replicas share and may lose."""

from oo.cli.service import Place, Service, Start, write_private


def start(place: Place, program: str) -> Start:
    """With a log of what is written, synced every second: it holds caches only."""
    config = write_private(
        place.folder / "valkey.conf",
        f"bind 127.0.0.1\nport {place.port}\nrequirepass {place.secret}\n"
        f"dir {place.folder}\nappendonly yes\nappendfsync everysec\n",
    )
    return Start([program, str(config)])


SERVICE = Service(
    name="valkey",
    words="Valkey or Redis, for what ingresses count together",
    variable="OO_REDIS_URL",
    programs=("valkey-server", "redis-server"),
    missing="Debian's valkey-server or redis-server",
    start=start,
    url=lambda place: f"redis://:{place.secret}@127.0.0.1:{place.port}/0",
)
