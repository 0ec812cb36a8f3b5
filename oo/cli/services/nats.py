"""NATS with JetStream: the mirror of events."""

import re
import subprocess

from oo.cli.service import Place, Service, Start, write_private

SYNC_SINCE = (2, 10)  # before, JetStream syncs every two minutes and cannot be told otherwise


def start(place: Place, program: str) -> Start:
    """With what is acknowledged on the disk, where the server can do so."""
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)  # noqa: S603 - no shell
    found = re.search(r"v?(\d+)\.(\d+)", said.stdout + said.stderr)
    syncs = found is not None and (int(found[1]), int(found[2])) >= SYNC_SINCE
    config = write_private(
        place.folder / "nats.conf",
        f'listen: "127.0.0.1:{place.port}"\n'
        f'authorization {{ user: "oo", password: "{place.secret}" }}\n'
        f'jetstream {{ store_dir: "{place.folder / "data"}"'
        f"{', sync_interval: always' if syncs else ''} }}\n",
    )
    return Start([program, "-c", str(config)])


SERVICE = Service(
    name="nats",
    words="NATS with JetStream, for the mirror of events",
    variable="OO_NATS_URL",
    programs=("nats-server",),
    missing="Debian's nats-server, or https://github.com/nats-io/nats-server",
    start=start,
    url=lambda place: f"nats://oo:{place.secret}@127.0.0.1:{place.port}",
)
