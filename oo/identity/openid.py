"""Sign-in at an OpenID provider: authorization code with PKCE, state and nonce.

The state of a sign-in on its way travels in a sealed, short-lived cookie of its own per attempt,
so two tabs do not disturb each other and nothing is stored before somebody has signed in.
"""

import hashlib
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.base_client import OAuthError
from authlib.integrations.starlette_client import StarletteOAuth2App

from oo.identity.failures import Cause, SignInFailed, WrongIssuer, failure, log_failure
from oo.identity.id_tokens import IdTokens, email_of, is_true
from oo.identity.people import Profile
from oo.identity.provider import Configured, Notice, configured
from oo.kit.clock import Clock
from oo.kit.errors import BadRequest, NotFound
from oo.kit.outgoing import Borrowed, OutgoingTransport
from oo.kit.settings import Settings
from oo.vault.keyring import Keyring
from oo.vault.tokens import TokenSealer

log = logging.getLogger(__name__)

ATTEMPT_LIFETIME = timedelta(minutes=10)
TIMEOUT_S = 10.0
METADATA_S = 3600.0  # how long what a provider says of itself is believed
CANCELS = ("access_denied", "user_cancelled_authorize")
_CODE_CAUSES = {
    "invalid_grant": Cause.USED_CODE,
    "invalid_client": Cause.WRONG_CREDENTIALS,
    "unauthorized_client": Cause.WRONG_CREDENTIALS,
}


class ProviderChoice(NamedTuple):
    """A provider to offer."""

    name: str
    title: str
    issuer: str


class Attempt(NamedTuple):
    """A sign-in that begins: where the browser goes, and the cookie that it takes along.

    `comes_by_form` says that the provider's page will post the answer, from its own site.
    """

    url: str
    cookie_name: str
    cookie: str
    comes_by_form: bool


class SignedIn(NamedTuple):
    """Who signed in, and the local path where they were going.

    `attempt` is good for one use. `link_to` is the hash of the session whose person adds this
    identity, empty for a sign-in.
    """

    profile: Profile
    next_path: str
    attempt: str
    link_to: str
    name: str
    title: str
    authenticated_at: datetime  # when they proved to the provider who they are


class _Peer(NamedTuple):
    """A provider and the means to talk with it."""

    provider: Configured
    client: Any
    tokens: IdTokens


class OpenIdSignIn:
    """Every configured provider; `transport` is how they are reached, if not over the network."""

    def __init__(
        self,
        settings: Settings,
        keyring: Keyring,
        clock: Clock,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._base_url = settings.base_url
        self._session_s = settings.limits.session_days * 24 * 3600
        self._clock = clock
        self._attempts = TokenSealer(keyring, clock, "sign-in attempt", ATTEMPT_LIFETIME)
        self._peers: dict[str, _Peer] = {}
        self._loaded_at: dict[str, float] = {}
        # what a provider says of itself names addresses to be called
        reached = transport or Borrowed(OutgoingTransport(settings.outgoing))
        for name, provider in configured(settings, clock).items():
            client = _client(provider, reached)
            self._peers[name] = _Peer(provider, client, IdTokens(provider, client, clock))

    def choices(self) -> list[ProviderChoice]:
        """What the sign-in page offers."""
        return [
            ProviderChoice(name, it.provider.title, it.provider.issuer)
            for name, it in self._peers.items()
        ]

    def cookie_name(self, state: str) -> str:
        """The cookie of the attempt with this state."""
        prefix = "__Host-" if self._base_url.startswith("https:") else ""
        return f"{prefix}login-{hashlib.sha256(state.encode()).hexdigest()[:16]}"

    async def start(
        self, name: str, next_path: str, *, link_to: str = "", fresh: bool = False
    ) -> Attempt:
        """Begin to sign in, or to add an identity to the person of the session `link_to`.

        With `fresh`, the provider is asked to have them sign in anew, and must say that they did.
        Raises NotFound, or SignInFailed when the provider is not there.
        """
        peer = self._peer(name)
        mode, own = peer.provider.response_mode, peer.provider.own
        # else a session here might rest on what was proven longer ago than a session may live
        max_age_s = 0 if fresh else self._session_s
        asked = {} if mode == "query" else {"response_mode": mode}
        with self._failures(peer):
            await self._load_metadata(peer)
            begun = await peer.client.create_authorization_url(
                self._redirect_uri(name), **asked, **own.also_asks(), **own.asks_age(max_age_s)
            )
        content = {
            "provider": name,
            "state": begun["state"],
            "nonce": begun["nonce"],
            "verifier": begun["code_verifier"],
            "next": next_path,
            "link": link_to,
            "fresh_since": str(int(self._clock.now().timestamp())) if fresh else "",
        }
        cookie_name = self.cookie_name(begun["state"])
        return Attempt(begun["url"], cookie_name, self._attempts.seal(content), bool(asked))

    async def finish(self, name: str, answer: Mapping[str, str], cookie: str | None) -> SignedIn:
        """Who came back; raises SignInFailed, which says why nobody did."""
        peer = self._peer(name)
        with self._failures(peer):
            attempt = self._attempt(peer, answer, cookie)
            code = _code(peer.provider, answer)
            await self._load_metadata(peer)
            peer.client.client_secret = peer.provider.own.client_secret()
            token = await peer.client.fetch_access_token(
                self._redirect_uri(name),
                code=code,
                code_verifier=attempt["verifier"],
                grant_type="authorization_code",
            )
            if not token.get("id_token"):
                raise failure(Cause.NO_IDENTITY, peer.provider.title)
            claims = await peer.tokens.read(
                token["id_token"], attempt["nonce"], token.get("access_token")
            )
            refused = peer.provider.own.refuses(claims)
            if refused is not None:
                raise failure(refused, peer.provider.title)
            authenticated_at = peer.tokens.authenticated_at(claims, attempt["fresh_since"])
        return SignedIn(
            Profile(
                peer.provider.issuer,
                claims["sub"],
                email_of(claims),
                peer.provider.own.name_in(claims, answer).replace("\0", ""),
                is_true(claims.get("email_verified")),
            ),
            attempt["next"],
            attempt["state"],
            attempt["link"],
            name,
            peer.provider.title,
            authenticated_at,
        )

    async def notice(self, name: str, token: str) -> tuple[str, Notice | None]:
        """The issuer and what its signed notification says.

        Raises NotFound, SignInFailed for one that is not the provider's, and BadRequest for one
        that cannot be read.
        """
        peer = self._peer(name)
        with self._failures(peer):
            await self._load_metadata(peer)
            claims = await peer.tokens.read_notification(token)
        try:
            return peer.provider.issuer, peer.provider.own.notice(claims)
        except (ValueError, TypeError, OverflowError) as error:
            raise BadRequest("The notification cannot be read.") from error

    def _peer(self, name: str) -> _Peer:
        if name not in self._peers:
            raise NotFound("There is no such sign-in provider.")
        return self._peers[name]

    @contextmanager
    def _failures(self, peer: _Peer) -> Iterator[None]:
        """Whatever goes wrong becomes a failure with a cause, and a line in the log."""
        try:
            try:
                yield
            except httpx2.HTTPError as error:
                raise failure(
                    Cause.PROVIDER_AWAY, peer.provider.title, type(error).__name__
                ) from error
            except OAuthError as error:
                cause = _CODE_CAUSES.get(str(error.error), Cause.PROVIDER_REFUSED)
                raise failure(cause, peer.provider.title, repr(error.error)) from error
            except (AuthlibBaseError, ValueError, TypeError, KeyError, RuntimeError) as error:
                raise failure(
                    Cause.PROVIDER_BROKEN, peer.provider.title, type(error).__name__
                ) from error
        except SignInFailed as error:
            log_failure(peer.provider.name, error)
            raise

    def _attempt(
        self, peer: _Peer, answer: Mapping[str, str], cookie: str | None
    ) -> dict[str, str]:
        """The attempt that this answers; raises SignInFailed when it is none of this browser's."""
        attempt = self._attempts.unseal(cookie) if cookie else None
        cause = None
        if attempt is None:
            cause = Cause.NO_ATTEMPT
        elif attempt["provider"] != peer.provider.name:
            cause = Cause.OTHER_PROVIDER
        elif attempt["state"] != answer.get("state"):
            cause = Cause.OTHER_STATE
        if attempt is None or cause is not None:
            raise failure(cause or Cause.NO_ATTEMPT, peer.provider.title)
        return attempt

    async def _load_metadata(self, peer: _Peer) -> None:
        name, client, now = peer.provider.name, peer.client, self._clock.monotonic()
        is_old = now - self._loaded_at.get(name, now) >= METADATA_S
        if is_old:
            client.server_metadata.pop("_loaded_at", None)
            client.server_metadata.pop("jwks", None)
        metadata = await client.load_server_metadata()
        if is_old or name not in self._loaded_at:
            self._loaded_at[name] = now
        found = str(metadata.get("issuer"))
        if found != peer.provider.issuer:
            client.server_metadata.clear()  # read anew when the provider has mended it
            raise WrongIssuer(name, peer.provider.title, peer.provider.issuer, found)
        usual, other = "client_secret_basic", "client_secret_post"
        ways = metadata.get("token_endpoint_auth_methods_supported") or [usual]
        if usual not in ways and other in ways:
            client.client_kwargs["token_endpoint_auth_method"] = other

    def _redirect_uri(self, name: str) -> str:
        return f"{self._base_url}/auth/{name}/callback"


def _code(provider: Configured, answer: Mapping[str, str]) -> str:
    """The code that the browser brought; raises SignInFailed."""
    if "error" in answer:
        if answer["error"] in CANCELS:
            raise failure(Cause.CANCELLED, provider.title)
        raise failure(Cause.PROVIDER_REFUSED, provider.title, repr(answer["error"]))
    issuer = answer.get("iss", provider.issuer)  # RFC 9207
    if issuer not in provider.issuers:
        if issuer.rstrip("/") == provider.issuer.rstrip("/"):
            raise WrongIssuer(provider.name, provider.title, provider.issuer, issuer)
        raise failure(Cause.OTHER_ISSUER, provider.title, repr(issuer))
    if not answer.get("code"):
        raise failure(Cause.NO_CODE, provider.title)
    return answer["code"]


def _client(provider: Configured, transport: httpx2.AsyncBaseTransport) -> Any:
    return StarletteOAuth2App(
        framework=None,
        name=provider.name,
        client_id=provider.client_id,
        client_secret="",  # made anew for each use, where it ends
        server_metadata_url=f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={
            "scope": provider.scope,
            "code_challenge_method": "S256",
            "timeout": TIMEOUT_S,
            "transport": transport,
            "trust_env": False,
            "follow_redirects": False,
        },
    )
