"""Which model answers to which alias (E3): the typed form of ``configs/models.yaml``."""

import ipaddress
import os
from enum import StrEnum
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, JsonValue, SecretStr, model_validator

from oo.domain.model_calls import Place, Spent
from oo.kit.setting_groups import LanguageModel

ENGINE = "oo-engine"
"""LiteLLM's provider name of the engine in our own cluster."""

EMBEDDED = "oo-embedded"
"""The provider of what runs in the asking process itself, from weights that a package brings."""

TIP_GENERATOR = "tip-generator"
EMBEDDER = "embedder"
JUDGE = "judge"

_AT_HOME = ("ollama/", "ollama_chat/")  # on this machine, where no address is given
_FROM_ENVIRONMENT = "os.environ/"
_GRAMMAR_PROVIDERS = (f"{ENGINE}/", "hosted_vllm/")


class Structure(StrEnum):
    """How a backend can be held to the answer's form."""

    GRAMMAR = "grammar"
    JSON_SCHEMA = "json_schema"


class Price(BaseModel):
    """What a model costs, in US dollars per million tokens."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompt: float = Field(ge=0)
    completion: float = Field(ge=0)

    def of(self, prompt_tokens: int, completion_tokens: int) -> float:
        """The price of one call."""
        return (self.prompt * prompt_tokens + self.completion * completion_tokens) / 1_000_000


class Budgets(BaseModel):
    """What models may use from midnight to midnight UTC; null is without end.

    A model is not asked past it; calls that are under way then still end.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    local_tokens_per_person: int | None = Field(default=None, ge=0)
    cloud_tokens_per_person: int | None = Field(default=0, ge=0)
    cloud_usd: float | None = Field(default=0.0, ge=0)

    def tokens(self, place: Place) -> int | None:
        """Those of one person, at the models of one place."""
        is_local = place is Place.LOCAL
        return self.local_tokens_per_person if is_local else self.cloud_tokens_per_person

    def past(self, place: Place, spent: Spent) -> str | None:
        """Which budget is used up, as a reason; None while there is room."""
        tokens = self.tokens(place)
        if tokens is not None and spent.tokens(place) >= tokens:
            return f"today's {tokens} tokens of {place} models are used up"
        if place is Place.CLOUD and self.cloud_usd is not None and spent.usd >= self.cloud_usd:
            return f"today's {self.cloud_usd:g} USD for cloud models are used up"
        return None


class Alias(BaseModel):
    """What answers to one alias.

    `model` is LiteLLM's ``provider/model``; `api_key` may be ``os.environ/NAME``. At most
    `parallel` calls of a process are under way, the others wait their turn; `timeout_s` is of the
    call alone. `params` are further arguments of the call. `fallbacks` are tried in order when it
    fails. A model is in the cloud unless this process, this machine or a private address answers,
    or `local` says so; it is asked only with a key, for people who consented. `price` goes before
    what LiteLLM knows of a model's price.
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
    local: bool = False
    price: Price | None = None

    @property
    def is_cloud(self) -> bool:
        """Whether what is asked leaves the machines of the operator."""
        if self.cloud or self.local or self.is_own or self.is_embedded:
            return self.cloud
        if self.api_base is None:
            return not self.model.startswith(_AT_HOME)
        return not _is_near(urlsplit(self.api_base).hostname or "")

    @property
    def place(self) -> Place:
        """Where it runs."""
        return Place.CLOUD if self.is_cloud else Place.LOCAL

    @property
    def key(self) -> str:
        """The key, of the settings or from where they say that it is; empty where there is none."""
        key = self.api_key.get_secret_value() if self.api_key else ""
        if key.startswith(_FROM_ENVIRONMENT):
            return os.environ.get(key.removeprefix(_FROM_ENVIRONMENT), "")
        return key

    @property
    def has_key(self) -> bool:
        """Whether there is a key."""
        return bool(self.key)

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
    budgets: Budgets = Budgets()
    aliases: dict[str, Alias]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for name, alias in self.aliases.items():
            if alias.cloud and alias.local:
                raise ValueError(f"{name} is either a cloud model or a local one")
            if alias.is_cloud and not self.allow_cloud:
                raise ValueError(
                    f"{name} is a cloud model: set allow_cloud to permit it, or `local: true` at"
                    " the alias if its address is yours"
                )
            if "seed" in alias.params:
                raise ValueError(f"{name}: a seed can fail a whole batch of the engine; remove it")
            for other in alias.fallbacks:
                if other not in self.aliases:
                    raise ValueError(f"{name} falls back to {other!r}, which is not an alias")
                if self.aliases[other].prompt != alias.prompt:
                    raise ValueError(f"{name} and its fallback {other} need the same prompt")
        return self


def load_settings(
    path: Path, model: LanguageModel | None = None, *, allow_cloud: bool | None = None
) -> ModelSettings:
    """Read the YAML file; `model`, where it names one, is what answers to `tip-generator`.

    `allow_cloud` goes before what the file says. Raises OSError or pydantic's ValidationError.
    """
    body = yaml.safe_load(path.read_text("utf-8"))
    if model is not None and model.model:
        body["aliases"][TIP_GENERATOR] = model.model_dump(exclude_none=True)
    if allow_cloud is not None:
        body["allow_cloud"] = allow_cloud
    return ModelSettings.model_validate(body)


def _is_near(host: str) -> bool:
    """Whether the host is this machine or has a private address; names may be anywhere."""
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_private
