"""Services beside oO on this machine: started, found again and ended, each with its data kept."""

import contextlib
import json
import os
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import psutil

import oo.cli.services
from oo.cli.service import Place, Service, new_secret, write_private
from oo.kit.errors import ConfigurationError, NotFound
from oo.kit.plugins import discover

NOTE = "service.json"
LOG = "log"
UP_WITHIN_S = 60.0
DOWN_WITHIN_S = 15.0
LOOK_EVERY_S = 0.1
SAME_START_S = 1.0


class Running(NamedTuple):
    """A service that has been started once: where it is, and whether it answers now."""

    service: Service
    url: str
    is_up: bool


def services() -> Mapping[str, Service]:
    """All services by name; raises BrokenPlugin for a file that cannot be loaded."""
    return discover(oo.cli.services, "SERVICE", Service)


def named(name: str) -> Service:
    """The service of that name; raises NotFound."""
    try:
        return services()[name]
    except KeyError:
        raise NotFound(f"There is no service {name[:40]!r}, but {', '.join(services())}.") from None


class LocalServices:
    """The services in a data folder."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir.resolve() / "services"

    def up(self, name: str) -> Running:
        """Start the service unless it runs; it keeps its port and its secret from then on.

        Raises ConfigurationError where it is not installed or does not start, and says why.
        """
        service, folder = named(name), self._folder / name
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        program = service.program(folder)
        if program is None:
            missing = service.missing.replace("FOLDER", str(folder))
            raise ConfigurationError(f"{service.words} is not installed. It needs {missing}.")
        place, process = self._noted(name)
        if process is not None and answers(place.port):
            return Running(service, service.url(place), is_up=True)
        if answers(place.port):  # somebody else's by now
            place = place._replace(port=free_port())
        service.prepare(place, program)
        started = service.start(place, program)
        with (folder / LOG).open("ab") as log:
            made = subprocess.Popen(  # noqa: S603 - no shell
                started.command,
                cwd=folder,
                env={**os.environ, **started.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._note(name, place, made.pid)
        self._wait(service, place, program, made)
        return Running(service, service.url(place), is_up=True)

    def down(self, name: str) -> bool:
        """End the service; what it stored stays. Whether it ran."""
        named(name)
        _, process = self._noted(name)
        if process is None:
            return False
        family = [process, *process.children(recursive=True)]
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
        _, alive = psutil.wait_procs(family, timeout=DOWN_WITHIN_S)
        for one in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        psutil.wait_procs(alive, timeout=DOWN_WITHIN_S)
        return True

    def status(self) -> list[Running]:
        """The services that have been started here once."""
        found = []
        for name, service in services().items():
            if (self._folder / name / NOTE).exists():
                place, process = self._noted(name)
                is_up = process is not None and answers(place.port)
                found.append(Running(service, service.url(place), is_up))
        return found

    def _noted(self, name: str) -> tuple[Place, psutil.Process | None]:
        """Where the service lives, and its process if it runs."""
        folder = self._folder / name
        try:
            note = json.loads((folder / NOTE).read_text())
        except (OSError, ValueError):
            return Place(folder, free_port(), new_secret()), None
        place = Place(folder, note["port"], note["secret"])
        try:
            process = psutil.Process(note["pid"])
            # a number that went to another process since is not it
            is_same = abs(process.create_time() - note["started"]) < SAME_START_S
        except psutil.NoSuchProcess:
            return place, None
        is_dead = not is_same or process.status() == psutil.STATUS_ZOMBIE
        return place, None if is_dead else process

    def _note(self, name: str, place: Place, pid: int) -> None:
        try:
            started = psutil.Process(pid).create_time()
        except psutil.NoSuchProcess:
            started = 0.0
        note = {"port": place.port, "secret": place.secret, "pid": pid, "started": started}
        write_private(place.folder / NOTE, json.dumps(note))

    def _wait(
        self, service: Service, place: Place, program: str, made: "subprocess.Popen[bytes]"
    ) -> None:
        deadline = time.monotonic() + UP_WITHIN_S
        while made.poll() is None and time.monotonic() < deadline:
            if answers(place.port) and service.is_ready(place, program):
                return
            time.sleep(LOOK_EVERY_S)
        self.down(service.name)
        said = (place.folder / LOG).read_text(errors="replace").strip().splitlines()[-5:]
        raise ConfigurationError(f"{service.name} did not start: {' '.join(said)}")


def answers(port: int) -> bool:
    """Whether something listens on the port of loopback."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """A port that nothing listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
