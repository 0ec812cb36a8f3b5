"""Profile features (D3): a person's last 30 days in a few numbers, see `oo.domain.profile`."""

from ml.features import time
from ml.features.registry import Feature, Scope, Situation
from oo.domain.profile import DEFAULTS, FRESHNESS_S


def _kept(name: str, unit: str) -> Feature:
    default = DEFAULTS[name]

    def compute(situation: Situation) -> float:
        return situation.profile.get(name, default)

    return Feature(name, "float", unit, "decision log", FRESHNESS_S, Scope.PROFILE, False, compute)


def _preferred_hour(situation: Situation) -> float:
    profile = situation.profile
    return time.hour_sin(situation) * profile.get("preferred_hour_sin", 0.0) + time.hour_cos(
        situation
    ) * profile.get("preferred_hour_cos", 0.0)


FEATURES = (
    _kept("completion_rate", "share of reactions that were done, 0 to 1"),
    _kept("dismiss_rate", "share of reactions that were dismissals, 0 to 1"),
    _kept("mean_dwell", "mean time that tips were visible, 10 min or more is 1"),
    _kept("tip_volume", "tips per day, 10 or more is 1"),
    Feature(
        "preferred_hour",
        "float",
        "how near the hour is to those of past done, -1 to 1",
        "decision log",
        FRESHNESS_S,
        Scope.PROFILE,
        False,
        _preferred_hour,
    ),
)
