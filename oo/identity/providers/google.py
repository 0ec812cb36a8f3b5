"""Google: an organisation's accounts alone, where the operator wants that."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from oo.identity.failures import Cause
from oo.identity.provider import OpenIdProvider, Provider
from oo.kit.clock import Clock
from oo.kit.setting_groups import OidcProvider
from oo.kit.settings import Section


class GoogleSettings(Section):
    """What Google has besides what every provider has."""

    hosted_domain: str = Field(
        default="", description="only accounts of this Google Workspace domain sign in"
    )
    access_type: Literal["online", "offline"] = Field(
        default="online", description="`offline` asks for a refresh token, which oO does not keep"
    )


class Google(OpenIdProvider):
    """Sign in with Google."""

    # it tells `auth_time` to verified applications that switch it on, and knows no `max_age`
    fresh: ClassVar[str] = "if_told"

    def __init__(self, given: OidcProvider, settings: GoogleSettings, clock: Clock) -> None:
        super().__init__(given, settings, clock)
        self._settings = settings

    def also_asks(self) -> Mapping[str, str]:
        domain = self._settings.hosted_domain
        return {"access_type": self._settings.access_type, **({"hd": domain} if domain else {})}

    def asks_age(self, max_age_s: int) -> Mapping[str, str]:
        return {} if max_age_s else {"prompt": "select_account"}

    def also_called(self) -> tuple[str, ...]:
        return ("accounts.google.com",)

    def refuses(self, claims: Mapping[str, Any]) -> Cause | None:
        # the parameter only sorts Google's list of accounts: the claim is what counts
        domain = self._settings.hosted_domain
        told = str(claims.get("hd", ""))
        return Cause.WRONG_DOMAIN if domain and told.lower() != domain.lower() else None


PROVIDER = Provider("google", "Google", "https://accounts.google.com", GoogleSettings, Google)
