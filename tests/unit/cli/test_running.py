"""Other commands find the oO that runs on their data folder."""

from pathlib import Path

import pytest

from oo.cli import machine
from oo.cli.commands import login, status
from oo.cli.machine import data_dir
from oo.cli.running import ADDRESS, as_running, recorded
from oo.kit.errors import ConfigurationError
from oo.kit.settings import Settings


def settings(folder: Path, **changes: object) -> Settings:
    return Settings.model_validate({"data_dir": folder, **changes})


def test_the_address_is_known_while_it_runs(tmp_path: Path) -> None:
    serving = settings(tmp_path, host="::1", port=8123, public_url="http://oo.test/")
    asked = settings(tmp_path)
    with data_dir(serving), recorded(serving):
        found = as_running(asked)
        assert (found.host, found.port, found.base_url) == ("::1", 8123, "http://oo.test")
        assert as_running(settings(tmp_path / "other")).port == 8000
    assert as_running(asked) == asked
    assert not (tmp_path / ADDRESS).exists()


def test_what_a_killed_one_left_says_nothing(tmp_path: Path) -> None:
    asked = settings(tmp_path)
    with data_dir(asked):
        pass
    (tmp_path / ADDRESS).write_text('{"host": "::1", "port": 1, "public_url": ""}')
    assert as_running(asked) == asked


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", "null"])
def test_an_address_that_cannot_be_read_says_nothing(tmp_path: Path, content: str) -> None:
    asked = settings(tmp_path)
    with data_dir(asked):
        (tmp_path / ADDRESS).write_text(content)
        assert as_running(asked) == asked


def test_status_and_login_ask_where_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    serving = settings(tmp_path, port=8123)
    monkeypatch.setenv("OO_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(login, "with_store", lambda settings, _: settings.base_url)
    asked = []

    def answers(settings: Settings) -> dict[str, object]:
        asked.append(settings.port)
        return {"status": "ok", "warming": [], "down": []}

    monkeypatch.setattr(status, "health", answers)
    with data_dir(serving), recorded(serving):
        status.status()
        login.login()
    assert asked == [8123]
    assert "http://127.0.0.1:8123" in capsys.readouterr().out


def test_a_host_that_is_none_is_named() -> None:
    with pytest.raises(ConfigurationError, match="OO_HOST"):
        machine._check_address("not an address", 8000)
