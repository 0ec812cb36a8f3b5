"""Apple: its answer is a form, its secret a token that we sign, its accounts tell of their end."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from pydantic import SecretStr, field_validator

from oo.identity.provider import News, Notice, OpenIdProvider, Provider
from oo.kit.clock import Clock
from oo.kit.setting_groups import OidcProvider
from oo.kit.settings import Section

ISSUER = "https://appleid.apple.com"
SECRET_LIFETIME = timedelta(hours=1)  # Apple takes up to six months
RENEWED_BEFORE = timedelta(minutes=10)
NEWS = {
    "email-disabled": News.EMAIL_OFF,
    "email-enabled": News.EMAIL_ON,
    "consent-revoked": News.CONSENT_REVOKED,
    "account-delete": News.ACCOUNT_DELETED,
    "account-deleted": News.ACCOUNT_DELETED,
}


class AppleSettings(Section):
    """What Apple has besides what every provider has."""

    team_id: str
    key_id: str
    private_key: SecretStr

    @field_validator("private_key")
    @classmethod
    def _readable(cls, given: SecretStr) -> SecretStr:
        pem = SecretStr(given.get_secret_value().replace("\\n", "\n"))  # one line of a file
        try:
            key = ECKey.import_key(pem.get_secret_value())
        except (JoseError, ValueError):
            key = None
        if key is None or key.curve_name != "P-256" or not key.is_private:
            raise ValueError("the text of Apple's .p8 file, a private key on P-256")
        return pem


class Apple(OpenIdProvider):
    """Sign in with Apple."""

    scope: ClassVar[str] = "openid email name"
    response_mode: ClassVar[str] = "form_post"  # Apple insists on it when asked for name or e-mail
    fresh: ClassVar[str] = "if_told"

    def __init__(self, given: OidcProvider, settings: AppleSettings, clock: Clock) -> None:
        super().__init__(given, settings, clock)
        self._settings = settings
        self._clock = clock
        self._client_id = given.client_id
        self._audience = given.issuer or ISSUER
        self._key = ECKey.import_key(settings.private_key.get_secret_value())
        self._made = ""
        self._renew_at = datetime.min.replace(tzinfo=UTC)

    def client_secret(self) -> str:
        now = self._clock.now()
        if now >= self._renew_at:
            ends = now + SECRET_LIFETIME
            claims = {
                "iss": self._settings.team_id,
                "iat": int(now.timestamp()),
                "exp": int(ends.timestamp()),
                "aud": self._audience,
                "sub": self._client_id,
            }
            header = {"alg": "ES256", "kid": self._settings.key_id}
            self._made = jwt.encode(header, claims, self._key, ["ES256"])
            self._renew_at = ends - RENEWED_BEFORE
        return self._made

    def asks_age(self, max_age_s: int) -> Mapping[str, str]:
        return {}  # it asks who it is each time, and knows neither parameter

    def name_in(self, claims: Mapping[str, Any], answer: Mapping[str, str]) -> str:
        # told at the first sign-in alone, beside the token
        try:
            name = orjson.loads(answer.get("user", ""))["name"]
            return " ".join(str(name[part]) for part in ("firstName", "lastName") if name.get(part))
        except (ValueError, KeyError, TypeError, AttributeError):
            return ""

    def notice(self, claims: Mapping[str, Any]) -> Notice | None:
        told = claims.get("events")
        event = orjson.loads(told) if isinstance(told, str) else told
        if not isinstance(event, Mapping) or not isinstance(event.get("sub"), str):
            raise ValueError("no event")
        news = NEWS.get(str(event.get("type")))
        at = datetime.fromtimestamp(_seconds(event.get("event_time", claims.get("iat"))), UTC)
        return Notice(news, event["sub"], at) if news else None


def _seconds(told: Any) -> float:
    """Seconds since 1970; Apple's own examples have milliseconds too."""
    if isinstance(told, bool) or not isinstance(told, int | float):
        raise ValueError("no time")
    return told / 1000 if told > 100_000_000_000 else float(told)


PROVIDER = Provider("apple", "Apple", ISSUER, AppleSettings, Apple)
