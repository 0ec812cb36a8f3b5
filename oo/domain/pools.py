"""How large a person's pool of candidates is, and what it is made for."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

POOL_SIZE = 6  # candidates that a fill makes
LOW_WATER = 3  # with fewer good ones, more are made


class Ahead(NamedTuple):
    """A person's turn in a nightly batch: candidates for the instant `at`, once."""

    batch_id: str
    at: datetime


class Ended(StrEnum):
    """How a person's turn in a batch ended."""

    MADE = "made"
    GOOD = "good"  # there was a good pool already
    NOTHING = "nothing"  # nothing to speak of, or nobody there any more
    FAILED = "failed"  # the model wrote too little; too often, and the turn is over
    LATER = "later"  # it has not: the model was away or late
