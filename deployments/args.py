"""The arguments of the applications: what `serve_config.yaml` may say under `args`."""

import math
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

# a wave of a few seconds is what queues are for; a replica takes some 10 s to start
MORE_AFTER_S, LOOK_BACK_S = 10.0, 15.0
FEWER_AFTER_S = 600.0


class Strict(BaseModel):
    """Arguments with a misspelt name are refused, and the application that runs stays."""

    model_config = ConfigDict(extra="forbid", frozen=True)


RELEASE = Field(default="", description="Another word than before replaces every replica")


class Replicas(Strict):
    """How many there are; with `most`, from `replicas` to so many, as what adds them says."""

    replicas: int = Field(default=1, ge=1)
    most: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _most_is_most(self) -> Self:
        if self.most is not None and self.most < self.replicas:
            raise ValueError(f"`most` ({self.most}) is less than `replicas` ({self.replicas})")
        return self


class ByLoad(Replicas):
    """Serve adds replicas while each has more than `under_way` requests at once, and ends them
    again when for ten minutes there was less to do.
    """

    under_way: float = Field(default=24, gt=0)

    def how_many(self) -> dict[str, Any]:
        """What Serve wants to know of it."""
        if self.most is None or self.most == self.replicas:
            return {"num_replicas": self.replicas}
        scaling = {
            "min_replicas": self.replicas,
            "max_replicas": self.most,
            "target_ongoing_requests": self.under_way,
            "upscale_delay_s": MORE_AFTER_S,
            "downscale_delay_s": FEWER_AFTER_S,
            "look_back_period_s": LOOK_BACK_S,
        }
        return {"autoscaling_config": scaling}


class Scale(ByLoad):
    """How many replicas of one deployment, and the logical CPUs that each one claims.

    `per_node` bounds how many a host may have: with 1, no host that dies takes two of them along.
    """

    per_node: int | None = Field(default=None, ge=1, le=100)
    cpus: float = Field(default=0.1, ge=0)
    max_ongoing: int = Field(default=1000, ge=1)


class Shards(Replicas):
    """How many bandit shards: `replicas`, or with `people` one for so many active people, counted
    at each deployment, from `replicas` to `most` of them.
    """

    people: int | None = Field(default=None, ge=1, description="Active people for one shard")
    per_node: int | None = Field(default=None, ge=1, le=100)
    cpus: float = Field(default=0.1, ge=0)
    max_ongoing: int = Field(default=1000, ge=1)

    @model_validator(mode="after")
    def _together(self) -> Self:
        if (self.most is None) != (self.people is None):
            raise ValueError("`people` and `most` are given together, or neither")
        return self

    def each(self) -> Scale:
        """The scale of one of them, a deployment of its own."""
        return Scale(per_node=self.per_node, cpus=self.cpus, max_ongoing=self.max_ongoing)

    def for_people(self, active: int) -> int:
        """How many there are for so many active people."""
        if self.people is None or self.most is None:
            return self.replicas
        return min(max(self.replicas, math.ceil(active / self.people)), self.most)


class AppArgs(Strict):
    """The oO application. What changes in place stands under `user_config` of a deployment, the
    policies in force and in shadow in the store (`oo policy`).
    """

    ingress: Scale = Scale()
    assembler: Scale = Scale()
    generator: Scale = Scale()
    shards: Shards = Shards()
    models: str = Field(default="configs/models.yaml", description="File of model aliases")
    engine_app: str = Field(default="engine", description="Serve application of the vLLM replicas")
    release: str = RELEASE


class EngineArgs(ByLoad):
    """The vLLM replica set behind the in-cluster alias.

    `model` is a folder or a hub name; `tokenizer` defaults to it. `engine` is passed to vLLM.
    `accelerator` follows, if not said, which build of vLLM is installed. With `most`, replicas are
    added while each has more than `under_way` answers to write, waiting ones included.
    """

    model_id: str = "embedded"
    model: str = "ml/models/embedded"
    tokenizer: str | None = None
    under_way: float = Field(default=16, gt=0)
    accelerator: str = Field(default="auto", pattern="^(auto|cpu|gpu)$")
    adapters: bool = Field(default=True, description="Serve LoRA adapters beside the base")
    engine: dict[str, object] = {}
    release: str = RELEASE
