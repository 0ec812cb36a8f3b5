"""A SQLite file serves one host."""

import pytest

from deployments.hosts import check_store
from oo.kit.errors import ConfigurationError
from oo.kit.settings import Settings

POSTGRES = "postgresql+asyncpg://oo:secret@db.example.org/oo"


def test_production_on_several_hosts_needs_postgresql() -> None:
    with pytest.raises(ConfigurationError, match=r"2 hosts.*OO_DATABASE_URL"):
        check_store(Settings(profile="prod"), 2)


@pytest.mark.parametrize(
    ("settings", "hosts"),
    [
        (Settings(profile="prod"), 1),
        (Settings(profile="prod", database_url=POSTGRES), 2),
        (Settings(profile="dev"), 2),
    ],
)
def test_everything_else_may_be_built(settings: Settings, hosts: int) -> None:
    check_store(settings, hosts)
