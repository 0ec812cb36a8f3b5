"""The settings tree: typed, strict, and safe by default."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from oo.kit.errors import ConfigurationError
from oo.kit.settings import Section, Settings, load_settings


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OO_PORT", "many")
    with pytest.raises(ConfigurationError, match="OO_PORT"):
        load_settings()


def test_nested_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OO_LIMITS__BODY_BYTES", "5")
    assert load_settings().limits.body_bytes == 5


class Gadget(Section):
    """The settings of a plug-in."""

    client_id: str = ""
    client_secret: SecretStr = SecretStr("")


def test_a_plug_in_s_settings_come_from_the_environment_before_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "oo.env"
    file.write_text("OO_GADGET__CLIENT_ID=file\nOO_GADGET__CLIENT_SECRET=s3cret\nOO_PORT=9\n")
    monkeypatch.setenv("OO_ENV_FILE", str(file))
    monkeypatch.setenv("OO_GADGET__CLIENT_ID", "environment")
    settings = load_settings()
    assert settings.port == 9
    assert "s3cret" not in repr(settings)
    found = settings.section("gadget", Gadget)
    assert (found.client_id, found.client_secret.get_secret_value()) == ("environment", "s3cret")
    given = Settings.model_validate({"gadget": {"client_id": "code"}})
    assert given.section("gadget", Gadget).client_id == "code"


def test_a_plug_in_without_settings_has_its_defaults() -> None:
    assert load_settings().section("gadget", Gadget) == Gadget()


@pytest.mark.parametrize("line", ["OO_PORTT=9", "OO_GADGET=9"])
def test_a_misspelt_setting_in_the_file_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: str
) -> None:
    file = tmp_path / "oo.env"
    file.write_text(line)
    monkeypatch.setenv("OO_ENV_FILE", str(file))
    with pytest.raises(ConfigurationError, match=rf"^{line.partition('=')[0]}: "):
        load_settings()


@pytest.mark.parametrize("in_file", [True, False])
def test_a_misspelt_setting_of_a_plug_in_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, in_file: bool
) -> None:
    given = {"OO_GADGET__CLIENT_IDD": "1", "OO_GADGTE__CLIENT_ID": "1"}
    if in_file:
        file = tmp_path / "oo.env"
        file.write_text("".join(f"{name}={value}\n" for name, value in given.items()))
        monkeypatch.setenv("OO_ENV_FILE", str(file))
    else:
        for name, value in given.items():
            monkeypatch.setenv(name, value)
    settings = load_settings()
    with pytest.raises(ConfigurationError, match="OO_GADGET__CLIENT_IDD: "):
        settings.section("gadget", Gadget)
    with pytest.raises(ConfigurationError, match="OO_GADGTE__"):
        settings.check_sections({"gadget"})


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


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://localhost:8000"),
        ("oo.example", "http://oo.example:8000"),
        ("::1", "http://localhost:8000"),
        ("[::1]", "http://localhost:8000"),
        ("::", "http://[::]:8000"),
        ("127.0.0.2", "http://127.0.0.2:8000"),
    ],
)
def test_an_address_is_one_that_browsers_take(host: str, address: str) -> None:
    settings = Settings(host=host)
    assert settings.base_url == address
    assert settings.host == host.strip("[]")
    assert settings.is_loopback == (settings.host in ("127.0.0.1", "127.0.0.2", "::1"))


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ({"profile": "test"}, "http://127.0.0.1:8000"),
        ({"public_url": "http://127.0.0.1:8000/"}, "http://127.0.0.1:8000"),
    ],
)
def test_only_the_machines_own_user_is_led_to_its_name(given: dict[str, str], address: str) -> None:
    assert Settings.model_validate(given).base_url == address
