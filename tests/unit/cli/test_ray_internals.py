"""The first deployment to a cluster brings Serve, the later ones leave it as it is."""

from typing import Any

import pytest
from ray.serve.exceptions import RayServeException

from oo.cli import ray_internals

CONTENT = {
    "proxy_location": "EveryNode",
    "http_options": {"host": "0.0.0.0", "port": 8000},
    "applications": [{"name": "oo", "import_path": "deployments.app:build"}],
}


class Controller:
    """What Serve's client does here, on a cluster on which Serve runs or not."""

    def __init__(self, *, runs: bool) -> None:
        self.runs = runs
        self.started: list[dict[str, Any]] = []
        self.deployed: list[Any] = []

    def client(self) -> "Controller":
        if not self.runs:
            raise RayServeException("There is no Serve instance running on this Ray cluster.")
        return self

    def start(self, **options: Any) -> None:
        self.runs = True
        self.started.append(options)

    def deploy_apps(self, schema: Any) -> None:
        self.deployed.append(schema)

    def get_serve_details(self) -> dict[str, Any]:
        """Of an application that names its release, one that does not, and one without a file."""
        configs = {"oo": {"args": {"release": "2"}}, "engine": {"args": {"replicas": 1}}}
        return {
            "applications": {
                **{name: {"deployed_app_config": it} for name, it in configs.items()},
                "by hand": {"deployed_app_config": None},
            }
        }


@pytest.mark.parametrize("runs", [True, False])
def test_serve_is_started_where_it_does_not_run(
    runs: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    controller = Controller(runs=runs)
    monkeypatch.setattr(ray_internals, "_get_global_client", controller.client)
    monkeypatch.setattr(ray_internals.serve, "start", controller.start)
    ray_internals.deploy(CONTENT)
    assert [it.applications[0].name for it in controller.deployed] == ["oo"]
    assert len(controller.started) == (not runs)
    for options in controller.started:
        assert options["proxy_location"] == "EveryNode"
        assert options["http_options"] == CONTENT["http_options"]


@pytest.mark.parametrize(("runs", "expected"), [(True, {"oo": "2"}), (False, {})])
def test_the_release_that_runs_is_known(
    runs: bool, expected: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_internals, "_get_global_client", Controller(runs=runs).client)
    assert ray_internals.releases() == expected
