"""What is older than it may be: profiles, pools and learnt states, each with its limit in words."""

from datetime import datetime
from typing import NamedTuple

from oo.admin.rendering import span
from oo.admin.screen import Level, Notice
from oo.domain.profile import FRESHNESS_S
from oo.recommend.freshness import OBJECTIVE, Freshness
from oo.store.everyone.quality import Day, SourceState
from oo.store.everyone.queues import Behind
from oo.store.everyone.staleness import Ages

ENOUGH = OBJECTIVE  # of any of them


class Counted(NamedTuple):
    """What the store says of completeness and age."""

    days: list[Day]
    sources: list[SourceState]
    profiles: Ages
    behind: Behind


class Age(NamedTuple):
    """How many of something are stale, since when the stalest, and what fresh means."""

    what: str
    stale: int
    of: int
    oldest: datetime | None
    limit: str

    @property
    def share(self) -> float | None:
        """The share that is fresh; None where there is none at all."""
        return 1 - self.stale / self.of if self.of else None

    @property
    def is_stale(self) -> bool:
        """Whether more are stale than may be."""
        return self.share is not None and self.share < ENOUGH


def ages_of(found: Counted, pools: Freshness) -> list[Age]:
    """Profiles, pools and learnt states."""
    profiles, behind = found.profiles, found.behind
    return [
        Age(
            "Profiles",
            profiles.stale,
            profiles.people,
            profiles.oldest,
            f"has each reaction, or is younger than {span(FRESHNESS_S)}",
        ),
        Age("Pools", pools.active - pools.good, pools.active, None, "can serve now, if active"),
        Age("Learnt states", behind.models, max(profiles.people, behind.models), None,
            "has each reaction"),
    ]  # fmt: skip


def verdict(ages: list[Age]) -> Notice:
    """One sentence on all of them."""
    told = [f"{one.stale:,} of {one.of:,} {one.what.lower()}" for one in ages if one.is_stale]
    few = sum(one.stale for one in ages)
    if told:
        title = "Something is stale"
        return Notice(Level.WATCH, title, f"{', '.join(told)}.", "#freshness")
    words = f"{few:,} are older than they may be, which is few." if few else "All is up to date."
    return Notice(Level.CALM, "Nothing is stale", words, "#freshness")
