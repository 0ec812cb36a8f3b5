"""`kubernetes/` is what Kubernetes and KubeRay take, and says what other ways to run oO say."""

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from deployments.args import AppArgs, EngineArgs
from oo.cli.environment import HEADER_BUFFER
from oo.kit.settings import Settings
from tests.unit.kubernetes_api import (
    KINDS,
    ConfigMap,
    Ingress,
    Job,
    NetworkPolicy,
    PodSpec,
    RayService,
    Secret,
    checked,
)

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "kubernetes").glob("*.yaml"))
PEOPLE_REACH = 8000


def documents() -> list[dict[str, Any]]:
    return [it for file in FILES for it in yaml.safe_load_all(file.read_text())]


def of(kind: type[Any]) -> list[Any]:
    return [found for found in map(checked, documents()) if isinstance(found, kind)]


@pytest.fixture
def service() -> RayService:
    (found,) = of(RayService)
    assert isinstance(found, RayService)
    return found


def pods(service: RayService) -> dict[str, PodSpec]:
    cluster = service.spec.ray_cluster_config
    return {
        "head": cluster.head_group_spec.template.spec,
        **{it.group_name: it.template.spec for it in cluster.worker_group_specs},
    }


def test_every_file_has_what_kubernetes_and_kuberay_take() -> None:
    assert {it["kind"] for it in documents()} == set(KINDS)
    for document in documents():
        checked(document)


def names(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where every name of the API stands; what is free to be named is left out."""
    free = {"labels", "annotations", "data", "stringData", "matchLabels", "requests", "limits"}
    found = []
    if isinstance(node, dict):
        for key, value in node.items():
            found.append((*path, key))
            if key not in free | {"rayStartParams", "emptyDir"}:
                found += names(value, (*path, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            found += names(value, (*path, index))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_misspelt_name_is_found_wherever_it_stands(kind: str) -> None:
    document = next(it for it in documents() if it["kind"] == kind)
    for path in names(document):
        if path[-1] == "kind":
            continue
        wrong = copy.deepcopy(document)
        place: Any = wrong
        for step in path[:-1]:
            place = place[step]
        place[f"{path[-1]}x"] = place.pop(path[-1])
        with pytest.raises(ValidationError):
            checked(wrong)


def test_serve_is_told_what_builds_the_applications(service: RayService) -> None:
    config = yaml.safe_load(service.spec.serve_config_v2)
    shipped = yaml.safe_load((ROOT / "serve_config.yaml").read_text())
    assert config["proxy_location"] == shipped["proxy_location"]
    assert config["logging_config"] == shipped["logging_config"]
    for one, other in zip(config["applications"], shipped["applications"], strict=True):
        for name in ("name", "route_prefix", "import_path"):
            assert one[name] == other[name]
        assert one.get("deployments") == other.get("deployments")
    app, engine = (it["args"] for it in config["applications"])
    # a node that dies takes one ingress along, and there is a node to spare
    scale = AppArgs.model_validate(app).ingress
    workers = service.spec.ray_cluster_config.worker_group_specs
    assert scale.per_node == 1
    assert scale.replicas < next(it for it in workers if it.group_name == "cpu").min_replicas
    assert EngineArgs.model_validate(engine)


def test_pods_run_serve_as_the_hosts_of_the_launcher_do() -> None:
    (settings,) = of(ConfigMap)
    launcher = yaml.safe_load((ROOT / "cluster.yaml").read_text())["setup_commands"][1]
    given = dict(re.findall(r"^\s*(\w+)=(\S+)$", launcher, re.MULTILINE))
    places = {"PATH", "OO_DATA_DIR", "RAY_AUTH_MODE", "RAY_AUTH_TOKEN_PATH"}
    for name, value in given.items():
        if name in places or "$HOME" in value:
            assert name in settings.data or name in places
        else:
            assert settings.data[name] == value, name
    assert f"OPENBLAS_CORETYPE={settings.data['OPENBLAS_CORETYPE']} " in launcher
    assert f'NPY_DISABLE_CPU_FEATURES="{settings.data["NPY_DISABLE_CPU_FEATURES"]}"' in launcher
    assert settings.data["RAY_SERVE_HAPROXY_TUNE_BUFSIZE"] == str(HEADER_BUFFER)


def test_the_settings_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    (settings,) = of(ConfigMap)
    secrets = {name: value for it in of(Secret) for name, value in it.string_data.items()}
    given = {**settings.data, **secrets}
    for name, value in given.items():
        if name.startswith("OO_"):
            key = "A" * 43 + "=" if name == "OO_MASTER_KEYS" else "f" * 40
            monkeypatch.setenv(name, value.replace("FILL-IN", key))
    found = Settings()
    assert found.profile == "prod"
    assert found.store_url.startswith("postgresql+asyncpg://")
    assert found.master_keys
    assert all(str(it) in given["FORWARDED_ALLOW_IPS"] for it in found.trusted_proxies)


def test_no_pod_is_root_or_has_more_than_it_needs(service: RayService) -> None:
    (job,) = of(Job)
    for name, pod in {**pods(service), "job": job.spec.template.spec}.items():
        assert pod.security_context.run_as_non_root
        assert pod.automount_service_account_token == (name == "head")  # the autoscaler's
        for container in pod.containers:
            assert not container.security_context.allow_privilege_escalation
            assert container.resources.limits["memory"] == container.resources.requests.get(
                "memory", ""
            ) or (name == "job")


def test_replicas_go_to_workers_and_engines_to_where_gpus_are(service: RayService) -> None:
    cluster = service.spec.ray_cluster_config
    assert cluster.head_group_spec.ray_start_params["num-cpus"] == "0"
    for name, pod in pods(service).items():
        has_gpu = "nvidia.com/gpu" in pod.containers[0].resources.limits
        assert has_gpu == (name == "gpu")


def test_the_head_may_die(service: RayService) -> None:
    cluster = service.spec.ray_cluster_config
    assert cluster.gcs_fault_tolerance_options.redis_address
    secret = cluster.gcs_fault_tolerance_options.redis_password.value_from.secret_key_ref
    assert (
        secret.key in next(it for it in of(Secret) if it.metadata.name == secret.name).string_data
    )
    assert cluster.auth_options.mode == "token"


def test_what_pods_refer_to_is_there(service: RayService) -> None:
    there = {it.metadata.name for it in (*of(ConfigMap), *of(Secret))}
    (job,) = of(Job)
    for pod in (*pods(service).values(), job.spec.template.spec):
        for source in pod.containers[0].env_from:
            ref = source.config_map_ref or source.secret_ref
            assert ref is not None
            assert ref.name in there
        assert pod.containers[0].image.endswith(":0.1.0")


def test_people_reach_the_proxies_and_strangers_nothing_else(service: RayService) -> None:
    (ingress,) = of(Ingress)
    (path,) = ingress.spec.rules[0].http.paths
    assert path.backend.service.name == f"{service.metadata.name}-serve-svc"
    assert path.backend.service.port.number == PEOPLE_REACH
    (policy,) = of(NetworkPolicy)
    own = policy.spec.pod_selector.match_labels
    for group in (
        service.spec.ray_cluster_config.head_group_spec,
        *service.spec.ray_cluster_config.worker_group_specs,
    ):
        assert own.items() <= group.template.metadata.labels.items()
    among, *others = policy.spec.ingress
    assert [it.pod_selector.match_labels for it in among.from_] == [own]
    assert among.ports == []
    assert all(rule.ports for rule in others)
    assert {it.port for rule in others for it in rule.ports} == {PEOPLE_REACH, 8265}


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's, with lines that go on in one."""
    text = re.sub(r"\\\n\s*", " ", (ROOT / "Dockerfile").read_text())
    lines = [it for it in text.splitlines() if it.strip() and not it.startswith("#")]
    return [(it.split(" ", 1)[0], it.split(" ", 1)[1]) for it in lines]


def test_the_image_copies_what_is_there_and_runs_as_nobody_special() -> None:
    known = {"FROM", "ARG", "RUN", "USER", "WORKDIR", "COPY", "ENV"}
    assert {name for name, _ in instructions()} == known
    allowed = {
        line[1:].strip()
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    for name, rest in instructions():
        if name != "COPY" or "--from=" in rest:
            continue
        *sources, _ = [word for word in rest.split() if not word.startswith("--")]
        for source in sources:
            assert (ROOT / source).exists(), source
            assert any(source == it or source.startswith(f"{it}/") for it in allowed), source
    users = [rest for name, rest in instructions() if name == "USER"]
    assert users[-1] == "oo"
    (made,) = [rest for _, rest in instructions() if "useradd" in rest]
    (settings,) = of(ConfigMap)
    assert "--uid 10001" in made
    assert f"> {settings.data['RAY_SERVE_HAPROXY_BINARY_PATH']}" in " ".join(
        rest for _, rest in instructions()
    )
