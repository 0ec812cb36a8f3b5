"""What moved from some days to another one, and whether that is more than chance."""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from oo.admin.estimating import SMALL, Z95, mean_of
from oo.admin.rendering import number, reward, share
from oo.admin.screen import Kind
from oo.store.everyone.counts import Group, Point

ENOUGH_DAYS = 3  # fewer say nothing of what is usual
MISSED_AT_LEAST = 3.0  # so many were to be expected of what is said to be gone: 5% by chance
NOTHING = Group("", 0, 0, 0, 0, 0, 0, 0.0, 0.0)


class Move(NamedTuple):
    """A measure on a day, and what it was on those before: its mean, least and most."""

    what: str
    kind: Kind
    value: float | None
    usual: float | None
    least: float | None
    most: float | None
    days: int

    @property
    def is_count(self) -> bool:
        """Whether it grows while the day goes on."""
        return self.kind is Kind.NUMBER

    @property
    def state(self) -> str:
        """Higher or lower than on any of the days before."""
        if self.value is None or self.least is None or self.most is None:
            return ""
        if self.days < ENOUGH_DAYS:
            return "too few days"
        if self.least <= self.value <= self.most:
            return "as usual"
        return "higher" if self.value > self.most else "lower"

    def shown(self, value: float | None) -> str:
        """A value of this measure in words."""
        if self.kind is Kind.SHARE:
            return share(value)
        return reward(value) if self.kind is Kind.REWARD else number(value)


class Verdict(NamedTuple):
    """Whether the mean reward moved, in words."""

    title: str
    words: str
    holds: bool


class Day(NamedTuple):
    """The sums of one day, and how many people they are of."""

    sums: Point
    people: int


def _per(part: float, whole: int) -> float | None:
    return part / whole if whole else None


MEASURES: tuple[tuple[str, Kind, Callable[[Day], float | None]], ...] = (
    ("Tips", Kind.NUMBER, lambda it: it.sums.tips),
    ("People", Kind.NUMBER, lambda it: it.people),
    ("Done", Kind.SHARE, lambda it: _per(it.sums.done, it.sums.reacted)),
    ("Mean reward", Kind.REWARD, lambda it: _per(it.sums.reward, it.sums.reacted)),
    ("Dismissed", Kind.SHARE, lambda it: _per(it.sums.dismissed, it.sums.reacted)),
    ("Has a reward", Kind.SHARE, lambda it: _per(it.sums.reacted, it.sums.tips)),
)


def moves(day: Day, before: Sequence[Day]) -> list[Move]:
    """Each measure on that day, beside the days before on which something was served."""
    found = []
    for what, kind, of in MEASURES:
        known = [value for it in before if (value := of(it)) is not None]
        usual = sum(known) / len(known) if known else None
        least, most = min(known, default=None), max(known, default=None)
        found.append(Move(what, kind, of(day), usual, least, most, len(known)))
    return found


def verdict(day: Day, before: Sequence[Day]) -> Verdict | None:
    """Whether the day's mean reward differs from that of the days before; None with too few."""
    now = mean_of(day.sums.reacted, day.sums.reward, day.sums.squares)
    n, total, squares = (
        sum(getattr(it.sums, name) for it in before) for name in ("reacted", "reward", "squares")
    )
    was = mean_of(n, total, squares)
    if now.value is None or was.value is None or min(now.n, was.n) < SMALL:
        return None
    gap = now.value - was.value
    half = Z95 * math.hypot(_error(now), _error(was))
    words = (
        f"{reward(now.value)} from {now.n:,} reactions, and {reward(was.value)} from {was.n:,} in"
        f" the {len(before)} days before: {reward(gap)} ({reward(gap - half)} to"
        f" {reward(gap + half)})"
    )
    if abs(gap) <= half:
        return Verdict("The reward did not move", f"{words}, which may be chance.", holds=False)
    title = "The reward rose" if gap > 0 else "The reward fell"
    return Verdict(title, f"{words}, which is more than chance.", holds=True)


def _error(found: Any) -> float:
    return float((found.high - found.value) / Z95) if found.high is not None else math.inf


class Mixed(NamedTuple):
    """One policy, model or prompt: its share and what it earned, on a day and before."""

    value: str
    state: str
    tips: int
    share: float | None
    share_before: float | None
    reward: Any
    reward_before: Any


def mixed(day: Sequence[Group], before: Sequence[Group]) -> list[Mixed]:
    """Each value of either time, those of the day first."""
    now, was = {it.value: it for it in day}, {it.value: it for it in before}
    tips = sum(it.tips for it in day)
    tips_before = sum(it.tips for it in before)
    return [
        _mixed(value, now.get(value, NOTHING), was.get(value, NOTHING), tips, tips_before)
        for value in dict.fromkeys([*now, *was])
    ]


def _mixed(value: str, now: Group, was: Group, tips: int, tips_before: int) -> Mixed:
    return Mixed(
        value,
        _shift(now.tips, was.tips, tips, tips_before),
        now.tips,
        _per(now.tips, tips),
        _per(was.tips, tips_before),
        mean_of(now.reacted, now.reward, now.squares) if now.reacted else None,
        mean_of(was.reacted, was.reward, was.squares) if was.reacted else None,
    )


def _shift(now: int, was: int, tips: int, tips_before: int) -> str:
    """New, gone, more or less than by chance; empty where the share is as before."""
    if not tips or not tips_before:
        return ""
    if not was:
        return "new"
    if not now:
        return "gone" if was / tips_before * tips >= MISSED_AT_LEAST else ""
    p, q = now / tips, was / tips_before
    half = Z95 * math.sqrt(p * (1 - p) / tips + q * (1 - q) / tips_before)
    return "" if abs(p - q) <= half else "more" if p > q else "less"
