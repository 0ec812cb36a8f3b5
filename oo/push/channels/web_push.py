"""Browsers: Web Push (RFC 8030, 8188, 8291, 8292), as JSON of Declarative Web Push.

A browser that knows that JSON shows it without a service worker; ours reads the same JSON
(`oo/web/static/worker.js`), which has the actions and what it must know in `data`.
"""

import base64
import binascii
import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import http_ece
import httpx2
import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import Field

from oo.kit.clock import Clock
from oo.kit.errors import BadRequest, NotFound
from oo.kit.settings import Section
from oo.push.channel import Address, Channel, DeviceGone, Message, NotAccepted, Parts, TryLater
from oo.push.vapid import VapidKeys

MAX_BODY = 3000  # bytes before encryption: services take 4096 of what comes out
MAX_ENDPOINT = 1000
POINT_BYTES, SECRET_BYTES = 65, 16
DECLARATIVE = 8030  # the number that tells such a message
SNOOZE_AND_DONE = (("done", "Done"), ("snooze", "Snooze"))
AWAY = frozenset({502, 503, 504})


class WebPushSettings(Section):
    """What an operator can choose of it."""

    enabled: bool = Field(default=True, description="Whether browsers may be notified")
    allow_http: bool = Field(
        default=False,
        description="Take endpoints without TLS too: for a push service of your own",
    )


class WebPush:
    """Sends to the push services of browsers."""

    def __init__(
        self, settings: WebPushSettings, http: httpx2.AsyncClient, clock: Clock, keys: VapidKeys
    ) -> None:
        self._schemes = {"https", "http"} if settings.allow_http else {"https"}
        self._http = http
        self._clock = clock
        self._keys = keys

    def address(self, given: Mapping[str, Any]) -> Address:
        """A `PushSubscription` as JSON, with `key_id`: the VAPID key that it was made under."""
        endpoint, key_id = given.get("endpoint"), given.get("key_id")
        keys = given.get("keys")
        if not isinstance(endpoint, str) or not isinstance(key_id, str) or len(key_id) > 32:
            raise BadRequest("Send the subscription as the browser has it, and its key's id.")
        self._check(endpoint)
        if not isinstance(keys, Mapping):
            raise BadRequest("The subscription lacks its keys.")
        point = _decoded(keys.get("p256dh"), POINT_BYTES)
        try:
            ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        except ValueError as error:
            raise BadRequest("The subscription's key is no point of P-256.") from error
        return {
            "endpoint": endpoint,
            "p256dh": _encoded(point),
            "auth": _encoded(_decoded(keys.get("auth"), SECRET_BYTES)),
            "key_id": key_id,
        }

    def _check(self, endpoint: str) -> None:
        try:
            parts = urlsplit(endpoint)
            has_host = bool(parts.hostname) and parts.username is None and parts.port != 0
        except ValueError:
            has_host = False
        if not has_host or parts.scheme not in self._schemes or len(endpoint) > MAX_ENDPOINT:
            raise BadRequest("The subscription's endpoint is not an https address.")
        if not endpoint.isascii() or not endpoint.isprintable() or " " in endpoint:
            raise BadRequest("The subscription's endpoint is not an address.")

    def lane(self, address: Address) -> str:
        return _origin(address["endpoint"])

    async def send(self, address: Address, message: Message) -> None:
        endpoint = address["endpoint"]
        now = self._clock.now()
        try:
            signed = await self._keys.authorization(address["key_id"], _origin(endpoint))
        except NotFound as error:
            raise DeviceGone("its key was retired") from error
        headers = {
            "Authorization": signed,
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/notification+json",
            "TTL": str(max(0, int((message.expires_at - now).total_seconds()))),
            "Topic": message.key,
            "Urgency": "normal",
        }
        body = encrypted(payload(message), address)
        try:
            answer = await self._http.post(endpoint, content=body, headers=headers)
        except httpx2.TransportError as error:
            raise TryLater(type(error).__name__, is_away=True) from error
        _judge(answer, now)


def payload(message: Message) -> bytes:
    """The notification as JSON of Declarative Web Push, cut to what services take."""
    room = MAX_BODY
    while True:
        encoded = orjson.dumps(_content(message, room))
        if len(encoded) <= MAX_BODY:
            return encoded
        room -= len(encoded) - MAX_BODY + 3


def _content(message: Message, room: int) -> dict[str, Any]:
    text = message.text.encode()
    body = text.decode() if len(text) <= room else text[:room].decode(errors="ignore") + "…"
    actions = () if message.tip_id is None else SNOOZE_AND_DONE
    return {
        "web_push": DECLARATIVE,
        "notification": {
            "title": "oO",
            "body": body,
            "lang": message.lang,
            "dir": "auto",
            "tag": message.key,
            "navigate": message.url,
            "silent": False,
            "actions": [
                {"action": action, "title": title, "navigate": message.url}
                for action, title in actions
            ],
            "data": {
                "person": message.person,
                "tip": message.tip_id,
                "delivery": message.delivery_id,
                "device": message.device_id,
                "url": message.url,
                "expires": int(message.expires_at.timestamp() * 1000),
            },
        },
        "app_badge": 0 if message.tip_id is None else 1,
        "mutable": True,
    }


def encrypted(content: bytes, address: Address) -> bytes:
    """`content` for the one browser that can read it (RFC 8291)."""
    made: bytes = http_ece.encrypt(
        content,
        salt=os.urandom(16),
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=_decoded(address["p256dh"], POINT_BYTES),
        auth_secret=_decoded(address["auth"], SECRET_BYTES),
        version="aes128gcm",
    )
    return made


def _judge(answer: httpx2.Response, now: datetime) -> None:
    status = answer.status_code
    if 200 <= status < 300:
        return
    if status in (404, 410):
        raise DeviceGone(f"the push service says {status}")
    after = _retry_after(answer.headers.get("retry-after"), now)
    if status == 429 or status >= 500:
        raise TryLater(f"the push service says {status}", after)
    raise NotAccepted(f"http_{status}")


def _retry_after(given: str | None, now: datetime) -> timedelta | None:
    """Seconds or a date (RFC 9110, section 10.2.3); what is neither counts as nothing."""
    if not given:
        return None
    try:
        return timedelta(seconds=min(max(int(given), 0), 7 * 86400))
    except ValueError:
        pass
    try:
        return max(parsedate_to_datetime(given) - now, timedelta(0))
    except (TypeError, ValueError):
        return None


def _origin(endpoint: str) -> str:
    parts = urlsplit(endpoint)
    return f"{parts.scheme}://{parts.netloc}"


def _decoded(given: object, length: int) -> bytes:
    if not isinstance(given, str) or not given.isascii():
        raise BadRequest("A key of the subscription is missing.")
    try:
        found = base64.urlsafe_b64decode(given.rstrip("=") + "=" * (-len(given.rstrip("=")) % 4))
    except (binascii.Error, ValueError) as error:
        raise BadRequest("A key of the subscription is not base64url.") from error
    if len(found) != length:
        raise BadRequest("A key of the subscription has the wrong length.")
    return found


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def make(settings: WebPushSettings, parts: Parts) -> WebPush | None:
    """Web Push for this installation."""
    return WebPush(settings, parts.http, parts.clock, parts.keys) if settings.enabled else None


CHANNEL = Channel(
    name="web_push",
    title="Browser",
    settings=WebPushSettings,
    make=make,
    collapses=True,  # by topic at the service, by tag at the browser, by tip in the worker
    example={
        "endpoint": "https://push.example/s/1",
        "keys": {
            # the receiver of RFC 8291, section 5
            "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcx"
            "aOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            "auth": "BTBZMqHH6r4Tts7J_aSIgg",
        },
        "key_id": "1",
    },
)
