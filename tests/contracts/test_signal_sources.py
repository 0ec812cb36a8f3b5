"""Every signal source passes every check; a new one is one file."""

import importlib
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType

import httpx2
import pytest

import oo.integrations.sources
from oo.domain.signals import Connect, OAuthSource, SourcePlugin, UploadSource
from oo.integrations.registry import build_sources
from oo.kit import plugins
from oo.kit.clock import ManualClock
from oo.kit.errors import BadRequest, TooLarge
from oo.kit.plugins import BrokenPlugin
from oo.kit.settings import Settings

PLUGINS = plugins.discover(oo.integrations.sources, "SOURCE", SourcePlugin)
CONFIGURED = Settings.model_validate({"todoist": {"client_id": "id", "client_secret": "secret"}})
CLOCK = ManualClock(datetime(2026, 11, 21, tzinfo=UTC))

GUIDE = Path(__file__).parent.parent.parent / "docs" / "signal-sources.md"
NEW_SOURCE = GUIDE.read_text().partition("```python\n")[2].partition("```")[0]


def refuse(request: httpx2.Request) -> httpx2.Response:
    raise AssertionError(f"a source called {request.url} on its own")


def connected_by(way: Connect) -> list[str]:
    return sorted(name for name, plugin in PLUGINS.items() if plugin.manifest.connect is way)


every_oauth_source = pytest.mark.parametrize("plugin", connected_by(Connect.OAUTH), indirect=True)
every_upload = pytest.mark.parametrize("plugin", connected_by(Connect.UPLOAD), indirect=True)


@pytest.fixture(params=sorted(PLUGINS))
def plugin(request: pytest.FixtureRequest) -> SourcePlugin:
    return PLUGINS[request.param]


def build(plugin: SourcePlugin) -> OAuthSource | UploadSource:
    http = httpx2.AsyncClient(transport=httpx2.MockTransport(refuse))
    source = plugin.build(CONFIGURED, http, CLOCK)
    assert source is not None
    return source


def test_the_manifest_tells_a_person_everything(plugin: SourcePlugin) -> None:
    manifest = plugin.manifest
    assert manifest.name.isidentifier()
    assert manifest.name == manifest.name.lower()
    for text in (manifest.title, manifest.description, manifest.keeps, manifest.retention):
        assert text.strip()


def test_the_source_does_what_its_manifest_says(plugin: SourcePlugin) -> None:
    source = build(plugin)
    if plugin.manifest.connect is Connect.OAUTH:
        assert isinstance(source, OAuthSource)
        assert plugin.manifest.scopes
    else:
        assert isinstance(source, UploadSource)
        assert not plugin.manifest.scopes


def test_building_does_no_io_and_needs_no_configuration(plugin: SourcePlugin) -> None:
    http = httpx2.AsyncClient(transport=httpx2.MockTransport(refuse))
    source = plugin.build(Settings(), http, CLOCK)
    assert source is None or isinstance(source, OAuthSource | UploadSource)


@every_oauth_source
def test_consent_carries_state_and_the_way_back(plugin: SourcePlugin) -> None:
    source = build(plugin)
    assert isinstance(source, OAuthSource)
    url = httpx2.URL(source.authorize_url("the state", "https://oo.example/back"))
    assert url.scheme == "https"
    assert url.params["state"] == "the state"
    assert url.params["redirect_uri"] == "https://oo.example/back"
    assert "secret" not in str(url)


@every_upload
def test_an_upload_gives_ids_of_its_own_that_repeat(plugin: SourcePlugin) -> None:
    source = build(plugin)
    assert isinstance(source, UploadSource)
    first, second = (source.parse("x.txt", b"a\nb", date(2026, 11, 21)) for _ in range(2))
    assert first == second
    assert first.tasks
    for task in first.tasks:
        assert task.id == f"{plugin.name}:{task.external_id}"
        assert task.source == plugin.name


@every_upload
@pytest.mark.parametrize("data", [b"", b"\0\0", b"\xff\xff\xff", b"a\n" * 10_000])
def test_an_upload_refuses_what_is_no_list(plugin: SourcePlugin, data: bytes) -> None:
    source = build(plugin)
    assert isinstance(source, UploadSource)
    with pytest.raises((BadRequest, TooLarge)):
        source.parse("x.txt", data, date(2026, 11, 21))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """An empty package of sources."""
    package = tmp_path / "dropped_sources"
    package.mkdir()
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    yield importlib.import_module("dropped_sources")
    for name in [name for name in sys.modules if name.startswith("dropped_sources")]:
        del sys.modules[name]


def test_a_new_source_is_one_file(folder: ModuleType) -> None:
    (Path(str(folder.__path__[0])) / "clipboard.py").write_text(NEW_SOURCE)
    http = httpx2.AsyncClient(transport=httpx2.MockTransport(refuse))
    sources = build_sources(Settings(), http, CLOCK, folder)
    clipboard = sources["clipboard"].source
    assert isinstance(clipboard, UploadSource)
    assert clipboard.parse("", b"write", date(2026, 11, 21)).tasks[0].title == "write"


@pytest.mark.parametrize("text", ["", "SOURCE = 1", "import nothing_of_that_name", "]"])
def test_a_broken_file_stops_the_start(folder: ModuleType, text: str) -> None:
    (Path(str(folder.__path__[0])) / "broken.py").write_text(text)
    with pytest.raises(BrokenPlugin, match="broken"):
        plugins.discover(folder, "SOURCE", SourcePlugin)
