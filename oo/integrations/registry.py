"""The sources of this installation: every plug-in in the folder that the operator configured."""

from dataclasses import dataclass
from types import ModuleType

import httpx2

import oo.integrations.sources
from oo.domain.signals import Manifest, SignalSource, SourcePlugin
from oo.kit import plugins
from oo.kit.clock import Clock
from oo.kit.settings import Settings

TIMEOUT = httpx2.Timeout(10.0, connect=5.0)


@dataclass(frozen=True, slots=True)
class ConfiguredSource:
    """A source that people can connect."""

    manifest: Manifest
    source: SignalSource


def http_client() -> httpx2.AsyncClient:
    """The client for calls to providers; the caller closes it."""
    return httpx2.AsyncClient(timeout=TIMEOUT, follow_redirects=False)


def build_sources(
    settings: Settings,
    http: httpx2.AsyncClient,
    clock: Clock,
    package: ModuleType = oo.integrations.sources,
) -> dict[str, ConfiguredSource]:
    """The configured sources by name; raises BrokenPlugin for a file that holds none."""
    found = plugins.discover(package, "SOURCE", SourcePlugin)
    built = {name: plugin.build(settings, http, clock) for name, plugin in found.items()}
    return {
        name: ConfiguredSource(found[name].manifest, source)
        for name, source in built.items()
        if source is not None
    }
