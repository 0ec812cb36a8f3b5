"""The parts of Kubernetes' API and of KubeRay's that `kubernetes/` uses, as their references say.

These models are our own, of the fields in use, and refuse every other name. They are not the CRD:
no package brings it. Kubernetes v1.28 API reference; KubeRay's API reference (ray.io/v1).
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

QUANTITY = r"^[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$"
NAME = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"

Quantity = Annotated[str, Field(pattern=QUANTITY)]
Name = Annotated[str, Field(pattern=NAME, max_length=253)]
Port = Annotated[int, Field(ge=1, le=65535)]


class Strict(BaseModel):
    """An object of the API; a name that it does not have is refused, and nothing is converted."""

    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel)


class Metadata(Strict):
    name: Name | None = None
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class Named(Strict):
    name: Name


class KeyOfSecret(Strict):
    name: Name
    key: str


class EnvFromSource(Strict):
    config_map_ref: Named | None = None
    secret_ref: Named | None = None


class EnvVar(Strict):
    name: str
    value: str


class ContainerPort(Strict):
    name: Annotated[str, Field(max_length=15)]
    container_port: Port


class Mount(Strict):
    name: Name
    mount_path: Annotated[str, Field(pattern="^/")]


class Capabilities(Strict):
    drop: list[str]


class ContainerSecurity(Strict):
    allow_privilege_escalation: bool
    capabilities: Capabilities


class Resources(Strict):
    requests: dict[str, Quantity] = {}
    limits: dict[str, Quantity] = {}


class Container(Strict):
    name: Name
    image: str
    command: list[str] | None = None
    ports: list[ContainerPort] = []
    env_from: list[EnvFromSource] = []
    env: list[EnvVar] = []
    security_context: ContainerSecurity
    resources: Resources
    volume_mounts: list[Mount] = []


class Volume(Strict):
    name: Name
    empty_dir: dict[str, str] | None = None


class Seccomp(Strict):
    type: Literal["RuntimeDefault"]


class PodSecurity(Strict):
    run_as_non_root: bool
    run_as_user: int
    run_as_group: int
    fs_group: int
    seccomp_profile: Seccomp


class LabelSelector(Strict):
    match_labels: dict[str, str] = {}


class Spread(Strict):
    max_skew: Annotated[int, Field(ge=1)]
    topology_key: str
    when_unsatisfiable: Literal["ScheduleAnyway", "DoNotSchedule"]
    label_selector: LabelSelector


class Toleration(Strict):
    key: str
    operator: Literal["Exists", "Equal"]
    effect: Literal["NoSchedule", "NoExecute", "PreferNoSchedule"]


class PodSpec(Strict):
    containers: Annotated[list[Container], Field(min_length=1)]
    restart_policy: Literal["Always", "OnFailure", "Never"] | None = None
    automount_service_account_token: bool
    security_context: PodSecurity
    termination_grace_period_seconds: int | None = None
    topology_spread_constraints: list[Spread] = []
    tolerations: list[Toleration] = []
    volumes: list[Volume] = []

    @model_validator(mode="after")
    def _mounts_are_volumes(self) -> "PodSpec":
        names = {it.name for it in self.volumes}
        for container in self.containers:
            for mount in container.volume_mounts:
                if mount.name not in names:
                    raise ValueError(f"{container.name} mounts {mount.name}, which is no volume")
        return self


class PodTemplate(Strict):
    metadata: Metadata = Metadata()
    spec: PodSpec


class RedisPasswordFrom(Strict):
    secret_key_ref: KeyOfSecret


class RedisCredential(Strict):
    value_from: RedisPasswordFrom


class GcsFaultTolerance(Strict):
    redis_address: str
    redis_password: RedisCredential
    external_storage_namespace: str | None = None


class AuthOptions(Strict):
    mode: Literal["token", "disabled"]


class AutoscalerOptions(Strict):
    version: Literal["v1", "v2"]
    idle_timeout_seconds: int
    resources: Resources


class HeadGroup(Strict):
    ray_start_params: dict[str, str]
    template: PodTemplate


class WorkerGroup(Strict):
    group_name: Name
    replicas: Annotated[int, Field(ge=0)]
    min_replicas: Annotated[int, Field(ge=0)]
    max_replicas: Annotated[int, Field(ge=0)]
    ray_start_params: dict[str, str]
    template: PodTemplate

    @model_validator(mode="after")
    def _within(self) -> "WorkerGroup":
        if not self.min_replicas <= self.replicas <= self.max_replicas:
            raise ValueError("replicas lie between the least and the most")
        return self


class RayClusterSpec(Strict):
    ray_version: str
    auth_options: AuthOptions
    enable_in_tree_autoscaling: bool
    autoscaler_options: AutoscalerOptions
    gcs_fault_tolerance_options: GcsFaultTolerance
    head_group_spec: HeadGroup
    worker_group_specs: list[WorkerGroup]


class UpgradeStrategy(Strict):
    type: Literal["NewCluster", "None"]


class RayServiceSpec(Strict):
    upgrade_strategy: UpgradeStrategy
    exclude_head_pod_from_serve_svc: bool
    serve_config_v2: Annotated[str, Field(alias="serveConfigV2")]
    ray_cluster_config: RayClusterSpec


class RayService(Strict):
    api_version: Literal["ray.io/v1"]
    kind: Literal["RayService"]
    metadata: Metadata
    spec: RayServiceSpec


class ConfigMap(Strict):
    api_version: Literal["v1"]
    kind: Literal["ConfigMap"]
    metadata: Metadata
    data: dict[str, str]


class Secret(Strict):
    api_version: Literal["v1"]
    kind: Literal["Secret"]
    metadata: Metadata
    type: Literal["Opaque"]
    string_data: dict[str, str]


class JobSpec(Strict):
    backoff_limit: int
    ttl_seconds_after_finished: int
    template: PodTemplate


class Job(Strict):
    api_version: Literal["batch/v1"]
    kind: Literal["Job"]
    metadata: Metadata
    spec: JobSpec


class ServicePort(Strict):
    number: Port


class BackendService(Strict):
    name: Name
    port: ServicePort


class Backend(Strict):
    service: BackendService


class HttpPath(Strict):
    path: str
    path_type: Literal["Prefix", "Exact", "ImplementationSpecific"]
    backend: Backend


class Http(Strict):
    paths: list[HttpPath]


class Rule(Strict):
    host: Name
    http: Http


class Tls(Strict):
    hosts: list[Name]
    secret_name: Name


class IngressSpec(Strict):
    ingress_class_name: Name
    tls: list[Tls]
    rules: list[Rule]


class Ingress(Strict):
    api_version: Literal["networking.k8s.io/v1"]
    kind: Literal["Ingress"]
    metadata: Metadata
    spec: IngressSpec


class Peer(Strict):
    pod_selector: LabelSelector | None = None
    namespace_selector: LabelSelector | None = None


class PolicyPort(Strict):
    port: Port
    protocol: Literal["TCP", "UDP"]


class PolicyRule(Strict):
    from_: Annotated[list[Peer], Field(alias="from")]
    ports: list[PolicyPort] = []


class PolicySpec(Strict):
    pod_selector: LabelSelector
    policy_types: list[Literal["Ingress", "Egress"]]
    ingress: list[PolicyRule]


class NetworkPolicy(Strict):
    api_version: Literal["networking.k8s.io/v1"]
    kind: Literal["NetworkPolicy"]
    metadata: Metadata
    spec: PolicySpec


class DisruptionSpec(Strict):
    max_unavailable: int
    selector: LabelSelector


class DisruptionBudget(Strict):
    api_version: Literal["policy/v1"]
    kind: Literal["PodDisruptionBudget"]
    metadata: Metadata
    spec: DisruptionSpec


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise ValueError(f"{kind} is none of {', '.join(KINDS)}")
    return kind


KINDS: dict[str, type[Strict]] = {
    "RayService": RayService,
    "ConfigMap": ConfigMap,
    "Secret": Secret,
    "Job": Job,
    "Ingress": Ingress,
    "NetworkPolicy": NetworkPolicy,
    "PodDisruptionBudget": DisruptionBudget,
}


def checked(document: dict[str, Any]) -> Any:
    """The object as its model; raises ValidationError naming what is wrong."""
    return KINDS[_known(document["kind"])].model_validate(document)
