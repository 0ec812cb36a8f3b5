"""Other commands find the oO that runs on their data folder."""

import subprocess
import sys
from pathlib import Path

import pytest

from oo.cli import machine, main, running
from oo.cli.commands import login, status
from oo.cli.machine import data_dir
from oo.cli.running import ADDRESS, as_running, recorded
from oo.kit.errors import ConfigurationError
from oo.kit.settings import Settings, load_settings


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

    monkeypatch.setattr(running, "readiness", answers)
    monkeypatch.setattr(running, "parts", lambda settings: {})
    monkeypatch.setattr(running, "figures", lambda settings: None)
    with data_dir(serving), recorded(serving):
        status.status()
        login.login()
    assert asked == [8123]
    assert "http://localhost:8123" in capsys.readouterr().out


def test_a_host_that_is_none_is_named() -> None:
    with pytest.raises(ConfigurationError, match="OO_HOST"):
        machine._check_address("not an address", 8000)


@pytest.mark.parametrize("port", [-1, 0, 65536, 99999])
def test_a_port_out_of_range_is_named(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    monkeypatch.setenv("OO_PORT", str(port))
    with pytest.raises(ConfigurationError, match="OO_PORT"):
        load_settings()


def test_a_data_folder_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(ConfigurationError, match=r"cannot be written .*OO_DATA_DIR"),
        data_dir(settings(tmp_path / "file" / "data")),
    ):
        pass


def test_a_full_disk_says_what_to_do(tmp_path: Path) -> None:
    code = "from tests.unit.cli.test_running import *; data_dir(settings(Path({!r}))).__enter__()"
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)); {code}"
    ignored = f"import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); {limited}"
    done = subprocess.run(
        [sys.executable, "-B", "-c", ignored.format(str(tmp_path))],  # no half-compiled modules
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
        check=False,
    )
    assert "ConfigurationError: The data folder" in done.stderr
    assert "free space" in done.stderr


def test_what_nobody_foresaw_is_a_line_and_a_short_trace(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails() -> None:
        raise RuntimeError("ray::X.y()\n" + "  File\n" * 500 + "OSError: it was this [/x/y.main()]")

    monkeypatch.setattr(main, "build", lambda _: fails)
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert "OSError: it was this" in said
    assert len(said.splitlines()) < 40
