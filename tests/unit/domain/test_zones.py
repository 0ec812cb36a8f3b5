"""A person is in a place, and not in the machine's own setting."""

import pytest

from oo.domain import zones
from oo.domain.zones import time_zones


@pytest.mark.parametrize("name", ["UTC", "Europe/Zurich", "Asia/Calcutta", "Etc/GMT+3"])
def test_places_and_offsets_are_zones(name: str) -> None:
    assert name in time_zones()


@pytest.mark.parametrize(
    "name",
    ["localtime", "posixrules", "Factory", "Etc/Unknown", "right/UTC", "posix/Europe/Zurich"],
)
def test_what_only_looks_like_one_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zones, "available_timezones", lambda: {"UTC", name})
    time_zones.cache_clear()
    assert time_zones() == {"UTC"}
    time_zones.cache_clear()
