"""The time zones that a person can be in."""

from functools import cache
from zoneinfo import available_timezones

# names of the machine's own setting, of "not known", and copies of the database with leap seconds
_PSEUDO = frozenset({"localtime", "posixrules", "Factory", "Etc/Unknown"})
_COPIES = ("right/", "posix/")


@cache
def time_zones() -> frozenset[str]:
    """The names of the IANA database that mean a place or an offset."""
    return frozenset(
        name
        for name in available_timezones()
        if name not in _PSEUDO and not name.startswith(_COPIES)
    )
