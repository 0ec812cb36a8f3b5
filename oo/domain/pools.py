"""How large a person's pool of candidates is."""

POOL_SIZE = 6  # candidates that a fill makes
LOW_WATER = 3  # with fewer good ones, more are made
