"""How long signals are kept: named classes, so that pages, jobs and docs say the same."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from oo.domain.signals.extent import Extent


@dataclass(frozen=True, slots=True)
class Retention:
    """A retention class: erased `keep` after the signal is over, or was finished.

    `words` completes "Erased when you disconnect; …" for a person, without a full stop.
    """

    name: str
    keep: timedelta
    words: str

    def expires_at(self, extent: Extent) -> datetime:
        """When a signal that holds then is erased; in UTC."""
        return extent.latest + self.keep


WHILE_OPEN = Retention("while-open", timedelta(days=30), "finished tasks after 30 days")
UNTIL_OVER = Retention("until-over", timedelta(days=1), "events a day after they are over")
DERIVED = Retention("derived", timedelta(days=90), "daily figures after 90 days")
BRIEF = Retention("brief", timedelta(days=7), "times of presence after 7 days")
NOTED = Retention("noted", timedelta(days=30), "notes after 30 days")
