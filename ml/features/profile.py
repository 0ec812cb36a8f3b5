"""Profile features (D3): a person's last 30 days in a few numbers, see `oo.domain.profile`."""

from ml.features import time
from ml.features.registry import Feature, Scope, Situation
from oo.domain.profile import AN_HOUR, FRESHNESS_S, NUMBERS, ProfileNumber


def _kept(number: ProfileNumber) -> Feature:
    name, default = number.name, number.default

    def compute(situation: Situation) -> float:
        return situation.profile.get(name, default)

    return Feature(
        name,
        number.words,
        "float",
        number.unit,
        "decision log",
        FRESHNESS_S,
        Scope.PROFILE,
        False,
        compute,
    )


def _preferred_hour(situation: Situation) -> float:
    profile = situation.profile
    return time.hour_sin(situation) * profile.get("preferred_hour_sin", 0.0) + time.hour_cos(
        situation
    ) * profile.get("preferred_hour_cos", 0.0)


FEATURES = (
    *(_kept(number) for number in NUMBERS if number.is_feature),
    Feature(
        "preferred_hour",
        AN_HOUR,
        "float",
        "how near the hour is to those of past done, -1 to 1",
        "decision log",
        FRESHNESS_S,
        Scope.PROFILE,
        False,
        _preferred_hour,
    ),
)
