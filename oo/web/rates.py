"""How much one person may ask, by what it costs, so that nobody stops everybody else."""

import ipaddress
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from oo.kit.clock import Clock
from oo.kit.errors import TooManyRequests
from oo.kit.setting_groups import Limits

Client = tuple[str, int] | None  # as ASGI tells it
HOUSEHOLD = 64  # bits of an IPv6 address
REMEMBERED = 20_000  # windows; beyond them those that have ended are dropped


class Cost(StrEnum):
    """What a request costs: a decision or a reaction, a look at a page, or work on a whole list.

    A guess at a secret costs nothing and may open everything. A stranger is whoever is not known
    yet, or will not be: theirs count for the address.
    """

    TIP = "tip"
    PAGE = "page"
    HEAVY = "heavy"
    GUESS = "guess"
    STRANGER = "stranger"


def address_of(client: Client) -> str:
    """Whom an address stands for: of IPv6 its network of 64 bits, as one household has it."""
    return _standing_for(client[0]) if client else ""


@lru_cache(maxsize=4096)
def _standing_for(host: str) -> str:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
    if address.version == 6 and not address.is_loopback:
        return str(ipaddress.ip_network((address, HOUSEHOLD), strict=False))
    return str(address)


def _is_here(address: str) -> bool:
    """Whether it is this machine, whose user is no stranger."""
    return address.startswith("127.") or address in ("::1", "")


@dataclass(slots=True)
class _Window:
    """Requests of one person and cost since the first of them, until it ends.

    `told` of them the other ingresses know; `elsewhere` is what those have counted, as last heard.
    """

    ends: float
    count: int = 0
    told: int = 0
    elsewhere: int = 0


class Untold(NamedTuple):
    """What was counted in a window since the others were told of it last."""

    name: str
    more: int
    seconds: float
    window: _Window


class Rates:
    """Counts people's requests in this process, in fixed windows.

    Each ingress has its own; where they are `shared`, what the others counted is added, see
    `oo.web.shared_rates`.
    """

    def __init__(self, limits: Limits, clock: Clock, *, shared: bool = False) -> None:
        self._clock = clock
        self._shared = shared
        self._changed: set[tuple[Cost, str]] = set()
        self._allowed = {
            Cost.TIP: (limits.tips_per_second, 1.0),
            Cost.PAGE: (limits.pages_per_minute, 60.0),
            Cost.HEAVY: (limits.heavy_per_minute, 60.0),
            Cost.GUESS: (limits.secrets_per_minute, 60.0),
            Cost.STRANGER: (limits.strangers_per_minute, 60.0),
        }
        self._windows: dict[tuple[Cost, str], _Window] = {}
        self._refused: dict[tuple[Cost, str], _Window] = {}
        self._sweep_at = REMEMBERED
        self._at_once = limits.tips_at_once
        self._under_way: dict[str, int] = {}

    def count(self, cost: Cost, user_id: str, session: str = "") -> None:
        """Count one request of the person; raises TooManyRequests over what is allowed.

        The `session` that it came from is known then, see :meth:`look`.
        """
        allowed, seconds = self._allowed[cost]
        now = self._clock.monotonic()
        window = self._windows.get((cost, user_id))
        if window is None or window.ends <= now:
            window = self._windows[cost, user_id] = _Window(now + seconds)
            if len(self._windows) > self._sweep_at:
                self._sweep(now)
        window.count += 1
        if self._shared:
            self._changed.add((cost, user_id))
        if window.count + window.elsewhere > allowed:
            if session:
                self._refused[cost, session] = window
            raise _too_many(window.ends - now)

    @property
    def refuses(self) -> bool:
        """Whether any session may be over what its person is allowed."""
        return bool(self._refused)

    def look(self, cost: Cost, session: str) -> None:
        """Raise TooManyRequests while this session is over what its person is allowed.

        It was told so; nothing is asked of the store to tell it again.
        """
        window = self._refused.get((cost, session))
        if window is None:
            return
        left = window.ends - self._clock.monotonic()
        if left > 0:
            raise _too_many(left)
        del self._refused[cost, session]

    @contextmanager
    def one_more(self, user_id: str) -> Iterator[None]:
        """One more tip or reaction of the person is under way.

        Raises TooManyRequests where they have as many as one may: what is decided or written
        together has room for others.
        """
        under_way = self._under_way.get(user_id, 0)
        if under_way >= self._at_once:
            raise TooManyRequests("Wait for the answers to what you asked.", retry_after=1)
        self._under_way[user_id] = under_way + 1
        try:
            yield
        finally:
            if self._under_way[user_id] == 1:
                del self._under_way[user_id]
            else:
                self._under_way[user_id] -= 1

    def arrived(self, client: Client) -> None:
        """Count a request for where it came from; raises TooManyRequests over what is allowed."""
        address = address_of(client)
        if not _is_here(address):
            self.count(Cost.STRANGER, address)

    def known(self, client: Client) -> None:
        """The request is a person's or a machine's: it counts for them alone.

        So many people behind one address do not take from each other.
        """
        key = (Cost.STRANGER, address_of(client))
        window = self._windows.get(key)
        if window is not None:
            window.count -= 1
            if self._shared:
                self._changed.add(key)

    def untold(self, most: int) -> list[Untold]:
        """What was counted since the last time, of that many windows; it is taken for told."""
        now = self._clock.monotonic()
        found = []
        for key in [self._changed.pop() for _ in range(min(most, len(self._changed)))]:
            window = self._windows.get(key)
            if window is None or window.ends <= now or window.count == window.told:
                continue
            more, window.told = window.count - window.told, window.count
            found.append(Untold(f"{key[0]} {key[1]}", more, window.ends - now, window))
        return found

    def heard(self, told: Untold, count: int, left_s: float) -> None:
        """All ingresses together have counted so many; the window ends for all at once.

        What was known of a lost Redis is forgotten, and nobody owes what is less than nothing.
        """
        told.window.elsewhere = max(count - told.window.told, 0)
        told.window.ends = min(told.window.ends, self._clock.monotonic() + left_s)

    def _sweep(self, now: float) -> None:
        self._windows = {key: it for key, it in self._windows.items() if it.ends > now}
        self._refused = {key: it for key, it in self._refused.items() if it.ends > now}
        self._sweep_at = max(REMEMBERED, 2 * len(self._windows))


def _too_many(left_s: float) -> TooManyRequests:
    left = max(math.ceil(left_s), 1)
    return TooManyRequests(f"That was a lot at once. Go on in {left} s.", retry_after=left)
