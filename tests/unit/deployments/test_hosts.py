"""A SQLite file serves one host, and so does a master key that nobody else was given."""

from pathlib import Path

import pytest

from deployments.hosts import check_store
from oo.kit.errors import ConfigurationError
from oo.kit.settings import Settings

POSTGRES = "postgresql+asyncpg://oo:secret@db.example.org/oo"
KEYS = {"k": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}


def test_production_on_several_hosts_needs_postgresql() -> None:
    with pytest.raises(ConfigurationError, match=r"2 hosts.*OO_DATABASE_URL"):
        check_store(Settings(profile="prod"), 2)


@pytest.mark.parametrize(
    ("settings", "hosts"),
    [
        (Settings(profile="prod"), 1),
        (Settings(profile="prod", database_url=POSTGRES, master_keys=KEYS), 2),
        (Settings(profile="dev"), 2),
    ],
)
def test_everything_else_may_be_built(settings: Settings, hosts: int) -> None:
    check_store(settings, hosts)


def test_production_on_several_hosts_needs_the_master_keys_of_all(tmp_path: Path) -> None:
    settings = Settings(profile="prod", database_url=POSTGRES, data_dir=tmp_path)
    with pytest.raises(ConfigurationError, match=r"2 hosts.*OO_MASTER_KEYS"):
        check_store(settings, 2)
    check_store(settings, 1)
    (tmp_path / "master.key").write_text("k AAEC")
    check_store(settings, 2)
