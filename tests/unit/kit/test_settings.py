"""The settings tree: typed, strict, and safe by default."""

import pytest

from oo.kit.errors import ConfigurationError
from oo.kit.settings import Settings, load_settings


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OO_PORT", "many")
    with pytest.raises(ConfigurationError, match="OO_PORT"):
        load_settings()


def test_nested_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OO_TODOIST__CLIENT_ID", "abc")
    assert load_settings().todoist.client_id == "abc"


@pytest.mark.parametrize(
    ("profile", "host", "allowed"),
    [
        ("dev", "127.0.0.1", True),
        ("dev", "::1", True),
        ("dev", "localhost", True),
        ("dev", "0.0.0.0", False),
        ("dev", "192.0.2.1", False),
        ("dev", "example.test", False),
        ("prod", "127.0.0.1", False),
        ("test", "127.0.0.1", False),
    ],
)
def test_the_local_account_exists_in_dev_on_loopback_only(
    profile: str, host: str, allowed: bool
) -> None:
    settings = Settings(profile=profile, host=host)  # type: ignore[arg-type]  # parametrised
    assert settings.local_account is allowed
