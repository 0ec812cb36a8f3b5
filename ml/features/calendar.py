"""Features of the person's calendar: the same for all candidates of a request."""

from datetime import timedelta

from ml.features.registry import Feature, Scope, Situation
from oo.domain.signals.extent import zone_of
from oo.domain.signals.kinds.event import KIND as EVENT
from oo.domain.signals.kinds.event import extent

FULL_GAP = timedelta(hours=4)
SYNC_FRESHNESS_S = 900
WORDS = "what stands in your calendar"


def _event_nearness(situation: Situation) -> float:
    """1 while the next event begins, falling to 0 for one that is FULL_GAP away or unknown."""
    zone = zone_of(situation.now)
    gaps = [
        extent(event).begins(zone) - situation.now
        for event in situation.of(EVENT)
        if event.busy and not event.all_day
    ]
    ahead = [gap for gap in gaps if gap >= timedelta(0)]
    return max(1.0 - min(ahead) / FULL_GAP, 0.0) if ahead else 0.0


def _in_event(situation: Situation) -> float:
    zone = zone_of(situation.now)
    return float(
        any(
            extent(event).begins(zone) <= situation.now < extent(event).ends(zone)
            for event in situation.of(EVENT)
            if event.busy and not event.all_day
        )
    )


FEATURES = (
    Feature(
        "event_nearness",
        WORDS,
        "float",
        "gap before the next event, none as 1, 4 h or more as 0",
        "calendar",
        SYNC_FRESHNESS_S,
        Scope.CONTEXT,
        False,
        _event_nearness,
    ),
    Feature(
        "in_event",
        WORDS,
        "bool",
        "0 or 1",
        "calendar",
        SYNC_FRESHNESS_S,
        Scope.CONTEXT,
        False,
        _in_event,
    ),
)
