"""What a scenario of faults is, and what it found: a row of the table for each fault."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from oo.kit.plugins import discover
from tests.faults import scenarios

if TYPE_CHECKING:
    from tests.faults.house import House

SHOWS_MS = 50.0


class Needs(StrEnum):
    """What a scenario breaks."""

    STORE = "the store's code in this process and beside it"
    EMBEDDED = "the product with SQLite"
    ENGINE = "the product with SQLite and its engine"
    SERVICES = "the product on PostgreSQL, Redis and NATS"


@dataclass(frozen=True)
class Row:
    """What a fault did. `failed` of `asked` requests got no good answer while it lasted."""

    fault: str
    on: str
    acknowledged: int
    lost: int
    twice: int
    replay: bool | None = None  # whether every model equals the replay of its log; None: no model
    failed: int = 0
    asked: int = 0
    recovery_s: float | None = None
    p99_ms: float | None = None
    p99_before_ms: float | None = None
    note: str = ""
    broken: tuple[str, ...] = ()  # what was promised and did not hold

    @property
    def holds(self) -> bool:
        """Whether nothing was lost or doubled and every promise held."""
        return not (self.lost or self.twice or self.replay is False or self.broken)

    def is_slower(self, times: float) -> bool:
        """Whether requests took more than so many times as long as before, and it shows."""
        if self.p99_ms is None or self.p99_before_ms is None:
            return False
        return self.p99_ms > max(times * self.p99_before_ms, self.p99_before_ms + SHOWS_MS)

    def noted(self, note: str, **changed: Any) -> "Row":
        """The same, with more to say of it; what is `broken` comes on top."""
        broken = (*self.broken, *changed.pop("broken", ()))
        return replace(self, note=note, broken=broken, **changed)


@dataclass
class Run:
    """One run of the suite."""

    folder: Path
    seed: int
    quick: bool
    say: Callable[[str], None]
    house: "House | None" = field(default=None)

    def random(self, name: str) -> Random:
        """Chances of one scenario, the same for the same seed."""
        return Random(f"{self.seed} {name}")

    def count(self, full: int, quick: int) -> int:
        """How often, or for how many seconds."""
        return quick if self.quick else full


@dataclass(frozen=True)
class Scenario:
    """A family of faults: one file in `tests/faults/scenarios`, exported as `SCENARIO`."""

    name: str
    words: str
    needs: Needs
    run: Callable[[Run], Iterator[Row]]
    order: int = 100  # among those that share a start of the product


def all_scenarios() -> list[Scenario]:
    """Every scenario, those that need no product first."""
    found = discover(scenarios, "SCENARIO", Scenario).values()
    return sorted(found, key=lambda it: (list(Needs).index(it.needs), it.order, it.name))
