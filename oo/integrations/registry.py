"""The sources of this installation: every plug-in in the folder that the operator configured."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType

import httpx2

import oo.integrations.sources
from oo.domain.signals import AnyKind, AnyPlugin, Manifest, SignalSource, SourcePlugin, all_kinds
from oo.kit import plugins
from oo.kit.clock import Clock
from oo.kit.plugins import BrokenPlugin
from oo.kit.settings import Settings


@dataclass(frozen=True, slots=True)
class ConfiguredSource:
    """A source that people can connect."""

    manifest: Manifest
    source: SignalSource

    @property
    def kinds(self) -> tuple[AnyKind, ...]:
        """The kinds of signals that it gives."""
        return tuple(all_kinds()[name] for name in self.manifest.kinds)

    @property
    def retention(self) -> str:
        """A sentence that says for how long what it tells is kept."""
        words = dict.fromkeys(kind.retention.words for kind in self.kinds)
        return f"Erased when you disconnect; {', '.join(words)}."


def source_plugins(package: ModuleType = oo.integrations.sources) -> Mapping[str, AnyPlugin]:
    """Every source in the folder; raises BrokenPlugin for a file that holds none."""
    found: dict[str, AnyPlugin] = plugins.discover(package, "SOURCE", SourcePlugin)
    for plugin in found.values():
        unknown = set(plugin.manifest.kinds) - set(all_kinds())
        if unknown or not plugin.manifest.kinds:
            raise BrokenPlugin(f"{plugin.name}: there is no kind of signal {sorted(unknown)}")
        if plugin.name in Settings.model_fields:
            raise BrokenPlugin(f"{plugin.name}: a setting has that name")
    return found


def check_settings(settings: Settings, package: ModuleType = oo.integrations.sources) -> None:
    """Raise ConfigurationError naming each setting of a source that is wrong or not there."""
    found = source_plugins(package)
    settings.check_sections(found)
    for plugin in found.values():
        settings.section(plugin.name, plugin.settings)


def build_sources(
    settings: Settings,
    http: httpx2.AsyncClient,
    clock: Clock,
    package: ModuleType = oo.integrations.sources,
) -> dict[str, ConfiguredSource]:
    """The configured sources by name; raises BrokenPlugin or ConfigurationError."""
    check_settings(settings, package)
    found = source_plugins(package)
    built = {
        name: plugin.build(settings.section(name, plugin.settings), http, clock)
        for name, plugin in found.items()
    }
    return {
        name: ConfiguredSource(found[name].manifest, source)
        for name, source in built.items()
        if source is not None
    }
