"""A software authenticator: makes passkeys and answers with them, as WebAuthn Level 3 says."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def encoded(data: bytes) -> str:
    """base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """The bytes of base64url without padding."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Authenticator:
    """One passkey of a device; whatever it says can be told to be something else."""

    origin: str
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    user_handle: bytes = b""
    count: int = 0

    def make(self, options: Mapping[str, Any], **changed: Any) -> dict[str, Any]:
        """The answer to `navigator.credentials.create`."""
        self.user_handle = decoded(options["user"]["id"])
        client = self._client("webauthn.create", options["challenge"], changed)
        numbers = self.key.public_key().public_numbers()
        key = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
        made = (
            b"\0" * 16
            + len(self.credential_id).to_bytes(2)
            + self.credential_id
            + cbor2.dumps(changed.get("key", key))
        )
        data = self._device(options["rp"]["id"], ATTESTED, changed) + made
        attested = {"fmt": "none", "attStmt": {}, "authData": data}
        return self._answer(
            {"clientDataJSON": encoded(client), "attestationObject": encoded(cbor2.dumps(attested))}
        )

    def use(self, options: Mapping[str, Any], **changed: Any) -> dict[str, Any]:
        """The answer to `navigator.credentials.get`."""
        self.count += 1
        client = self._client("webauthn.get", options["challenge"], changed)
        data = self._device(options["rpId"], 0, changed)
        signed = data + hashlib.sha256(client).digest()
        signature = changed.get("key", self.key).sign(signed, ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {
                "clientDataJSON": encoded(changed.get("client_after", client)),
                "authenticatorData": encoded(changed.get("device_after", data)),
                "signature": encoded(changed.get("signature", signature)),
                "userHandle": encoded(changed.get("user_handle", self.user_handle)),
            }
        )

    def _client(self, kind: str, challenge: str, changed: Mapping[str, Any]) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps({**said, **changed.get("client", {})}).encode()

    def _device(self, site: str, flags: int, changed: Mapping[str, Any]) -> bytes:
        flags |= changed.get("flags", PRESENT | VERIFIED)
        count = changed.get("count", self.count)
        named = hashlib.sha256(changed.get("site", site).encode()).digest()
        return named + bytes([flags]) + int(count).to_bytes(4)

    def _answer(self, response: dict[str, str]) -> dict[str, Any]:
        id_ = encoded(self.credential_id)
        return {"id": id_, "rawId": id_, "type": "public-key", "response": response}
