"""iOS apps, by Apple's push service: HTTP/2, a token signed by ES256, one request per device.

Source: Apple, *Sending notification requests to APNs* and *Handling notification responses from
APNs*. `apns-collapse-id` replaces what is shown already, `apns-expiration` ends what waits.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
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

TOKEN = re.compile(r"[0-9a-f]{64,200}")
MAX_TEXT = 2500  # bytes; a payload may have 4096
RENEW_S = 40 * 60  # Apple takes tokens between 20 and 60 minutes old
GONE = frozenset({"Unregistered", "BadDeviceToken", "DeviceTokenNotForTopic", "ExpiredToken"})


class ApnsSettings(Section):
    """The key that Apple gave, and what for."""

    team_id: str = Field(default="", description="Apple's id of your team; empty: not set up")
    key_id: str = Field(default="", description="The id of the signing key")
    key_file: Path | None = Field(default=None, description="The signing key, a .p8 file")
    topic: str = Field(default="", description="The bundle id of the app")
    url: str = Field(default="https://api.push.apple.com", description="Address of APNs")


class Apns:
    """Sends to Apple's service, over one connection for all devices."""

    def __init__(self, settings: ApnsSettings, key: ECKey, clock: Clock) -> None:
        self._settings = settings
        self._key = key
        self._clock = clock
        self._http = httpx2.AsyncClient(
            http1=settings.url.startswith("https:"), http2=True, timeout=SEND_S, trust_env=False
        )
        self._token = ("", 0.0)

    def address(self, given: Mapping[str, Any]) -> Address:
        """``{"token": …}``: the device token in hexadecimal digits."""
        token = given.get("token")
        if not isinstance(token, str) or not TOKEN.fullmatch(token.lower()):
            raise BadRequest("That is no device token of APNs.")
        return {"token": token.lower()}

    def lane(self, address: Address) -> str:
        return self._settings.url

    async def send(self, address: Address, message: Message) -> None:
        headers = {
            "authorization": f"bearer {self._signed()}",
            "apns-topic": self._settings.topic,
            "apns-push-type": "alert",
            "apns-priority": "10",
            "apns-expiration": str(int(message.expires_at.timestamp())),
            "apns-collapse-id": message.key,
        }
        url = f"{self._settings.url}/3/device/{address['token']}"
        try:
            answer = await self._http.post(url, content=_payload(message), headers=headers)
        except httpx2.TransportError as error:
            raise TryLater(type(error).__name__, is_away=True) from error
        if answer.status_code != 200:
            raise self._judged(answer)

    def _judged(self, answer: httpx2.Response) -> Exception:
        status = answer.status_code
        try:
            reason = str(orjson.loads(answer.content)["reason"])[:40]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            reason = f"http_{status}"
        if status == 410 or reason in GONE:
            return DeviceGone(f"APNs says {reason}")
        if reason in ("ExpiredProviderToken", "InvalidProviderToken"):
            self._token = ("", 0.0)  # signed anew at the next try
            return TryLater(f"APNs says {reason}")
        if status == 429 or status >= 500:
            after = answer.headers.get("retry-after", "")
            asked = timedelta(seconds=int(after)) if after.isdigit() else None
            return TryLater(f"APNs says {reason}", asked)
        return NotAccepted(reason)

    def _signed(self) -> str:
        now = self._clock.now().timestamp()
        token, at = self._token
        if not token or now - at > RENEW_S:
            header = {"alg": "ES256", "kid": self._settings.key_id}
            claims = {"iss": self._settings.team_id, "iat": int(now)}
            token = jwt.encode(header, claims, self._key)
            self._token = (token, now)
        return token


def _payload(message: Message) -> bytes:
    text = message.text.encode()[:MAX_TEXT].decode(errors="ignore")
    aps: dict[str, Any] = {"alert": {"body": text}, "thread-id": "tip", "category": "tip"}
    if message.tip_id is not None:
        aps["badge"] = 1
    told = {
        "tip": message.tip_id,
        "delivery": message.delivery_id,
        "device": message.device_id,
        "url": message.url,
    }
    return orjson.dumps({"aps": aps, "oo": told})


def make(settings: ApnsSettings, parts: Parts) -> Apns | None:
    """APNs of this installation; raises ConfigurationError for a key that is none."""
    if not settings.team_id:
        return None
    if settings.key_file is None or not settings.key_id or not settings.topic:
        raise ConfigurationError("OO_APNS__KEY_FILE, __KEY_ID and __TOPIC go with __TEAM_ID.")
    try:
        key = ECKey.import_key(settings.key_file.read_bytes())
    except (OSError, ValueError, JoseError) as error:
        raise ConfigurationError("OO_APNS__KEY_FILE is no key that can be read.") from error
    return Apns(settings, key, parts.clock)


CHANNEL = Channel(
    name="apns",
    title="iOS app",
    settings=ApnsSettings,
    make=make,
    collapses=True,
    example={"token": "ab" * 32},
)
