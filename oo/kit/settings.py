"""The settings tree: typed, read once at start-up, handed down; no module reads the environment.

Every setting can be given as ``OO_<NAME>``, nested ones with two underscores:
``OO_LIMITS__BODY_BYTES``. `OO_ENV_FILE` names a file of such lines. The settings of a plug-in are
defined in its own file; here they are kept as they were given, until it asks for its section.
"""

import ipaddress
import os
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from oo.kit.errors import ConfigurationError
from oo.kit.sections import SectionsFromEnvironment, gathered, named
from oo.kit.setting_groups import (
    Delivery,
    Kms,
    LanguageModel,
    Limits,
    Nightly,
    OidcProvider,
    Outgoing,
    Push,
    Retention,
    Sentry,
    Tracing,
)

MIN_ADMIN_TOKEN = 32
LOOPBACK = ("127.0.0.1", "::1")  # what the name `localhost` stands for


class Section(BaseModel):
    """The settings of one plug-in, in its own file; a field that there is not is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


S = TypeVar("S", bound=Section)


class Settings(BaseSettings):
    """Everything that an operator can choose."""

    model_config = SettingsConfigDict(
        env_prefix="OO_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    profile: Literal["dev", "test", "prod"] = "dev"
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    public_url: str = Field(
        default="", description="How browsers reach oO; empty: http://host:port"
    )
    trusted_proxies: tuple[IPvAnyNetwork, ...] = Field(
        default=(),
        description="Networks of the proxies in front of oO, whose X-Forwarded-For names who asks;"
        " anybody else's is dropped",
    )
    data_dir: Path = Path("var")
    run_dir: Path | None = Field(
        default=None,
        description="Folder of the sockets by which processes of one host call each other; `oo"
        " serve` chooses it. None: they call through Serve alone",
    )
    database_url: str = Field(default="", description="Empty: SQLite in data_dir")
    mlflow_url: str = Field(
        default="", description="MLflow's tracking server or store; empty: SQLite in data_dir"
    )
    nats_url: str = Field(
        default="", description="NATS server that gets a mirror of all events; empty: none"
    )
    redis_url: str = Field(
        default="",
        description="Redis or Valkey through which ingresses count requests together; empty: each"
        " counts alone",
    )
    master_keys: dict[str, SecretStr] = Field(
        default={},
        description="Key-encryption keys of the vault by id, 32 bytes in base64; the last one "
        "seals, all open. Empty: one is made in data_dir.",
    )
    kms: Kms = Kms()
    oidc: dict[str, OidcProvider] = {}
    limits: Limits = Limits()
    outgoing: Outgoing = Outgoing()
    nightly: Nightly = Nightly()
    delivery: Delivery = Delivery()
    retention: Retention = Retention()
    push: Push = Push()
    tracing: Tracing = Tracing()
    sentry: Sentry = Sentry()
    metrics_token: SecretStr = Field(
        default=SecretStr(""),
        description="What a reader of /metrics sends as a bearer token; empty: loopback alone"
        " has /metrics, in the dev and test profiles",
    )
    admin_token: SecretStr = Field(
        default=SecretStr(""),
        description="What machines trade for short-lived tokens at /api/auth/token, 32 characters"
        " or more; empty: none sign in",
    )
    admin_seed_email: str = Field(
        default="",
        description="Address whose owner becomes the first admin when they sign in, once their"
        " provider has verified it",
    )
    llm: LanguageModel = LanguageModel()
    sections: dict[str, dict[str, SecretStr]] = Field(
        default={}, description="What is given for plug-ins, by their names; see `section`"
    )

    @model_validator(mode="before")
    @classmethod
    def _gather_sections(cls, data: Any) -> Any:
        return gathered(data, cls.model_fields)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        sections = SectionsFromEnvironment(settings_cls)
        return init_settings, env_settings, sections, dotenv_settings, file_secret_settings

    def section(self, name: str, model: type[S]) -> S:
        """The settings of the plug-in `name`; raises ConfigurationError naming each wrong one."""
        given = {
            key: value.get_secret_value() for key, value in self.sections.get(name, {}).items()
        }
        with named(f"OO_{name}__"):
            return model.model_validate(given)

    def check_sections(self, known: Collection[str]) -> None:
        """Raise ConfigurationError when something is given for a plug-in that there is not."""
        unknown = sorted(set(self.sections) - set(known))
        if unknown:
            names = ", ".join(f"OO_{name.upper()}__…" for name in unknown)
            raise ConfigurationError(f"{names}: there is no such setting")

    @field_validator("admin_token")
    @classmethod
    def _hard_to_guess(cls, token: SecretStr) -> SecretStr:
        if 0 < len(token.get_secret_value()) < MIN_ADMIN_TOKEN:
            raise ValueError(f"it needs {MIN_ADMIN_TOKEN} characters or more")
        return token

    @field_validator("redis_url")
    @classmethod
    def _of_redis(cls, url: str) -> str:
        if url and not url.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError(
                "it must be like redis://:PASSWORD@HOST:6379/0, rediss://… or unix://…"
            )
        return url

    @field_validator("host")
    @classmethod
    def _without_brackets(cls, host: str) -> str:
        return host.removeprefix("[").removesuffix("]")

    @property
    def base_url(self) -> str:
        """The address in links and redirects, without a trailing slash."""
        if self.public_url:
            return self.public_url.rstrip("/")
        return http_address("localhost" if self.is_named_locally else self.host, self.port)

    @property
    def is_named_locally(self) -> bool:
        """Whether the machine's own user reaches oO by its name: passkeys take no address."""
        return self.local_account and not self.public_url and self.host in LOOPBACK

    @property
    def store_url(self) -> str:
        """The SQLAlchemy address of the store."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir.resolve() / 'oo.db'}"

    @property
    def mlflow_store(self) -> str:
        """The address of MLflow's tracking store and model registry."""
        return self.mlflow_url or f"sqlite:///{self.data_dir.resolve() / 'mlflow' / 'mlflow.db'}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the bound address."""
        return _is_loopback(self.host)

    @property
    def local_account(self) -> bool:
        """Whether the machine's own user may sign in by a printed link: dev on loopback only."""
        return self.profile == "dev" and self.is_loopback


@lru_cache  # every request asks for the name of its cookie, which depends on it
def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def http_address(host: str, port: int) -> str:
    """The address of an HTTP server; an IPv6 host stands in brackets (RFC 3986)."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def load_settings() -> Settings:
    """The settings of this process; raises ConfigurationError naming each wrong one."""
    with named("OO_"):
        settings = Settings(_env_file=os.environ.get("OO_ENV_FILE"))  # type: ignore[call-arg]  # a pydantic-settings argument
    if settings.profile == "prod":
        _check_production(settings)
    return settings


def _check_production(settings: Settings) -> None:
    """What dev may make up, an installation for people must be given."""
    if not settings.base_url.startswith("https:"):
        raise ConfigurationError("OO_PUBLIC_URL must be an https: address in the prod profile.")
    if not settings.master_keys and not settings.kms.key:
        raise ConfigurationError("OO_MASTER_KEYS or OO_KMS__KEY must be given in the prod profile.")
