"""Features of when the person was there, from sightings; 0 where there is none."""

from datetime import timedelta

from ml.features.registry import Feature, Scope, Situation
from oo.domain.signals.kinds.presence import KIND as PRESENCE
from oo.domain.signals.kinds.presence import State

FULL_ABSENCE = timedelta(hours=1)


def _recently_active(situation: Situation) -> float:
    """1 for somebody active this moment, falling to 0 for one last active FULL_ABSENCE ago."""
    ages = [
        situation.now - sighting.at
        for sighting in situation.of(PRESENCE)
        if sighting.state is State.ACTIVE and sighting.at <= situation.now
    ]
    return max(1.0 - min(ages) / FULL_ABSENCE, 0.0) if ages else 0.0


FEATURES = (
    Feature(
        "recently_active",
        "whether you were just active",
        "float",
        "time since last active, none as 1, 1 h or more as 0",
        "page timing",
        60,
        Scope.CONTEXT,
        False,
        _recently_active,
    ),
)
