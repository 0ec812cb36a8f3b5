"""Sign-in at an OpenID provider: authorization code with PKCE, state and nonce.

The state of a sign-in on its way travels in a sealed, short-lived cookie of its own per attempt,
so two tabs do not disturb each other and nothing is stored before somebody has signed in.
"""

import hashlib
import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

import httpx2
import orjson
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import StarletteOAuth2App
from joserfc.errors import JoseError

from oo.identity.people import Profile
from oo.kit.clock import Clock
from oo.kit.errors import BadGateway, BadRequest, NotFound, Unauthorized
from oo.kit.settings import OidcProvider, Settings
from oo.vault.keyring import Keyring
from oo.vault.tokens import TokenSealer

log = logging.getLogger(__name__)

ATTEMPT_LIFETIME = timedelta(minutes=10)
TIMEOUT_S = 10.0
# never "none", and never a key that the provider shares with us
SIGNATURES = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")


class Cancelled(Unauthorized):
    """The person said no at the provider."""

    code, title = "cancelled", "Sign-in was cancelled"


class WrongIssuer(BadGateway):
    """The provider calls itself otherwise than its setting does; only the operator can mend it."""

    code, title = "wrong_issuer", "Sign-in is not set up right"

    def __init__(self, name: str, provider: OidcProvider, found: str) -> None:
        setting = f"OO_OIDC__{name.upper()}__ISSUER"
        super().__init__(
            f"{provider.title} calls itself {found}, but {setting} says {provider.issuer}."
            " They must be the same, to the last slash."
        )
        log.error("%s: expected issuer %r, found %r", setting, provider.issuer, found)


class ProviderChoice(NamedTuple):
    """A provider to offer."""

    name: str
    title: str


class Attempt(NamedTuple):
    """A sign-in that begins: where the browser goes, and the cookie that it takes along.

    `comes_by_form` says that the provider's page will post the answer, from its own site.
    """

    url: str
    cookie_name: str
    cookie: str
    comes_by_form: bool


class SignedIn(NamedTuple):
    """Who signed in, and the local path where they were going."""

    profile: Profile
    next_path: str


class OpenIdSignIn:
    """Every configured provider."""

    def __init__(self, settings: Settings, keyring: Keyring, clock: Clock) -> None:
        self._providers = settings.oidc
        self._base_url = settings.base_url
        self._attempts = TokenSealer(keyring, clock, "sign-in attempt", ATTEMPT_LIFETIME)
        self._clients = {name: _client(name, it) for name, it in self._providers.items()}

    def choices(self) -> list[ProviderChoice]:
        """What the sign-in page offers."""
        return [ProviderChoice(name, it.title) for name, it in self._providers.items()]

    def cookie_name(self, state: str) -> str:
        """The cookie of the attempt with this state."""
        prefix = "__Host-" if self._base_url.startswith("https:") else ""
        return f"{prefix}login-{hashlib.sha256(state.encode()).hexdigest()[:16]}"

    async def start(self, name: str, next_path: str) -> Attempt:
        """Begin to sign in; raises NotFound, or BadGateway when the provider is not there."""
        client, mode = self._client(name), self._providers[name].response_mode
        asked = {} if mode == "query" else {"response_mode": mode}
        try:
            await self._load_metadata(name, client)
            begun = await client.create_authorization_url(self._redirect_uri(name), **asked)
        except (httpx2.HTTPError, AuthlibBaseError, ValueError, RuntimeError) as error:
            raise _unreachable(self._providers[name]) from error
        content = {
            "provider": name,
            "state": begun["state"],
            "nonce": begun["nonce"],
            "verifier": begun["code_verifier"],
            "next": next_path,
        }
        cookie_name = self.cookie_name(begun["state"])
        return Attempt(begun["url"], cookie_name, self._attempts.seal(content), bool(asked))

    async def finish(self, name: str, query: Mapping[str, str], cookie: str | None) -> SignedIn:
        """Who came back; raises Cancelled, BadRequest (start again), WrongIssuer or BadGateway."""
        client, provider = self._client(name), self._providers[name]
        attempt = self._attempts.unseal(cookie) if cookie else None
        stale = BadRequest("This sign-in was started elsewhere or too long ago. Start again.")
        if attempt is None or attempt["provider"] != name:
            raise stale
        if attempt["state"] != query.get("state"):
            raise stale
        if "error" in query:
            if query["error"] in ("access_denied", "user_cancelled_authorize"):
                raise Cancelled("You can sign in whenever you like.")
            raise BadGateway(f"{provider.title} refused the sign-in. Start again.")
        issuer = query.get("iss", provider.issuer)
        if issuer != provider.issuer and issuer.rstrip("/") == provider.issuer.rstrip("/"):
            raise WrongIssuer(name, provider, issuer)
        if "code" not in query or issuer != provider.issuer:
            raise stale
        try:
            await self._load_metadata(name, client)
            token = await client.fetch_access_token(
                self._redirect_uri(name),
                code=query["code"],
                code_verifier=attempt["verifier"],
                grant_type="authorization_code",
            )
            claims = await client.parse_id_token(
                token, attempt["nonce"], claims_options=_required_claims(provider)
            )
        except httpx2.HTTPError as error:
            raise _unreachable(provider) from error
        except (AuthlibBaseError, JoseError, ValueError, KeyError) as error:
            log.warning("%s did not confirm a sign-in: %r", name, error)
            raise BadRequest(
                f"{provider.title} did not confirm the sign-in. Start again."
            ) from error
        if not claims:
            raise BadGateway(f"{provider.title} sent no identity.")
        return SignedIn(_profile(name, claims, query.get("user", "")), attempt["next"])

    def _client(self, name: str) -> Any:
        if name not in self._clients:
            raise NotFound("There is no such sign-in provider.")
        return self._clients[name]

    async def _load_metadata(self, name: str, client: Any) -> None:
        metadata = await client.load_server_metadata()
        found = str(metadata.get("issuer"))
        if found != self._providers[name].issuer:
            client.server_metadata.clear()  # read anew when the provider has mended it
            raise WrongIssuer(name, self._providers[name], found)
        offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
        metadata["id_token_signing_alg_values_supported"] = [
            name for name in offered if name in SIGNATURES
        ]

    def _redirect_uri(self, name: str) -> str:
        return f"{self._base_url}/auth/{name}/callback"


def _client(name: str, provider: OidcProvider) -> Any:
    return StarletteOAuth2App(
        framework=None,
        name=name,
        client_id=provider.client_id,
        client_secret=provider.client_secret.get_secret_value(),
        server_metadata_url=f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={
            "scope": provider.scope,
            "code_challenge_method": "S256",
            "timeout": TIMEOUT_S,
        },
    )


def _required_claims(provider: OidcProvider) -> dict[str, dict[str, Any]]:
    return {
        "iss": {"essential": True, "values": [provider.issuer]},
        "aud": {"essential": True, "values": [provider.client_id]},
        "sub": {"essential": True},
        "nonce": {"essential": True},
    }


def _profile(name: str, claims: Mapping[str, Any], user: str) -> Profile:
    email = str(claims.get("email") or "")
    title = claims.get("name") or claims.get("given_name") or _apple_name(user)
    told = [name, str(claims["sub"])[:255], email, str(title or email.partition("@")[0])]
    # PostgreSQL stores no NUL; Apple says "true" in words
    is_verified = claims.get("email_verified") in (True, "true")
    issuer, subject, email, called = (part.replace("\0", "") for part in told)
    return Profile(issuer, subject, email, called, is_verified)


def _apple_name(user: str) -> str:
    """The name in Apple's `user` field, which comes through the browser at the first sign-in."""
    try:
        name = orjson.loads(user)["name"]
        return " ".join(str(name[part]) for part in ("firstName", "lastName") if name.get(part))
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""


def _unreachable(provider: OidcProvider) -> BadGateway:
    return BadGateway(f"{provider.title} does not answer. Try again in a moment.")
