"""The whole of oO as Serve applications, on one screen.

`serve_config.yaml` deploys two: `oo` (build) and `engine` (build_engine). The engine is an
application of its own, so that a model is swapped without touching what serves people, and so
that the page answers while the engine is still loading.
"""

from typing import Any

from ray import serve
from ray.serve import Application
from ray.serve.config import RequestRouterConfig

from deployments.args import AppArgs, EngineArgs, Scale
from deployments.assembler import ContextAssembler
from deployments.bandit import BanditShard
from deployments.generator import TipGenerator
from deployments.ingress import Ingress
from deployments.jobs import Jobs
from oo.kit.settings import load_settings

BY_PERSON = RequestRouterConfig(
    request_router_class="ray.serve.experimental.consistent_hash_router:ConsistentHashRouter",
    request_router_kwargs={"num_fallback_replicas": 0},
)


def build(args: AppArgs) -> Application:
    """ingress → (assembler → generator → engine), ingress → bandit shards, jobs beside them."""
    load_settings()  # a wrong setting must fail here, while the old application still serves
    bandit = _deploy(
        BanditShard,
        args.shards,
        user_config={},
        request_router_config=BY_PERSON,
    ).bind()
    assembler = _deploy(ContextAssembler, args.assembler).bind()
    generator = _deploy(TipGenerator, args.generator, user_config={}).bind(
        assembler, args.models, args.engine_app
    )
    slots = 1 if args.shards.replicas == 1 else 4 * args.shards.replicas
    jobs = _deploy(Jobs, Scale()).bind(bandit, generator, slots)
    return _deploy(serve.ingress()(Ingress), args.ingress, user_config={}).bind(
        bandit, assembler, generator, jobs, slots
    )


def build_engine(args: EngineArgs) -> Application:
    """The vLLM replica set behind the alias `tip-generator`."""
    from ray.serve.llm import build_llm_deployment

    from deployments.engine import TipEngine, engine_config

    return build_llm_deployment(engine_config(args), name_prefix="", deployment_cls=TipEngine)


def _deploy(cls: type, scale: Scale, **options: Any) -> Any:
    return serve.deployment(
        cls,
        name=cls.__name__.removeprefix("ASGI"),
        num_replicas=scale.replicas,
        max_ongoing_requests=scale.max_ongoing,
        ray_actor_options={"num_cpus": scale.cpus},
        health_check_period_s=2,
        logging_config={"enable_access_log": False, "log_level": "WARNING"},
        graceful_shutdown_timeout_s=5,
        **options,
    )
