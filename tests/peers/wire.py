"""A second machine in a network namespace, whose network can be lost without a word."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import SystemRandom

IP = shutil.which("ip")


@dataclass(frozen=True)
class Wire:
    """The other end: its address, and how a command is started there."""

    name: str
    host: str

    @property
    def there(self) -> list[str]:
        """The command that starts one on the other machine."""
        return [str(IP), "netns", "exec", self.name]

    def lose(self) -> None:
        """What is sent there gets no answer, and nothing comes from there, not even an end."""
        _ip("-n", self.name, "addr", "del", f"{self.host}/24", "dev", f"{self.name}b")

    def mend(self) -> None:
        """A machine has the address again."""
        _ip("-n", self.name, "addr", "add", f"{self.host}/24", "dev", f"{self.name}b")


@contextmanager
def wire() -> Iterator[Wire | None]:
    """A machine at the end of a new wire; None where that is not permitted."""
    chance = SystemRandom()
    made = Wire(f"oo{chance.getrandbits(32):x}", f"10.{chance.randint(64, 250)}.77.2")
    here, there = made.host.removesuffix("2") + "1", f"{made.name}b"
    if IP is None or not _ip("netns", "add", made.name, must=False):
        yield None
        return
    try:
        _ip("link", "add", made.name, "type", "veth", "peer", "name", there, "netns", made.name)
        _ip("addr", "add", f"{here}/24", "dev", made.name)
        _ip("link", "set", made.name, "up")
        for name in (there, "lo"):
            _ip("-n", made.name, "link", "set", name, "up")
        made.mend()
        yield made
    finally:
        _ip("link", "del", made.name, must=False)
        _ip("netns", "del", made.name, must=False)


def _ip(*words: str, must: bool = True) -> bool:
    done = subprocess.run([str(IP), *words], capture_output=True, text=True)
    if must and done.returncode != 0:
        raise RuntimeError(f"ip {' '.join(words)}: {done.stderr}")
    return done.returncode == 0
