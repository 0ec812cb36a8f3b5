"""Sockets lie in the data folder, or in a short folder that nobody else can have planted."""

import stat
from pathlib import Path

import pytest

from oo.cli import run_folder as module
from oo.cli.run_folder import LONGEST, close_to_others, prepare_run_folder, run_folder
from oo.kit.errors import ConfigurationError


def test_a_short_data_folder_holds_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "LONGEST", 1000)
    assert prepare_run_folder(tmp_path) == tmp_path / "run"
    assert stat.S_IMODE((tmp_path / "run").stat().st_mode) == 0o700


def test_a_long_one_points_to_a_short_folder_of_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    data = tmp_path / ("long" * 20)
    data.mkdir()
    folder = prepare_run_folder(data)
    try:
        assert len(str(folder)) <= LONGEST
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert (data / "run").resolve() == folder
        assert prepare_run_folder(data) == folder == run_folder(data)
        assert run_folder(tmp_path / ("other" * 20)) != folder
    finally:
        folder.rmdir()


@pytest.mark.parametrize("planted", ["link", "file"])
def test_what_is_planted_in_its_place_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, planted: str
) -> None:
    monkeypatch.setattr(module, "run_folder", lambda _: tmp_path / "short")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "data").mkdir()
    if planted == "link":
        (tmp_path / "short").symlink_to(tmp_path / "elsewhere")
    else:
        (tmp_path / "short").write_text("")
    with pytest.raises(ConfigurationError, match="someone else"):
        prepare_run_folder(tmp_path / "data")


def test_old_sessions_go_and_the_last_stays(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "LONGEST", 1000)
    for name in ("session_2026-01-01_1", "session_2026-01-02_1", "session_2026-01-03_1"):
        (tmp_path / "run" / "ray" / name / "logs").mkdir(parents=True)
    (tmp_path / "run" / "node").mkdir()
    prepare_run_folder(tmp_path)
    assert [it.name for it in (tmp_path / "run").rglob("session*")] == ["session_2026-01-03_1"]
    assert not (tmp_path / "run" / "node").exists()


def test_what_was_opened_to_others_is_closed(tmp_path: Path) -> None:
    (tmp_path / "session").mkdir()
    (tmp_path / "session").chmod(0o777)
    (tmp_path / "session" / "log").write_text("")
    (tmp_path / "session" / "log").chmod(0o666)
    close_to_others(tmp_path)
    assert [stat.S_IMODE(it.stat().st_mode) for it in sorted(tmp_path.rglob("*"))] == [0o700, 0o600]
