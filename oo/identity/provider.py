"""The contract of a sign-in provider that differs from plain OpenID Connect.

One file in `oo/identity/providers`, exported as ``PROVIDER``; its settings are further lines beside
those that every provider has. A provider without a file of its own is plain.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple

import oo.identity.providers
from oo.identity.failures import Cause
from oo.kit.clock import Clock
from oo.kit.errors import ConfigurationError
from oo.kit.plugins import discover
from oo.kit.sections import named
from oo.kit.setting_groups import OidcProvider
from oo.kit.settings import Section, Settings


class News(StrEnum):
    """What a provider tells of one of its accounts."""

    EMAIL_OFF = "email_off"  # it forwards no mail any more
    EMAIL_ON = "email_on"
    CONSENT_REVOKED = "consent_revoked"
    ACCOUNT_DELETED = "account_deleted"


class Notice(NamedTuple):
    """News of an account, and when it became true."""

    news: News
    subject: str
    at: datetime


class OpenIdProvider:
    """Plain OpenID Connect; what a provider does otherwise, its own file overrides."""

    scope: ClassVar[str] = "openid email profile"
    response_mode: ClassVar[str] = "query"
    # asked for `max_age`, a provider must tell `auth_time` (OpenID Connect Core 1.0, section 2)
    fresh: ClassVar[str] = "proven"

    def __init__(self, given: OidcProvider, settings: Section, clock: Clock) -> None:
        self._secret = given.client_secret.get_secret_value()

    def client_secret(self) -> str:
        """What oO shows at the token endpoint."""
        return self._secret

    def also_asks(self) -> Mapping[str, str]:
        """Parameters of the authorization request besides OpenID's own."""
        return {}

    def asks_age(self, max_age_s: int) -> Mapping[str, str]:
        """How it is told that an older sign-in there is not enough; 0 wants a new one."""
        again = {} if max_age_s else {"prompt": "login"}
        return {"max_age": str(max_age_s), **again}

    def also_called(self) -> tuple[str, ...]:
        """Names in `iss` that mean the issuer too."""
        return ()

    def refuses(self, claims: Mapping[str, Any]) -> Cause | None:
        """Why the verified claims are not let in; None when they are."""
        return None

    def name_in(self, claims: Mapping[str, Any], answer: Mapping[str, str]) -> str:
        """The person's name, empty when it is not told; `answer` came through the browser."""
        return str(claims.get("name") or claims.get("given_name") or "")

    def notice(self, claims: Mapping[str, Any]) -> Notice | None:
        """What a signed notification says; None when it is nothing to act on.

        Raises ValueError for one that cannot be read.
        """
        raise ValueError("this provider sends no notifications")


@dataclass(frozen=True, slots=True)
class Provider:
    """A kind of provider; `title` and `issuer` need no setting where they are known."""

    name: str
    title: str = ""
    issuer: str = ""
    settings: type[Section] = Section
    make: Callable[[OidcProvider, Any, Clock], OpenIdProvider] = OpenIdProvider


class Configured(NamedTuple):
    """A provider as this installation has it."""

    name: str
    title: str
    issuer: str
    client_id: str
    scope: str
    response_mode: str
    needs_auth_time: bool  # without it no sign-in there is fresh
    own: OpenIdProvider

    @property
    def issuers(self) -> tuple[str, ...]:
        """Every name that a token may call the issuer by."""
        return (self.issuer, *self.own.also_called())


def kinds() -> dict[str, Provider]:
    """Every kind of provider that has a file, by name."""
    return discover(oo.identity.providers, "PROVIDER", Provider)


def configured(settings: Settings, clock: Clock) -> dict[str, Configured]:
    """The providers of the settings; raises ConfigurationError naming each wrong one."""
    known = kinds()
    return {name: _configured(name, it, known, clock) for name, it in settings.oidc.items()}


def _configured(
    name: str, given: OidcProvider, known: Mapping[str, Provider], clock: Clock
) -> Configured:
    kind = known.get(given.kind or name, Provider(name))
    prefix = f"OO_OIDC__{name.upper()}__"
    if given.kind and given.kind not in known:
        raise ConfigurationError(f"{prefix}KIND: there is no kind of provider {given.kind!r}.")
    title, issuer = given.title or kind.title, given.issuer or kind.issuer
    for field, value in (("TITLE", title), ("ISSUER", issuer)):
        if not value:
            raise ConfigurationError(f"{prefix}{field} must be given.")
    with named(prefix):
        own = kind.settings.model_validate(
            {key: value.get_secret_value() for key, value in (given.model_extra or {}).items()}
        )
    made = kind.make(given, own, clock)
    return Configured(
        name,
        title,
        issuer,
        given.client_id,
        given.scope or made.scope,
        given.response_mode or made.response_mode,
        (given.fresh or made.fresh) == "proven",
        made,
    )
