"""Features of the person's local time: the same for all candidates of a request."""

import math
from collections.abc import Callable

from ml.features.registry import Feature, Scope, Situation

OF_DAY = "the time of day"
OF_WEEK = "the day of the week"


def _hour(situation: Situation) -> float:
    return situation.now.hour + situation.now.minute / 60


def _weekday(situation: Situation) -> float:
    return situation.now.weekday() + _hour(situation) / 24


def _turn(
    wave: Callable[[float], float], position: Callable[[Situation], float], period: float
) -> Callable[[Situation], float]:
    return lambda situation: wave(2 * math.pi * position(situation) / period)


# what all candidates of a request ask for, several times each
_SIN, _COS = (
    tuple(wave(2 * math.pi * (m // 60 + m % 60 / 60) / 24) for m in range(24 * 60))
    for wave in (math.sin, math.cos)
)


def hour_sin(situation: Situation) -> float:
    """Sine of the local hour on a 24 h circle."""
    return _SIN[situation.now.hour * 60 + situation.now.minute]


def hour_cos(situation: Situation) -> float:
    """Cosine of the local hour on a 24 h circle."""
    return _COS[situation.now.hour * 60 + situation.now.minute]


def _feature(name: str, words: str, unit: str, compute: Callable[[Situation], float]) -> Feature:
    return Feature(name, words, "float", unit, "clock", 60, Scope.CONTEXT, False, compute)


FEATURES = (
    _feature("hour_of_day", OF_DAY, "local hour, 0 to 24 as 0 to 1", lambda s: _hour(s) / 24),
    _feature(
        "day_of_week", OF_WEEK, "day from Monday, 0 to 7 as 0 to 1", lambda s: _weekday(s) / 7
    ),
    _feature("hour_sin", OF_DAY, "sine of the local hour on a 24 h circle", hour_sin),
    _feature("hour_cos", OF_DAY, "cosine of the local hour on a 24 h circle", hour_cos),
    _feature(
        "weekday_sin", OF_WEEK, "sine of the day on a 7-day circle", _turn(math.sin, _weekday, 7)
    ),
    _feature(
        "weekday_cos", OF_WEEK, "cosine of the day on a 7-day circle", _turn(math.cos, _weekday, 7)
    ),
)
