"""FCM as its reference describes it: the token endpoint, `messages:send`, and its errors."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

import orjson
from fastapi import FastAPI, Request, Response
from joserfc import jwt
from joserfc.jwk import RSAKey

from oo.push.vapid import VapidKeys
from tests.peers.push.peer import Answer, Peer
from tests.peers.serving import served

EMAIL = "oo@project.iam.gserviceaccount.com"
CODES = {
    404: ("NOT_FOUND", "UNREGISTERED"),
    429: ("RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED"),
    503: ("UNAVAILABLE", "UNAVAILABLE"),
    400: ("INVALID_ARGUMENT", "INVALID_ARGUMENT"),
}


class FcmPeer(Peer):
    """One project, with a service account that may send."""

    gone: ClassVar[Answer] = Answer(404)
    broken: ClassVar[Answer] = Answer(503)

    def __init__(self, folder: Path, serving: ExitStack) -> None:
        self.messages: list[dict[str, Any]] = []
        self.trades = 0
        self._serving = serving
        self._faults: list[Answer] = []
        self._key = RSAKey.generate_key(2048)
        base = serving.enter_context(served(self.app()))
        self._token_url = f"{base}/token"
        credentials = folder / "account.json"
        credentials.write_bytes(
            orjson.dumps(
                {
                    "type": "service_account",
                    "project_id": "project",
                    "private_key": self._key.as_pem(private=True).decode(),
                    "client_email": EMAIL,
                    "token_uri": self._token_url,
                }
            )
        )
        self.settings = {"credentials_file": str(credentials), "url": base}

    def app(self) -> FastAPI:
        app = FastAPI()
        app.post("/token")(self._trade)
        app.post("/v1/projects/project/messages:send")(self._send)
        return app

    async def _trade(self, request: Request) -> dict[str, Any]:
        form = await request.form()
        assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
        claims = jwt.decode(str(form["assertion"]), self._key, algorithms=["RS256"]).claims
        assert (claims["iss"], claims["aud"]) == (EMAIL, self._token_url)
        self.trades += 1
        return {"access_token": "ya29.x", "expires_in": 3599, "token_type": "Bearer"}

    async def _send(self, request: Request) -> Response:
        message = (await request.json())["message"]
        if request.headers.get("authorization") != "Bearer ya29.x":
            return _error(401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR", {})
        if not message["android"]["ttl"].endswith("s") or any(
            not isinstance(it, str) for it in message["data"].values()
        ):
            return _error(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", {})
        if self._faults:
            fault = self._faults.pop(0)
            headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
            return _error(fault.status, *CODES[fault.status], headers)
        self.messages.append(message)
        made = {"name": f"projects/project/messages/{len(self.messages)}"}
        return Response(orjson.dumps(made), media_type="application/json")

    async def device(self) -> dict[str, Any]:
        return {"token": "dGVzdA:APA91b-" + "y" * 40}

    def answers(self, *faults: Answer) -> None:
        self._faults += faults

    def received(self) -> list[str]:
        return [str(it["notification"]["body"]) for it in self.messages]

    async def stop(self) -> None:
        self._serving.close()


def _error(status: int, name: str, code: str, headers: dict[str, str]) -> Response:
    kind = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
    details = [{"@type": kind, "errorCode": code}]
    error = {"code": status, "message": "no", "status": name, "details": details}
    content = orjson.dumps({"error": error})
    return Response(content, status, headers, media_type="application/json")


@asynccontextmanager
async def peer(keys: VapidKeys) -> AsyncIterator[FcmPeer]:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as serving:
        yield FcmPeer(Path(folder), serving)
