"""The arguments of the applications: what `serve_config.yaml` may say under `args`."""

from pydantic import BaseModel, ConfigDict, Field


class Strict(BaseModel):
    """Arguments with a misspelt name are refused, and the application that runs stays."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Scale(Strict):
    """How many replicas of one deployment, and the logical CPUs that each one claims.

    `per_node` bounds how many a host may have: with 1, no host that dies takes two of them along.
    """

    replicas: int = Field(default=1, ge=1)
    per_node: int | None = Field(default=None, ge=1, le=100)
    cpus: float = Field(default=0.1, ge=0)
    max_ongoing: int = Field(default=1000, ge=1)


class AppArgs(Strict):
    """The oO application. What changes in place stands under `user_config` of a deployment, the
    policies in force and in shadow in the store (`oo policy`).
    """

    ingress: Scale = Scale()
    assembler: Scale = Scale()
    generator: Scale = Scale()
    shards: Scale = Scale()
    models: str = Field(default="configs/models.yaml", description="File of model aliases")
    engine_app: str = Field(default="engine", description="Serve application of the vLLM replicas")


class EngineArgs(Strict):
    """The vLLM replica set behind the in-cluster alias.

    `model` is a folder or a hub name; `tokenizer` defaults to it. `engine` is passed to vLLM.
    `accelerator` follows, if not said, which build of vLLM is installed.
    """

    model_id: str = "embedded"
    model: str = "ml/models/embedded"
    tokenizer: str | None = None
    replicas: int = Field(default=1, ge=1)
    accelerator: str = Field(default="auto", pattern="^(auto|cpu|gpu)$")
    adapters: bool = Field(default=True, description="Serve LoRA adapters beside the base")
    engine: dict[str, object] = {}
