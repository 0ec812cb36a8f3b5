"""What is deployed again stays as it runs, or is replaced: what people see before the engine."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from ray import serve

from oo.cli import local_node, ray_internals
from oo.kit.errors import OoError


class Cluster:
    """A cluster that takes what it is told, and says how it is."""

    def __init__(self, status: str = "RUNNING", message: str = "") -> None:
        self.status, self.message = status, message
        self.running: dict[str, str] = {}
        self.told: list[dict[str, str]] = []  # the release of each application, time after time

    def releases(self) -> dict[str, str]:
        return dict(self.running)

    def deploy(self, content: dict[str, Any]) -> None:
        said = {it["name"]: it["args"].get("release", "") for it in content["applications"]}
        self.told.append(said)
        self.running = {name: it for name, it in said.items() if it}

    def says(self) -> SimpleNamespace:
        one = SimpleNamespace(status=self.status, message=self.message)
        return SimpleNamespace(applications={"oo": one, "engine": one})


def on(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    monkeypatch.setattr(ray_internals, "releases", cluster.releases)
    monkeypatch.setattr(ray_internals, "deploy", cluster.deploy)
    monkeypatch.setattr(serve, "status", cluster.says)
    return cluster


def test_what_people_see_is_replaced_before_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = on(Cluster(), monkeypatch)
    local_node.deploy_anew(local_node.CONFIG, "2", 1)
    assert cluster.told == [{"oo": "2", "engine": ""}, {"oo": "2", "engine": "2"}]


def test_what_was_replaced_stays_when_the_file_is_deployed_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cluster = on(Cluster(), monkeypatch)
    cluster.running = {"oo": "2", "engine": "2"}
    local_node.deploy(local_node.CONFIG)
    local_node.deploy(local_node.CONFIG, pages_only=True)
    assert cluster.told == [{"oo": "2", "engine": "2"}, {"oo": "2"}]


def test_a_release_that_the_file_names_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = on(Cluster(), monkeypatch)
    cluster.running = {"oo": "2"}
    content = yaml.safe_load(local_node.CONFIG.read_text())
    content["applications"][0]["args"]["release"] = "mine"
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(content))
    local_node.deploy(tmp_path / "own.yaml")
    assert cluster.told == [{"oo": "mine", "engine": ""}]


def test_what_cannot_be_replaced_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    on(Cluster("DEPLOY_FAILED", "Traceback\nImportError: no such part"), monkeypatch)
    with pytest.raises(OoError, match=r"before serves on: oo: ImportError: no such part"):
        local_node.deploy_anew(local_node.CONFIG, "2", 1)


def test_what_takes_too_long_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    on(Cluster("DEPLOYING"), monkeypatch)
    monkeypatch.setattr(local_node, "LOOK_EVERY_S", 0.0)
    with pytest.raises(OoError, match="not done"):
        local_node.deploy_anew(local_node.CONFIG, "2", 0.01)
