"""Which model answers to which alias (E3): the typed form of ``configs/models.yaml``."""

from enum import StrEnum
from pathlib import Path
from typing import Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, JsonValue, SecretStr, model_validator

ENGINE = "oo-engine"
"""LiteLLM's provider name of the engine in our own cluster."""

EMBEDDED = "oo-embedded"
"""The provider of what runs in the asking process itself, from weights that a package brings."""

TIP_GENERATOR = "tip-generator"
EMBEDDER = "embedder"
JUDGE = "judge"

_GRAMMAR_PROVIDERS = (f"{ENGINE}/", "hosted_vllm/")


class Structure(StrEnum):
    """How a backend can be held to the answer's form."""

    GRAMMAR = "grammar"
    JSON_SCHEMA = "json_schema"


class Alias(BaseModel):
    """What answers to one alias.

    `model` is LiteLLM's ``provider/model``; `api_key` may be ``os.environ/NAME``, which LiteLLM
    reads itself. At most `parallel` calls of a process are under way, the others wait their turn;
    `timeout_s` is of the call alone. `params` are further arguments of the call. `fallbacks` are
    tried in order when it fails. A `cloud` model is asked only for people who consented.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = Field(pattern=r"^[\w.-]+/.+$")
    api_base: str | None = None
    api_key: SecretStr | None = None
    timeout_s: float = Field(default=5.0, gt=0)
    parallel: int = Field(default=8, gt=0)
    prompt: str = "instruct-v1"
    params: dict[str, JsonValue] = {}
    fallbacks: tuple[str, ...] = ()
    cloud: bool = False

    @property
    def is_own(self) -> bool:
        """Whether the engine of our own cluster answers."""
        return self.model.startswith(f"{ENGINE}/")

    @property
    def is_embedded(self) -> bool:
        """Whether the asking process itself holds the weights."""
        return self.model.startswith(f"{EMBEDDED}/")

    @property
    def structure(self) -> Structure:
        """vLLM decodes under a grammar; any other backend gets a JSON schema."""
        grammar = self.model.startswith(_GRAMMAR_PROVIDERS)
        return Structure.GRAMMAR if grammar else Structure.JSON_SCHEMA


class ModelSettings(BaseModel):
    """All aliases. A cloud model needs `allow_cloud`, besides each person's consent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    allow_cloud: bool = False
    aliases: dict[str, Alias]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for name, alias in self.aliases.items():
            if alias.cloud and not self.allow_cloud:
                raise ValueError(f"{name} is a cloud model: set allow_cloud to permit it")
            if "seed" in alias.params:
                raise ValueError(f"{name}: a seed can fail a whole batch of the engine; remove it")
            for other in alias.fallbacks:
                if other not in self.aliases:
                    raise ValueError(f"{name} falls back to {other!r}, which is not an alias")
                if self.aliases[other].prompt != alias.prompt:
                    raise ValueError(f"{name} and its fallback {other} need the same prompt")
        return self


def load_settings(path: Path) -> ModelSettings:
    """Read the YAML file. Raises OSError or pydantic's ValidationError."""
    return ModelSettings.model_validate(yaml.safe_load(path.read_text("utf-8")))
