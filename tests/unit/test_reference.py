"""`docs/reference.md` names whatever can be named: what a live registry has and it lacks fails."""

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer
from pydantic import BaseModel

import deployments
import ml
import oo
import oo.admin.pages
import oo.cli.commands
import oo.domain.signals.kinds
import oo.jobs.periodic
import oo.web.pages
from ml.activities.activity import activities
from ml.advice.advice import pieces
from ml.agents.agent import agents
from ml.features import REGISTRY
from ml.insights.insight import finders
from ml.judges import judges
from ml.languages.language import languages
from ml.ope.estimators import estimators
from ml.policies import policies
from ml.prompts.prompt import versions
from ml.rating.judges import tip_judges
from oo.admin.acting import actions
from oo.admin.page import ConsolePage
from oo.cli.main import build
from oo.domain.claims import Fact
from oo.domain.service_levels import LEVELS
from oo.domain.signals import all_kinds
from oo.identity.failures import Cause
from oo.identity.provider import kinds
from oo.integrations.registry import source_plugins
from oo.integrations.sources._lists._reader import readers
from oo.jobs.contract import Job
from oo.kit.errors import OoError
from oo.kit.plugins import discover
from oo.kit.setting_groups import OidcProvider
from oo.kit.settings import Settings
from oo.push.channel import channel_plugins
from oo.web.page import Page
from tests.peers.exposed import exposed

REFERENCE = Path(__file__).parents[2] / "docs" / "reference.md"
HEAVY = ("deployments", "ml.simulation.tune", "ml.models", "oo.cli.ray_internals")


def _settings(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        variable = f"{prefix}{name.upper()}"
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _settings(kind, f"{variable}__")
        elif name == "oidc":
            yield from (f"{variable}__<NAME>__{it.upper()}" for it in OidcProvider.model_fields)
        elif name != "sections":  # those of the sources, below
            yield variable


def settings() -> set[str]:
    found = {*_settings(Settings, "OO_"), "OO_ENV_FILE"}
    for plugin in source_plugins().values():
        found |= {*_settings(plugin.settings, f"OO_{plugin.name.upper()}__")}
    for channel in channel_plugins().values():
        found |= {*_settings(channel.settings, f"OO_{channel.name.upper()}__")}
    for kind in kinds().values():
        found |= {*_settings(kind.settings, f"OO_OIDC__{kind.name.upper()}__")}
    return found


def commands() -> set[str]:
    root: Any = typer.main.get_command(build())
    return {
        f"oo {name}{f' {sub}' if sub else ''}"
        for name, command in root.commands.items()
        for sub in [
            *(getattr(command, "commands", None) or [""]),
            *([""] if getattr(command, "invoke_without_command", False) else []),
        ]
    }


def problem_codes() -> set[str]:
    """Codes of errors, and those that are written into an answer where no error is."""
    for package in (oo, ml):
        _import_all(package)

    def below(kind: type[OoError]) -> Iterator[type[OoError]]:
        for child in kind.__subclasses__():
            if child.__module__.startswith(("oo.", "ml.", "deployments.")):
                yield child
                yield from below(child)

    written = {
        code
        for path in (REFERENCE.parents[1] / "oo" / "web").rglob("*.py")
        for code in re.findall(r"problem\(\s*\d+, \"(\w+)\"", path.read_text())
    }
    named = {"not_found", "method_not_allowed", "http_error", "internal"}
    return {kind.code for kind in below(OoError)} | written | named


def _import_all(package: ModuleType) -> None:
    for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not info.name.startswith(HEAVY) and "migrations" not in info.name:
            importlib.import_module(info.name)


LIVE: dict[str, Callable[[], set[str]]] = {
    "Settings": settings,
    "Commands": commands,
    "Policies": lambda: set(policies()),
    "Features": lambda: set(REGISTRY.names),
    "Estimators": lambda: set(estimators()),
    "Kinds of work": lambda: set(activities()),
    "Facts worth saying": lambda: set(finders()),
    "Sub-agents": lambda: set(agents()),
    "Advice": lambda: set(pieces()),
    "Languages of tips": lambda: set(languages()),
    "Judges": lambda: set(judges()),
    "Judges of tips": lambda: set(tip_judges()),
    "Prompts": lambda: set(versions()),
    "Signal sources": lambda: set(source_plugins()),
    "Forms of lists": lambda: set(readers()),
    "Signal kinds": lambda: set(all_kinds()),
    "Facts that a tip may claim": lambda: {fact.value for fact in Fact},
    "Jobs": lambda: set(discover(oo.jobs.periodic, "JOB", Job)),
    "Push channels": lambda: set(channel_plugins()),
    "Sign-in providers": lambda: set(kinds()),
    "Causes of a failed sign-in": lambda: {cause.value for cause in Cause},
    "Pages": lambda: set(discover(oo.web.pages, "PAGE", Page)),
    "Pages of the console": lambda: set(discover(oo.admin.pages, "PAGE", ConsolePage)),
    "Actions of the console": lambda: set(actions()),
    "Problem codes": problem_codes,
    "Metrics": lambda: exposed().families,
    "Service levels": lambda: {level.name for level in LEVELS},
}


def documented(section: str) -> dict[str, str]:
    """The names in the first column of the section's tables, and what is said of them."""
    found = re.search(rf"^## {section}\n(.*?)(?=^## |\Z)", REFERENCE.read_text(), re.M | re.S)
    assert found is not None, f"docs/reference.md has no section {section!r}"
    return dict(re.findall(r"^\| `([^`]+)` \| (.*) \|$", found[1], re.MULTILINE))


@pytest.mark.parametrize("section", LIVE)
def test_what_there_is_and_nothing_else_is_in_the_reference(section: str) -> None:
    live, said = LIVE[section](), documented(section)
    assert sorted(live - set(said)) == [], "there is no word about these"
    assert sorted(set(said) - live) == [], "these are not there any more"
    assert [name for name, words in said.items() if len(words.strip(" |")) < 8] == []


def test_deployments_are_named_in_the_architecture() -> None:
    text = (REFERENCE.parent / "architecture.md").read_text()
    folder = Path(deployments.__path__[0])
    composition = (folder / "app.py").read_text()
    shims = re.findall(r"^from deployments\.\w+ import (\w+)$", composition, re.MULTILINE)
    assert len(shims) >= 5
    assert [name for name in shims if f"`{name}`" not in text] == []
