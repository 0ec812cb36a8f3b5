"""A node that dies is started again a few times, and not for ever."""

import time
from pathlib import Path

import pytest

from oo.cli.restarts import MOST, VARIABLE, WITHIN_S, Restarts
from oo.kit.errors import OoError


def test_the_pause_grows_and_then_it_ends() -> None:
    now = time.time()
    pauses = [Restarts((now,) * count, {}).pause(Path("logs")) for count in range(MOST)]
    assert pauses == sorted(pauses)
    assert pauses[0] < pauses[-1]
    with pytest.raises(OoError, match=f"died {MOST + 1} times"):
        Restarts((now,) * MOST, {}).pause(Path("logs"))


def test_what_is_long_ago_does_not_count() -> None:
    assert Restarts((time.time() - WITHIN_S - 1,) * MOST, {}).pause(Path("logs")) == 1.0


def test_it_is_handed_on_and_not_seen_by_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "1.5 2.5")
    found = Restarts.of_this_run()
    assert found.at == (1.5, 2.5)
    assert VARIABLE not in found.environment
