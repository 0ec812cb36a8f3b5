"""A stand-in OpenID provider that signs for real and lies on demand, reached without a socket."""

import base64
import hashlib
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx2
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from oo.kit.clock import Clock

ISSUER = "https://login.test"
CLIENT_ID = "oo"
RSA = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
EC = ECKey.generate_key("P-256", {"kid": "ec", "use": "sig"})

Sign = Callable[["SigningProvider", dict[str, Any]], Any]


def signed(provider: "SigningProvider", claims: dict[str, Any]) -> Any:
    """The token that an honest provider makes."""
    return jwt.encode({"alg": "RS256", "kid": provider.key.kid}, claims, provider.key, ["RS256"])


class SigningProvider:
    """Grants codes to whoever asks; `claims` and `sign` say how the next token comes out."""

    def __init__(self, clock: Clock, issuer: str = ISSUER) -> None:
        self.issuer = issuer
        self.clock = clock
        self.key: Any = RSA
        self.keys: list[Any] = [RSA, EC]
        self.algorithms = ["RS256", "ES256", "HS256", "none"]
        self.claims: dict[str, Any] = {}  # instead of the honest ones; None: left out
        self.sign: Sign = signed
        self.token: dict[str, Any] = {}  # as `claims`, for the answer of the token endpoint
        self.is_lax = False  # takes a code twice, and asks for no verifier
        self.down: set[str] = set()
        self.asked: list[str] = []
        self.forms: list[dict[str, str]] = []
        self._codes: dict[str, dict[str, str]] = {}

    def consent(self, url: str) -> dict[str, str]:
        """What the browser brings back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        code = secrets.token_urlsafe(8)
        self._codes[code] = asked
        return {"code": code, "state": asked["state"], "iss": self.issuer}

    def transport(self) -> httpx2.MockTransport:
        """How the provider is reached."""
        return httpx2.MockTransport(self._answer)

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path
        self.asked.append(path)
        if path in self.down:
            raise httpx2.ConnectError("nobody listens")
        if path == "/.well-known/openid-configuration":
            return httpx2.Response(
                200,
                json={
                    "issuer": self.issuer,
                    "authorization_endpoint": f"{self.issuer}/authorize",
                    "token_endpoint": f"{self.issuer}/token",
                    "jwks_uri": f"{self.issuer}/keys",
                    "id_token_signing_alg_values_supported": self.algorithms,
                    "token_endpoint_auth_methods_supported": ["client_secret_post"],
                },
            )
        if path == "/keys":
            return httpx2.Response(200, json=KeySet(self.keys).as_dict())
        return self._exchange(dict(parse_qsl(request.content.decode())))

    def _exchange(self, form: dict[str, str]) -> httpx2.Response:
        self.forms.append(form)
        code = form["code"]
        asked = self._codes.get(code) if self.is_lax else self._codes.pop(code, None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or not (self.is_lax or asked["code_challenge"] == challenge):
            return httpx2.Response(400, json={"error": "invalid_grant"})
        now = int(self.clock.now().timestamp())
        honest = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": "ada",
            "nonce": asked["nonce"],
            "iat": now,
            "exp": now + 600,
            "email": "ada@example.org",
            "name": "Ada",
        }
        if "max_age" in asked:
            honest["auth_time"] = now
        token = {"access_token": "a", "token_type": "Bearer"}
        token["id_token"] = self.sign(self, _without_none({**honest, **self.claims}))
        return httpx2.Response(200, json=_without_none({**token, **self.token}))


def _without_none(mapping: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in mapping.items() if value is not None}
