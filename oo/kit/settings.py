"""The settings tree: typed, read once at start-up, handed down; no module reads the environment.

Every setting can be given as ``OO_<NAME>``, nested ones with two underscores:
``OO_TODOIST__CLIENT_ID``. `OO_ENV_FILE` names a file of such lines.
"""

import ipaddress
import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from oo.kit.errors import ConfigurationError


class OidcProvider(BaseModel):
    """An OpenID provider that people may sign in with."""

    title: str
    issuer: str = Field(description="Address whose /.well-known/openid-configuration is read")
    client_id: str
    client_secret: SecretStr
    scope: str = "openid email profile"
    response_mode: Literal["query", "form_post"] = Field(
        default="query", description="form_post for Apple, when it is asked for name or email"
    )


class Todoist(BaseModel):
    """The Todoist application that people connect through; unset means that it is not offered."""

    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    authorize_url: str = "https://app.todoist.com/oauth/authorize"
    token_url: str = "https://api.todoist.com/oauth/access_token"  # noqa: S105 - an address
    api_url: str = "https://api.todoist.com/api/v1"


class Limits(BaseModel):
    """What oO accepts and how long it may take."""

    body_bytes: int = 64 * 1024
    import_bytes: int = 2 * 1024 * 1024
    recommend_deadline_s: float = 2.0
    session_days: int = 30
    login_link_minutes: int = 15
    max_waiting: int = Field(default=512, description="Requests waiting before 503 is answered")


class Settings(BaseSettings):
    """Everything that an operator can choose."""

    model_config = SettingsConfigDict(
        env_prefix="OO_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    profile: Literal["dev", "test", "prod"] = "dev"
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = Field(
        default="", description="How browsers reach oO; empty: http://host:port"
    )
    data_dir: Path = Path("var")
    database_url: str = Field(default="", description="Empty: SQLite in data_dir")
    mlflow_url: str = Field(
        default="", description="MLflow's tracking server or store; empty: SQLite in data_dir"
    )
    master_keys: dict[str, SecretStr] = Field(
        default={},
        description="Key-encryption keys of the vault by id, 32 bytes in base64; the last one "
        "seals, all open. Empty: one is made in data_dir.",
    )
    oidc: dict[str, OidcProvider] = {}
    todoist: Todoist = Todoist()
    limits: Limits = Limits()

    @property
    def base_url(self) -> str:
        """The address in links and redirects, without a trailing slash."""
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"

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
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def local_account(self) -> bool:
        """Whether the machine's own user may sign in by a printed link: dev on loopback only."""
        return self.profile == "dev" and self.is_loopback


def load_settings() -> Settings:
    """The settings of this process; raises ConfigurationError naming each wrong one."""
    try:
        settings = Settings(_env_file=os.environ.get("OO_ENV_FILE"))  # type: ignore[call-arg]  # a pydantic-settings argument
    except ValidationError as error:
        wrong = "; ".join(
            f"OO_{'__'.join(str(part) for part in item['loc']).upper()}: {item['msg']}"
            for item in error.errors()
        )
        raise ConfigurationError(wrong) from error
    if settings.profile == "prod":
        _check_production(settings)
    return settings


def _check_production(settings: Settings) -> None:
    """What dev may make up, an installation for people must be given."""
    if not settings.base_url.startswith("https:"):
        raise ConfigurationError("OO_PUBLIC_URL must be an https: address in the prod profile.")
    if not settings.master_keys:
        raise ConfigurationError("OO_MASTER_KEYS must be given in the prod profile.")
