"""What a provider signed: tokens verified with its published keys, each refusal by its cause."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import httpx2
from authlib.oidc.core import CodeIDToken
from joserfc import errors, jwt
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from oo.identity.failures import Cause, SignInFailed, failure
from oo.identity.provider import Configured
from oo.kit.clock import Clock

LEEWAY_S = 120
KEYS_AGAIN_S = 30.0  # anybody can name an unknown key
UNKNOWN = datetime.fromtimestamp(0, UTC)  # as long ago as can be
MAX_SUBJECT = 255  # OpenID Connect Core 1.0, section 2
# never "none", and never a key that the provider shares with us
SIGNATURES = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")

_TIMES = ("exp", "iat", "nbf")
_CAUSES = {
    "iss": Cause.OTHER_ISSUER,
    "aud": Cause.WRONG_AUDIENCE,
    "azp": Cause.WRONG_PARTY,
    "nonce": Cause.WRONG_NONCE,
    "sub": Cause.WRONG_SUBJECT,
    "exp": Cause.EXPIRED,
    "iat": Cause.NOT_YET,
    "nbf": Cause.NOT_YET,
    "at_hash": Cause.WRONG_AT_HASH,
}


class Signed(NamedTuple):
    """A token whose signature is the provider's."""

    header: dict[str, Any]
    claims: dict[str, Any]


class IdTokens:
    """The tokens of one provider; its keys are fetched once more when they do not fit."""

    def __init__(self, provider: Configured, client: Any, clock: Clock) -> None:
        self._provider = provider
        self._client = client
        self._clock = clock
        self._fetched_again: float | None = None

    async def read(self, token: Any, nonce: str, access_token: Any) -> dict[str, Any]:
        """The claims of an ID token; raises SignInFailed unless it is one for this attempt."""
        signed = await self.signed(token)
        params = {"nonce": nonce, "client_id": self._provider.client_id}
        if isinstance(access_token, str):
            params["access_token"] = access_token
        options = {**self._addressed(), "sub": {"essential": True}, "nonce": {"essential": True}}
        claims = CodeIDToken(signed.claims, signed.header, options, params)
        self._check(claims)
        return signed.claims

    async def read_notification(self, token: Any) -> dict[str, Any]:
        """The claims of a notification; raises SignInFailed unless it is one for us."""
        signed = await self.signed(token)
        registry = jwt.JWTClaimsRegistry(
            int(self._clock.now().timestamp()), LEEWAY_S, **self._addressed()
        )
        try:
            registry.validate(signed.claims)
        except errors.ClaimError as error:
            raise self._refused(error, signed.claims) from error
        return signed.claims

    def authenticated_at(self, claims: Mapping[str, Any], fresh_since: str) -> datetime:
        """When the person last proved to the provider who they are (`auth_time`).

        `fresh_since` is when a new proof was asked for, in seconds since 1970, or empty: raises
        SignInFailed unless there is one since. A provider that need not tell is believed.
        """
        now, told = self._clock.now(), claims.get("auth_time")
        if told is None:
            if not self._provider.needs_auth_time:
                return now
            if fresh_since:
                raise self._failure(Cause.NOT_FRESH, "it tells no auth_time")
            return UNKNOWN
        if isinstance(told, bool) or not isinstance(told, int | float):
            raise self._failure(Cause.MALFORMED, "auth_time")
        if told > now.timestamp() + LEEWAY_S:
            raise self._failure(Cause.NOT_YET, "auth_time")
        if fresh_since and told < int(fresh_since) - LEEWAY_S:
            raise self._failure(Cause.NOT_FRESH, "its auth_time is of before")
        return min(datetime.fromtimestamp(max(told, 0), UTC), now)

    async def signed(self, token: Any) -> Signed:
        """The content of a token that the provider signed; raises SignInFailed."""
        try:
            return self._decoded(token, await self._keys())
        except (errors.InvalidKeyIdError, errors.BadSignatureError) as error:
            cause = (
                Cause.WRONG_SIGNATURE
                if isinstance(error, errors.BadSignatureError)
                else Cause.UNKNOWN_KEY
            )
            now = self._clock.monotonic()
            if self._fetched_again is not None and now - self._fetched_again < KEYS_AGAIN_S:
                raise self._failure(cause) from error
            self._fetched_again = now
        try:
            return self._decoded(token, await self._keys(force=True))
        except errors.InvalidKeyIdError as error:
            raise self._failure(Cause.UNKNOWN_KEY) from error
        except errors.BadSignatureError as error:
            raise self._failure(Cause.WRONG_SIGNATURE) from error

    def _decoded(self, token: Any, keys: KeySet) -> Signed:
        offered = self._client.server_metadata.get("id_token_signing_alg_values_supported")
        allowed = [name for name in offered or ["RS256"] if name in SIGNATURES]
        if not allowed:  # joserfc takes an empty list for its own choice
            raise self._failure(Cause.WRONG_ALGORITHM, offered)
        if not isinstance(token, str):
            raise self._failure(Cause.MALFORMED, type(token).__name__)
        try:
            registry = JWSRegistry(algorithms=allowed, strict_check_header=False)
            decoded = jwt.decode(token, keys, registry=registry)
        except (errors.InvalidKeyIdError, errors.BadSignatureError):
            raise
        except (
            errors.UnsupportedAlgorithmError,
            errors.MissingAlgorithmError,
            errors.ConflictAlgorithmError,
            errors.InvalidKeyTypeError,
            errors.InvalidKeyCurveError,
            errors.UnsupportedKeyUseError,
            errors.UnsupportedKeyAlgorithmError,
            errors.UnsupportedKeyOperationError,
        ) as error:
            raise self._failure(Cause.WRONG_ALGORITHM, type(error).__name__) from error
        except (errors.JoseError, ValueError, TypeError, KeyError) as error:
            raise self._failure(Cause.MALFORMED, type(error).__name__) from error
        return Signed(decoded.header, decoded.claims)

    async def _keys(self, *, force: bool = False) -> KeySet:
        try:
            return KeySet.import_key_set(await self._client.fetch_jwk_set(force=force))
        except httpx2.HTTPError as error:
            raise self._failure(Cause.KEYS_AWAY, type(error).__name__) from error
        except (errors.JoseError, ValueError, TypeError, KeyError, RuntimeError) as error:
            raise self._failure(Cause.PROVIDER_BROKEN, "its keys cannot be read") from error

    def _addressed(self) -> dict[str, Any]:
        return {
            "iss": {"essential": True, "values": [*self._provider.issuers]},
            "aud": {"essential": True, "values": [self._provider.client_id]},
        }

    def _check(self, claims: CodeIDToken) -> None:
        try:
            claims.validate(now=int(self._clock.now().timestamp()), leeway=LEEWAY_S)
        except errors.ClaimError as error:
            raise self._refused(error, claims) from error
        except (ValueError, TypeError, OverflowError) as error:
            raise self._failure(Cause.MALFORMED, type(error).__name__) from error
        subject: str = claims["sub"]
        # neither cut nor cleaned: two subjects must not become one person
        if len(subject) > MAX_SUBJECT or not subject.isprintable():
            raise self._failure(Cause.WRONG_SUBJECT, "too long, or not text")

    def _refused(self, error: errors.ClaimError, claims: Mapping[str, Any]) -> SignInFailed:
        claim = error.claim
        if isinstance(error, errors.MissingClaimError):
            return self._failure(Cause.MISSING_CLAIM, claim)
        if claim in _TIMES and not isinstance(claims[claim], int | float):
            return self._failure(Cause.MALFORMED, claim)
        return self._failure(_CAUSES.get(claim, Cause.MALFORMED), claim)

    def _failure(self, cause: Cause, found: object = "") -> SignInFailed:
        return failure(cause, self._provider.title, found)


def is_true(claim: Any) -> bool:
    """A boolean claim; Apple writes it as text."""
    return claim is True or claim == "true"


def email_of(claims: Mapping[str, Any]) -> str:
    """The address that the token tells, empty when there is none."""
    told = claims.get("email")
    return told.replace("\0", "") if isinstance(told, str) else ""  # PostgreSQL stores no NUL
