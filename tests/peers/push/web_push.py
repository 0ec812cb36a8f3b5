"""A push service (RFC 8030) with browsers behind it, which read what it brings (RFC 8291).

It holds senders to what the RFCs ask: TTL, a topic of the right form, a body of the right size and
coding, and the signature of the very key that the subscription was made under (RFC 8292).
"""

import base64
import os
import re
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import http_ece
import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi import FastAPI, Request, Response
from joserfc import jwt
from joserfc.jwk import ECKey

from oo.push.vapid import VapidKeys
from tests.peers.push.peer import Answer, Peer
from tests.peers.serving import served

TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Subscription:
    """What a browser made: its own keys, and the key of who may push to it."""

    endpoint: str
    server_key: str
    private: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    auth: bytes = field(default_factory=lambda: os.urandom(16))
    messages: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """As `PushSubscription.toJSON()` gives it."""
        point = self.private.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )
        keys = {"p256dh": encoded(point), "auth": encoded(self.auth)}
        return {"endpoint": self.endpoint, "keys": keys}

    def seen(self) -> list[str]:
        """The tags that the person saw: one that comes again replaces itself."""
        return list(dict.fromkeys(it["notification"]["tag"] for it in self.messages))


class PushService:
    """The service; `faults` says what is answered to a number of posts to come."""

    def __init__(self) -> None:
        self.base = ""
        self.subscriptions: dict[str, Subscription] = {}
        self.faults: list[Answer] = []
        self.posts = 0

    def subscribe(self, server_key: str) -> Subscription:
        """A new subscription under that key."""
        made = encoded(os.urandom(12))
        found = Subscription(f"{self.base}/push/{made}", server_key)
        self.subscriptions[made] = found
        return found

    def app(self) -> FastAPI:
        app = FastAPI()
        app.post("/push/{name}")(self._push)
        return app

    async def _push(self, name: str, request: Request) -> Response:
        body = await request.body()
        self.posts += 1
        wrong = self._wrong(name, request, body)
        if wrong is not None:
            return Response(wrong[1], wrong[0])
        if self.faults:
            fault = self.faults.pop(0)
            if fault.accepts:
                self._take(name, body)
            headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
            return Response("", fault.status, headers)
        self._take(name, body)
        return Response("", 201, {"Location": f"{self.base}/messages/{self.posts}"})

    def _take(self, name: str, body: bytes) -> None:
        to = self.subscriptions[name]
        plain = http_ece.decrypt(
            body, private_key=to.private, auth_secret=to.auth, version="aes128gcm"
        )
        to.messages.append(orjson.loads(plain))

    def _wrong(self, name: str, request: Request, body: bytes) -> tuple[int, str] | None:
        if name not in self.subscriptions:
            return 410, "no such subscription"
        headers = request.headers
        if not headers.get("ttl", "").isdigit():
            return 400, "a TTL is needed"
        if not TOPIC.fullmatch(headers.get("topic", "x")):
            return 400, "the topic is none"
        if headers.get("content-encoding") != "aes128gcm":
            return 415, "not encrypted as RFC 8188 says"
        if len(body) > 4096:
            return 413, "too large"
        found = re.fullmatch(r"vapid t=([^,\s]+), k=([^,\s]+)", headers.get("authorization", ""))
        if found is None:
            return 401, "no VAPID"
        if found[2] != self.subscriptions[name].server_key:
            return 403, "the key of another"
        return self._misses(found[1], found[2])

    def _misses(self, token: str, key: str) -> tuple[int, str] | None:
        x, y = decoded(key)[1:33], decoded(key)[33:]
        public = ECKey.import_key({"kty": "EC", "crv": "P-256", "x": encoded(x), "y": encoded(y)})
        try:
            claims = jwt.decode(token, public, algorithms=["ES256"]).claims
        except ValueError as error:
            return 403, f"not signed by its key: {error}"
        if claims["aud"] != self.base or not str(claims["sub"]).startswith(("mailto:", "http")):
            return 403, "signed for another"
        if not time.time() < claims["exp"] <= time.time() + 24 * 3600:
            return 403, "signed for too long"
        return None


class WebPushPeer(Peer):
    """The service for the contract suite."""

    def __init__(self, service: PushService, keys: VapidKeys, serving: ExitStack) -> None:
        self.settings = {"allow_http": "true"}
        self.service = service
        self.keys = keys
        self._serving = serving

    async def device(self) -> dict[str, Any]:
        key = await self.keys.current()
        return {**self.service.subscribe(key.public_key).as_json(), "key_id": key.id}

    def answers(self, *faults: Answer) -> None:
        self.service.faults += faults

    def received(self) -> list[str]:
        return [
            str(it["notification"]["body"])
            for to in self.service.subscriptions.values()
            for it in to.messages
        ]

    async def stop(self) -> None:
        self._serving.close()


@asynccontextmanager
async def peer(keys: VapidKeys) -> AsyncIterator[WebPushPeer]:
    with ExitStack() as serving:
        service = PushService()
        service.base = serving.enter_context(served(service.app()))
        yield WebPushPeer(service, keys, serving)
