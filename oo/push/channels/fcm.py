"""Android apps, by Firebase Cloud Messaging's HTTP v1 API, as a service account (RFC 7523).

Source: Firebase, *FCM HTTP v1 API* (`projects.messages.send`, `ErrorCode`). A message with the same
collapse key replaces one that waits, one with the same tag what is shown already.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from pydantic import Field

from oo.kit.clock import Clock
from oo.kit.errors import BadRequest, ConfigurationError
from oo.kit.settings import Section
from oo.push.channel import (
    SEND_S,
    Address,
    Channel,
    DeviceGone,
    Message,
    NotAccepted,
    Parts,
    TryLater,
)

TOKEN = re.compile(r"[A-Za-z0-9_:-]{20,1000}")
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
MAX_TEXT = 2500
EARLY_S = 120
GONE = frozenset({"UNREGISTERED", "SENDER_ID_MISMATCH"})


class FcmSettings(Section):
    """The service account that sends."""

    credentials_file: Path | None = Field(
        default=None, description="The key of a service account, a JSON file; empty: not set up"
    )
    url: str = Field(default="https://fcm.googleapis.com", description="Address of FCM")


class _Account(NamedTuple):
    project: str
    email: str
    token_url: str
    key: RSAKey


class Fcm:
    """Sends to Google's service."""

    def __init__(self, settings: FcmSettings, account: _Account, clock: Clock) -> None:
        self._url = f"{settings.url}/v1/projects/{account.project}/messages:send"
        self._account = account
        self._clock = clock
        self._http = httpx2.AsyncClient(timeout=SEND_S, trust_env=False)
        self._token = ("", 0.0)

    def address(self, given: Mapping[str, Any]) -> Address:
        """``{"token": …}``: the registration token."""
        token = given.get("token")
        if not isinstance(token, str) or not TOKEN.fullmatch(token):
            raise BadRequest("That is no registration token of FCM.")
        return {"token": token}

    def lane(self, address: Address) -> str:
        return self._url

    async def send(self, address: Address, message: Message) -> None:
        content = orjson.dumps({"message": self._content(address["token"], message)})
        try:
            headers = {
                "authorization": f"Bearer {await self._access()}",
                "content-type": "application/json",
            }
            answer = await self._http.post(self._url, content=content, headers=headers)
        except httpx2.TransportError as error:
            raise TryLater(type(error).__name__, is_away=True) from error
        if answer.status_code != 200:
            raise self._judged(answer)

    def _content(self, token: str, message: Message) -> dict[str, Any]:
        text = message.text.encode()[:MAX_TEXT].decode(errors="ignore")
        left = max(0, int((message.expires_at - self._clock.now()).total_seconds()))
        return {
            "token": token,
            "notification": {"title": "oO", "body": text},
            "data": {
                "tip": message.tip_id or "",
                "delivery": message.delivery_id,
                "device": message.device_id,
                "url": message.url,
            },
            "android": {
                "ttl": f"{left}s",
                "collapse_key": message.key,
                "priority": "HIGH",
                "notification": {"tag": message.key},
            },
        }

    async def _access(self) -> str:
        """The access token, traded for a signed assertion; raises as `send` does."""
        now = self._clock.now().timestamp()
        token, until = self._token
        if token and now < until:
            return token
        claims = {
            "iss": self._account.email,
            "scope": SCOPE,
            "aud": self._account.token_url,
            "iat": int(now),
            "exp": int(now) + 3600,
        }
        assertion = jwt.encode({"alg": "RS256", "typ": "JWT"}, claims, self._account.key)
        form = {"grant_type": GRANT, "assertion": assertion}
        answer = await self._http.post(self._account.token_url, data=form)
        try:
            given = orjson.loads(answer.content)
            token, life = str(given["access_token"]), float(given["expires_in"])
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise TryLater("Google gives no access token") from error
        self._token = (token, now + life - EARLY_S)
        return token

    def _judged(self, answer: httpx2.Response) -> Exception:
        status = answer.status_code
        code = _code(answer.content) or f"http_{status}"
        if code in GONE:
            return DeviceGone(f"FCM says {code}")
        if status == 401:
            self._token = ("", 0.0)
            return TryLater(f"FCM says {code}")
        if status == 429 or status >= 500:
            after = answer.headers.get("retry-after", "")
            asked = timedelta(seconds=int(after)) if after.isdigit() else None
            return TryLater(f"FCM says {code}", asked)
        return NotAccepted(code[:40])


def _code(content: bytes) -> str:
    """The code that FCM adds to Google's errors, or Google's own."""
    try:
        error = orjson.loads(content)["error"]
        found = [it["errorCode"] for it in error.get("details", ()) if "errorCode" in it]
        return str(found[0] if found else error["status"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return ""


def make(settings: FcmSettings, parts: Parts) -> Fcm | None:
    """FCM of this installation; raises ConfigurationError for credentials that are none."""
    if settings.credentials_file is None:
        return None
    try:
        given = orjson.loads(settings.credentials_file.read_bytes())
        key = RSAKey.import_key(given["private_key"])
        account = _Account(given["project_id"], given["client_email"], given["token_uri"], key)
    except (OSError, ValueError, KeyError, TypeError, JoseError) as error:
        raise ConfigurationError(
            "OO_FCM__CREDENTIALS_FILE is no key of a service account."
        ) from error
    return Fcm(settings, account, parts.clock)


CHANNEL = Channel(
    name="fcm",
    title="Android app",
    settings=FcmSettings,
    make=make,
    collapses=True,
    example={"token": "dGVzdA:APA91b-" + "x" * 40},
)
