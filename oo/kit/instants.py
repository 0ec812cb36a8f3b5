"""Instants that are told from outside, kept to what stores and clocks can reckon with."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator

FIRST = datetime(1970, 1, 1, tzinfo=UTC)
LAST = datetime(2200, 1, 1, tzinfo=UTC)


def reckonable(at: datetime) -> datetime:
    """The instant, or the end of FIRST to LAST that it lies behind: an offset or a span leads from
    the first and the last year out of the calendar, and nothing that is asked for lies there.
    """
    zone = None if at.tzinfo is None else UTC
    return min(max(at, FIRST.replace(tzinfo=zone)), LAST.replace(tzinfo=zone))


Instant = Annotated[datetime, AfterValidator(reckonable)]
