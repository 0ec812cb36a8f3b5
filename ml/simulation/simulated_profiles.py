"""The profiles of simulated people: `oo.domain.profile.summarise`, for all of them at once."""

import numpy as np

from ml.simulation.reactions import Answer
from ml.simulation.scenario import DAY
from ml.simulation.tasks import Ints
from ml.simulation.trace import Trace
from oo.domain.profile import FULL_DWELL_S, FULL_VOLUME, WINDOW
from oo.domain.statistics import Floats

_WINDOW_MIN = WINDOW.days * DAY


def profiles(trace: Trace, now: Ints) -> dict[str, Floats]:
    """Each person's numbers (P,) at `now` (P,), from the tips and the reactions known by then."""
    since = np.maximum(now - _WINDOW_MIN, 0)
    in_window = (trace.minute < now[:, None]) & (trace.minute >= since[:, None])
    reacted = in_window & (trace.arrival <= now[:, None]) & (trace.answer <= Answer.DISMISS)
    done = reacted & (trace.answer == Answer.DONE)
    answered = reacted.sum(axis=1)
    finished = done.sum(axis=1)
    dismissed = (reacted & (trace.answer == Answer.DISMISS)).sum(axis=1)
    angle = 2 * np.pi * (trace.minute % DAY) / DAY
    dwell = np.where(reacted, trace.dwell_s, 0.0).sum(axis=1) / np.maximum(answered, 1)
    days = np.clip(now / DAY, 1.0, WINDOW.days)
    return {
        "completion_rate": (finished + 1) / (answered + 2),
        "dismiss_rate": (dismissed + 1) / (answered + 2),
        "mean_dwell": np.minimum(dwell, FULL_DWELL_S) / FULL_DWELL_S,
        "tip_volume": np.minimum(in_window.sum(axis=1) / days, FULL_VOLUME) / FULL_VOLUME,
        "preferred_hour_sin": np.where(done, np.sin(angle), 0.0).sum(axis=1) / (finished + 1),
        "preferred_hour_cos": np.where(done, np.cos(angle), 0.0).sum(axis=1) / (finished + 1),
    }
