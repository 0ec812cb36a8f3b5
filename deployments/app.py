"""The whole of oO as Serve applications, on one screen.

`serve_config.yaml` deploys two: `oo` (build) and `engine` (build_engine). The engine is an
application of its own, so that a model is swapped without touching what serves people, and so
that the page answers while the engine is still loading.
"""

from collections.abc import Mapping
from typing import Any

from ray import serve
from ray.serve import Application

from deployments.args import AppArgs, EngineArgs, Scale
from deployments.assembler import ContextAssembler
from deployments.bandit import BanditShard
from deployments.generator import TipGenerator
from deployments.hosts import check_store, count_hosts
from deployments.ingress import Ingress
from deployments.jobs import Jobs
from deployments.people import how_many_shards
from oo.identity.provider import configured
from oo.integrations.registry import check_settings
from oo.kit.clock import SystemClock
from oo.kit.niceness import behind
from oo.kit.settings import load_settings
from oo.push.channel import check_channels

# nobody waits for these: their imports, too, leave the processors to what serves
BEHIND = {"worker_process_setup_hook": "oo.kit.niceness.stay_behind"}


def build(args: AppArgs) -> Application:
    """ingress → (assembler → generator → engine), ingress → bandit shards, jobs beside them.

    Each shard is a deployment of its own with one replica, so that a person's shard has an address;
    the further ones follow the first in what may change in place.
    """
    # what is wrong must fail here, while the old application still serves
    settings = load_settings()
    check_settings(settings, others=check_channels(settings))
    configured(settings, SystemClock())
    check_store(settings, count_hosts())
    one = args.shards.each()
    first = _deploy(BanditShard, one, user_config={}).bind()
    further = [
        _deploy(BanditShard, one, f"BanditShard-{number}").bind(first)
        for number in range(2, how_many_shards(args.shards, settings) + 1)
    ]
    shards = [first, *further]
    assembler = _deploy(ContextAssembler, args.assembler, runtime_env=BEHIND).bind()
    generator = _deploy(TipGenerator, args.generator, runtime_env=BEHIND, user_config={}).bind(
        assembler, args.models, args.engine_app
    )
    jobs = _deploy(Jobs, Scale(), runtime_env=BEHIND).bind(shards, generator)
    return _deploy(serve.ingress()(Ingress), args.ingress, user_config={}).bind(
        shards, assembler, generator, jobs
    )


def build_engine(args: EngineArgs) -> Application:
    """The vLLM replica set behind the alias `tip-generator`."""

    def build_behind() -> Application:
        # some 20 s of imports, in which the other application begins to serve
        from ray.serve.llm import build_llm_deployment

        from deployments.engine import TipEngine, engine_config

        return build_llm_deployment(engine_config(args), name_prefix="", deployment_cls=TipEngine)

    return behind(build_behind)


def _deploy(
    cls: type,
    scale: Scale,
    name: str = "",
    runtime_env: Mapping[str, str] | None = None,
    **options: Any,
) -> Any:
    return serve.deployment(
        cls,
        name=name or cls.__name__.removeprefix("ASGI"),
        max_replicas_per_node=scale.per_node,
        # what is replaced serves until its successor does; where hosts hold one each there may be
        # no place for both, and the others serve
        max_surge_percent=0 if scale.per_node else 100,
        max_ongoing_requests=scale.max_ongoing,
        ray_actor_options={"num_cpus": scale.cpus, "runtime_env": dict(runtime_env or {})},
        health_check_period_s=2,
        logging_config={"enable_access_log": False, "log_level": "WARNING"},
        graceful_shutdown_timeout_s=5,
        **scale.how_many(),
        **options,
    )
