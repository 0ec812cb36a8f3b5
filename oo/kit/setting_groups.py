"""The groups of the settings tree, `OO_<GROUP>__<FIELD>` each."""

from datetime import timedelta
from typing import Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    SecretStr,
    field_validator,
)


class OidcProvider(BaseModel):
    """An OpenID provider that people may sign in with; its kind may have further settings."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, SecretStr] = Field(init=False)

    kind: str = Field(default="", description="`google` or `apple`; empty: as its name says")
    title: str = ""
    issuer: str = Field(
        default="", description="Address whose /.well-known/openid-configuration is read"
    )
    client_id: str
    client_secret: SecretStr = SecretStr("")
    scope: str = Field(default="", description="empty: what its kind asks for")
    response_mode: Literal["query", "form_post"] | None = Field(
        default=None, description="how the answer comes; empty: as its kind does"
    )
    fresh: Literal["proven", "if_told"] | None = Field(
        default=None,
        description="`proven`: a sign-in is fresh only if `auth_time` says so; `if_told`: also if"
        " the provider leaves it out; empty: as its kind does",
    )


class Limits(BaseModel):
    """What oO accepts and how long it may take."""

    body_bytes: int = 64 * 1024
    import_bytes: int = 2 * 1024 * 1024
    header_bytes: int = Field(
        default=16 * 1024, description="All headers of a request, cookies too"
    )
    recommend_deadline_s: float = 2.0
    session_days: int = Field(default=30, ge=1, description="How long a session lasts at most")
    session_idle_hours: int = Field(
        default=14 * 24, ge=1, description="How long it lasts without being used"
    )
    login_link_minutes: int = 15
    tips_per_second: int = Field(
        default=50, description="Tips and reactions of one person, per ingress"
    )
    tips_at_once: int = Field(
        default=16,
        ge=1,
        description="Tips and reactions of one person that are under way, per ingress",
    )
    requests_per_second: int = Field(
        default=100,
        ge=1,
        description="Requests of one session of any kind, at the proxy of this machine",
    )
    session_tips_per_second: int = Field(
        default=30,
        ge=1,
        description="Tips and reactions of one session, at the proxy of this machine",
    )
    pages_per_minute: int = Field(
        default=600, description="Other requests of one person, per ingress"
    )
    heavy_per_minute: int = Field(
        default=30,
        description="Lists handed in, undone or connected, and tips explained, of one person,"
        " per ingress",
    )
    secrets_per_minute: int = Field(
        default=10, description="Tries at the admin token from one address, per ingress"
    )
    strangers_per_minute: int = Field(
        default=600,
        description="Requests from one address, of whoever is not signed in, per ingress; IPv6 by"
        " its first 64 bits, this machine without a limit",
    )
    machine_token_minutes: int = Field(
        default=15, ge=1, le=60, description="How long the token of a machine is good"
    )
    max_waiting: int = Field(default=512, description="Requests waiting before 503 is answered")

    @property
    def machine_token_life(self) -> timedelta:
        """How long the token of a machine is good."""
        return timedelta(minutes=self.machine_token_minutes)

    @property
    def session_idle(self) -> timedelta:
        """How long a session lasts without being used."""
        return timedelta(hours=self.session_idle_hours)


class Nightly(BaseModel):
    """The batch that makes candidates for the hour at which people usually come."""

    hour: int = Field(default=2, ge=0, le=23, description="When it begins, an hour in UTC")
    active_days: int = Field(
        default=30, ge=1, description="Who was active in that many days is in it"
    )
    at_once: int = Field(default=8, ge=1, description="People at a time")


class Delivery(BaseModel):
    """Whether and when oO speaks to people who allow it."""

    policy: str = Field(
        default="learnt", description="Delivery policy in force: one of ml/delivery/policies"
    )


class Retention(BaseModel):
    """How many days what is kept of people stays; `docs/data.md` has the whole table."""

    decisions_days: int = Field(
        default=30, ge=1, description="Tips that were shown, with what spoke for them"
    )
    candidates_days: int = Field(default=1, ge=1, description="Tips after their use or end")
    writings_days: int = Field(
        default=30, ge=1, description="What was asked and said for tips, with titles"
    )
    model_calls_days: int = Field(default=30, ge=1, description="Sums of calls of models")
    events_days: int = Field(default=30, ge=1, description="Events, and errands that have ended")
    deliveries_days: int = Field(
        default=30, ge=1, description="What was sent to devices, and what became of it"
    )
    batches_days: int = Field(default=7, ge=1, description="Nightly batches and people's turns")


class Push(BaseModel):
    """How tips are sent to people's devices."""

    contact: str = Field(
        default="",
        description="mailto: or https: address that push services find you by; empty: the public"
        " address of oO",
    )
    per_hour: int = Field(default=6, ge=1, description="What one device is sent in an hour at most")
    at_once: int = Field(default=32, ge=1, description="Sendings at a time")


class LanguageModel(BaseModel):
    """The model behind the alias `tip-generator`, instead of what the file of aliases says."""

    model: str = Field(default="", description="LiteLLM's provider/model; empty: as the file says")
    api_base: str | None = Field(default=None, description="Address of the model's server")
    api_key: SecretStr | None = Field(default=None, description="Key of the model's server")
    prompt: str = Field(default="instruct-v2", description="Version of the prompt that it gets")
    timeout_s: float = Field(default=20.0, gt=0, description="Limit of one call, in seconds")
    local: bool = Field(default=False, description="The address is the operator's own")


class Outgoing(BaseModel):
    """What oO may call at addresses that others have a say in: providers, sources, devices."""

    own_networks: tuple[IPvAnyNetwork, ...] = Field(
        default=(),
        description="Networks of the operator's own that may be called beside public addresses,"
        " such as 10.1.0.0/16",
    )
    max_bytes: int = Field(
        default=16 * 1024 * 1024, ge=1024, description="Size of an answer at most"
    )
    timeout_s: float = Field(default=30.0, gt=0, description="Time of one call at most")


class Kms(BaseModel):
    """A key management service that seals the master keys in their file (AWS KMS, or what speaks
    as it does); its credentials are found as AWS's own tools find them.
    """

    model_config = ConfigDict(frozen=True)

    key: str = Field(
        default="",
        description="Id, alias or ARN of the key that seals new master keys; empty: none",
    )
    region: str = Field(default="", description="Empty: that of AWS's own variables and files")
    endpoint: str = Field(default="", description="Empty: AWS's own in the region")


class Tracing(BaseModel):
    """Traces of requests across processes; off unless they have somewhere to go."""

    endpoint: str = Field(
        default="",
        description="Collector that takes OTLP over HTTP, such as http://127.0.0.1:4318; empty:"
        " none",
    )
    headers: dict[str, SecretStr] = Field(
        default={}, description="Headers for the collector, such as its token"
    )
    file: bool = Field(default=False, description="Keep them in the data folder, for `oo trace`")
    ratio: float = Field(
        default=1.0, ge=0, le=1, description="Share of requests that is traced, whoever asks"
    )

    @property
    def is_on(self) -> bool:
        """Whether anything is traced."""
        return bool(self.file or self.endpoint)

    @property
    def traces_url(self) -> str:
        """Where the collector takes traces."""
        base = self.endpoint.rstrip("/")
        return base if base.endswith("/v1/traces") else f"{base}/v1/traces"

    @field_validator("endpoint")
    @classmethod
    def _over_http(cls, url: str) -> str:
        if url and not url.startswith(("http://", "https://")):
            raise ValueError("it must be an http: or https: address")
        return url


class Sentry(BaseModel):
    """Where errors that nobody expected are reported: classes and stacks, no words of people."""

    dsn: SecretStr = Field(
        default=SecretStr(""), description="Address of a Sentry project; empty: nothing is reported"
    )
    environment: str = Field(default="", description="What it is called there; empty: the profile")
