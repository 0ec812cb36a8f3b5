"""Choosing among lines: the set that a person's pool gets, and what may stand in for each of it."""

from collections.abc import Sequence

from ml.composing.composer import Line
from oo.domain.pools import LOW_WATER

ALTERNATIVES = 4
NEARLY = 2.0  # how much less an alternative may weigh


def slots(lines: Sequence[Line], count: int) -> list[tuple[Line, ...]]:
    """The best `count` lines, each with others that could stand in its place.

    Those speak of the same task, weigh nearly as much, and stand in no other slot.
    """
    chosen = choose(lines, count)
    taken = {line.content for line in chosen}
    found = []
    for line in chosen:
        others = [
            other
            for other in lines
            if other.index == line.index
            and other.content not in taken
            and other.rests <= line.rests
            and other.weight >= line.weight - NEARLY
        ][: ALTERNATIVES - 1]
        taken |= {other.content for other in others}
        found.append((line, *others))
    return found


def choose(lines: Sequence[Line], count: int) -> list[Line]:
    """The best `count` lines: each of another task if there are as many, else of other facts.

    What rests fills in only where too few are left for a pool.
    """
    chosen: list[Line] = []
    awake = [line for line in lines if not line.rests]
    for some, most in ((awake, count), (lines, min(count, LOW_WATER))):
        for is_welcome in ORDER:
            for line in some:
                if len(chosen) >= most:
                    break
                if line not in chosen and is_welcome(line, chosen):
                    chosen.append(line)
    return chosen


def _is_of_new_task(line: Line, chosen: Sequence[Line]) -> bool:
    alike = sum(other.insight == line.insight for other in chosen)
    is_new = line.index is not None and all(other.index != line.index for other in chosen)
    return is_new and alike < 2 and _has_new_step(line, chosen)


def _says_something_new(line: Line, chosen: Sequence[Line]) -> bool:
    return _is_another_fact(line, chosen) and _has_new_step(line, chosen)


def _is_another_fact(line: Line, chosen: Sequence[Line]) -> bool:
    said = {(other.index, other.insight) for other in chosen}
    return (line.index, line.insight) not in said and _times(line, chosen) < 2


def _is_another_text(line: Line, chosen: Sequence[Line]) -> bool:
    return _times(line, chosen) < 3 and all(other.content != line.content for other in chosen)


def _has_new_step(line: Line, chosen: Sequence[Line]) -> bool:
    return line.step is None or all(other.step != line.step for other in chosen)


def _times(line: Line, chosen: Sequence[Line]) -> int:
    """How often the task has been spoken of, or how much of no task."""
    return sum(other.index == line.index for other in chosen)


ORDER = (_is_of_new_task, _says_something_new, _is_another_fact, _is_another_text)
