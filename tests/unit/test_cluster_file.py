"""`cluster.yaml` is what Ray's cluster launcher takes, for a head, CPU workers and GPU workers."""

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from oo.cli.environment import HEADER_BUFFER

ROOT = Path(__file__).parents[2]
HIGH_THROUGHPUT = {
    "RAY_SERVE_ENABLE_HA_PROXY": "1",
    "RAY_SERVE_THROUGHPUT_OPTIMIZED": "1",
    "RAY_SERVE_HAPROXY_METRICS_ENABLED": "0",
    "RAY_SERVE_HAPROXY_NBTHREAD": "1",
}


@pytest.fixture(scope="module")
def cluster() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "cluster.yaml").read_text())
    return content


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    ray = importlib.util.find_spec("ray")  # found, not imported
    assert ray is not None
    assert ray.submodule_search_locations is not None
    file = Path(ray.submodule_search_locations[0]) / "autoscaler" / "ray-schema.json"
    content: dict[str, Any] = json.loads(file.read_text())
    return content


def test_it_is_valid_for_the_launcher(cluster: dict[str, Any], schema: dict[str, Any]) -> None:
    jsonschema.validate(cluster, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**cluster, "no_such_field": 1}, schema)


def test_it_has_a_head_cpu_workers_and_gpu_workers(cluster: dict[str, Any]) -> None:
    nodes = cluster["available_node_types"]
    assert set(nodes) == {"head", "cpu", "gpu"}
    assert cluster["head_node_type"] == "head"
    assert {name for name, node in nodes.items() if node["resources"].get("GPU")} == {"gpu"}
    assert sum(node.get("max_workers", 0) for node in nodes.values()) <= cluster["max_workers"]


def test_each_kind_of_host_installs_its_own_lock(cluster: dict[str, Any]) -> None:
    nodes = cluster["available_node_types"]
    commands = {
        "head": cluster["setup_commands"],
        **{kind: nodes[kind]["worker_setup_commands"] for kind in ("cpu", "gpu")},
    }
    for kind, lines in commands.items():
        lock = "gpu" if kind == "gpu" else "cpu"
        assert lines[-1] == f"cd ~/oo && scripts/setup.sh {lock}"
        assert lines[:2] == cluster["setup_commands"][:2]


def test_every_host_runs_serve_as_one_machine_does(cluster: dict[str, Any]) -> None:
    environment = cluster["setup_commands"][1]
    given = dict(re.findall(r"^(\w+)=(\S+)$", environment, re.MULTILINE))
    assert HIGH_THROUGHPUT.items() <= given.items()
    local = (ROOT / "oo" / "cli" / "environment.py").read_text()
    for name, value in HIGH_THROUGHPUT.items():
        assert f'"{name}": "{value}"' in local


def test_its_proxy_is_the_one_of_oo_serve(cluster: dict[str, Any]) -> None:
    (environment,) = [it for it in cluster["setup_commands"] if "environment.sh" in it]
    assert f"RAY_SERVE_HAPROXY_TUNE_BUFSIZE={HEADER_BUFFER}\n" in environment
    assert 'RAY_SERVE_HAPROXY_BINARY_PATH="$HOME/.oo/haproxy"\n' in environment
    assert "~/oo/oo/cli/haproxy.py > ~/.oo/haproxy\n" in environment
    assert (ROOT / "oo" / "cli" / "haproxy.py").exists()


def test_after_the_start_the_store_is_migrated_and_the_applications_deployed(
    cluster: dict[str, Any],
) -> None:
    start, migrate, deploy = cluster["head_start_ray_commands"][-3:]
    assert "ray start --head" in start
    assert migrate == "oo migrate"
    assert deploy.endswith("serve deploy ~/.oo/serve_config.yaml")


def test_the_shipped_configuration_has_the_address_that_the_head_replaces(
    cluster: dict[str, Any],
) -> None:
    (command,) = cluster["head_setup_commands"]
    found = re.search(r's/(.+?)/(.+?)/"', command)
    assert found is not None
    shipped = (ROOT / "serve_config.yaml").read_text()
    assert shipped.count(found[1]) == 1
    changed = yaml.safe_load(shipped.replace(found[1], found[2]))
    assert changed["http_options"]["host"] == "0.0.0.0"
