"""Every signal source passes every check; a new one is one file, with its example in it."""

import importlib
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType

import httpx2
import pytest

from oo.domain.signals import Connect, Connects, SignalSource, SourcePlugin, Uploads, all_kinds
from oo.domain.signals.source import AnyPlugin
from oo.integrations import reconcile
from oo.integrations.registry import build_sources, check_settings, source_plugins
from oo.kit import plugins
from oo.kit.clock import ManualClock
from oo.kit.errors import BadRequest, ConfigurationError, TooLarge
from oo.kit.plugins import BrokenPlugin
from oo.kit.settings import Settings

PLUGINS = source_plugins()
CLOCK = ManualClock(datetime(2026, 11, 21, tzinfo=UTC))
TODAY = date(2026, 11, 21)

GUIDE = Path(__file__).parent.parent.parent / "docs" / "signal-sources.md"
NEW_SOURCE = GUIDE.read_text().partition("```python\n")[2].partition("```")[0]


def refuse(request: httpx2.Request) -> httpx2.Response:
    raise AssertionError(f"a source called {request.url} on its own")


def connected_by(way: Connect) -> list[str]:
    return sorted(name for name, plugin in PLUGINS.items() if way in plugin.manifest.connect)


every_oauth_source = pytest.mark.parametrize("plugin", connected_by(Connect.OAUTH), indirect=True)
every_upload = pytest.mark.parametrize("plugin", connected_by(Connect.UPLOAD), indirect=True)


@pytest.fixture(params=sorted(PLUGINS))
def plugin(request: pytest.FixtureRequest) -> AnyPlugin:
    return PLUGINS[request.param]


def build(plugin: AnyPlugin) -> SignalSource:
    """The source as its example configures it."""
    http = httpx2.AsyncClient(transport=httpx2.MockTransport(refuse))
    settings = plugin.settings.model_validate(plugin.example.settings or {})
    source = plugin.build(settings, http, CLOCK)
    assert source is not None
    return source


def connects(plugin: AnyPlugin) -> Connects:
    source = build(plugin).connects
    assert source is not None
    return source


def uploads(plugin: AnyPlugin) -> Uploads:
    source = build(plugin).uploads
    assert source is not None
    return source


def test_the_manifest_tells_a_person_everything(plugin: AnyPlugin) -> None:
    manifest = plugin.manifest
    assert manifest.name.isidentifier()
    assert manifest.name == manifest.name.lower()
    assert "__" not in manifest.name
    for text in (manifest.title, manifest.description, manifest.keeps):
        assert text.strip()
    assert manifest.kinds
    assert set(manifest.kinds) <= set(all_kinds())


def test_the_source_does_what_its_manifest_says(plugin: AnyPlugin) -> None:
    manifest, source = plugin.manifest, build(plugin)
    assert (Connect.OAUTH in manifest.connect) is (source.connects is not None)
    assert (Connect.UPLOAD in manifest.connect) is (source.uploads is not None)
    assert bool(manifest.scopes) is (source.connects is not None)
    assert (manifest.form is not None) is (source.uploads is not None)
    if source.fetches is not None or source.completes is not None:
        assert source.connects is not None, "reading needs a grant"
    if source.completes is not None:
        assert "task" in manifest.kinds


def test_building_does_no_io_and_needs_no_configuration(plugin: AnyPlugin) -> None:
    http = httpx2.AsyncClient(transport=httpx2.MockTransport(refuse))
    source = plugin.build(plugin.settings(), http, CLOCK)
    if plugin.example.settings:
        assert source is None, "an operator configures it first"
    else:
        assert source is not None


def test_a_misspelt_setting_of_a_source_is_refused(plugin: AnyPlugin) -> None:
    check_settings(Settings.model_validate({plugin.name: plugin.example.settings or {}}))
    wrong = Settings.model_validate({plugin.name: {"no_such_setting": "1"}})
    with pytest.raises(ConfigurationError, match=f"OO_{plugin.name.upper()}__NO_SUCH_SETTING"):
        check_settings(wrong)
    with pytest.raises(ConfigurationError, match="OO_NO_SUCH_SOURCE__"):
        check_settings(Settings.model_validate({"no_such_source": {"client_id": "1"}}))


@every_oauth_source
def test_consent_carries_state_and_the_way_back(plugin: AnyPlugin) -> None:
    url = httpx2.URL(connects(plugin).authorize_url("the state", "https://oo.example/back"))
    assert url.scheme == "https"
    assert url.params["state"] == "the state"
    assert url.params["redirect_uri"] == "https://oo.example/back"
    assert "secret" not in str(url)


@every_upload
def test_an_upload_gives_signals_of_its_own_that_repeat(plugin: AnyPlugin) -> None:
    first, second = (uploads(plugin).parse("x.txt", plugin.example.upload, TODAY) for _ in range(2))
    assert first == second
    assert first.signals
    checked = reconcile.checked(plugin.manifest, first.signals, CLOCK.now())
    assert len({reconcile.key_of(signal) for signal in checked}) == len(checked)


@every_upload
def test_an_upload_refuses_what_it_cannot_read(plugin: AnyPlugin) -> None:
    for data in (b"", b"\0\0", *plugin.example.refuses):
        with pytest.raises((BadRequest, TooLarge)):
            uploads(plugin).parse("x.txt", data, TODAY)


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


def drop(folder: ModuleType, name: str, text: str) -> None:
    (Path(str(folder.__path__[0])) / f"{name}.py").write_text(text)
    importlib.invalidate_caches()


def test_the_source_of_the_guide_is_one_file(folder: ModuleType) -> None:
    drop(folder, "birthdays", NEW_SOURCE)
    http = httpx2.AsyncClient(transport=httpx2.MockTransport(refuse))
    settings = Settings.model_validate({"birthdays": {"year": "2027"}})
    found = build_sources(settings, http, CLOCK, folder)["birthdays"]
    assert found.source.uploads is not None
    (told,) = found.source.uploads.parse("", b"03-14 Ada", TODAY).signals
    (fact,) = (kind.tell(told, datetime(2027, 3, 13, tzinfo=UTC)) for kind in found.kinds)
    assert fact is not None
    assert (fact.words, fact.title) == ("all day tomorrow", "Birthday of Ada")
    assert found.retention == "Erased when you disconnect; events a day after they are over."
    for check in (
        test_the_manifest_tells_a_person_everything,
        test_the_source_does_what_its_manifest_says,
        test_an_upload_gives_signals_of_its_own_that_repeat,
        test_an_upload_refuses_what_it_cannot_read,
    ):
        check(source_plugins(folder)["birthdays"])


@pytest.mark.parametrize("text", ["", "SOURCE = 1", "import nothing_of_that_name", "]"])
def test_a_broken_file_stops_the_start(folder: ModuleType, text: str) -> None:
    drop(folder, "broken", text)
    with pytest.raises(BrokenPlugin, match="broken"):
        plugins.discover(folder, "SOURCE", SourcePlugin)


@pytest.mark.parametrize(
    ("before", "after"), [('"event",)', '"dream",)'), ("name=NAME", 'name="port"')]
)
def test_a_source_of_an_unknown_kind_or_a_taken_name_stops_the_start(
    folder: ModuleType, before: str, after: str
) -> None:
    assert before in NEW_SOURCE
    drop(folder, "birthdays", NEW_SOURCE.replace(before, after))
    with pytest.raises(BrokenPlugin):
        source_plugins(folder)
