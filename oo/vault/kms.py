"""Master keys that only a key management service opens: AWS KMS, or what speaks as it does.

The file of master keys then holds what the service sealed, and a copy of the file opens nothing
without it. A process asks once for each key, at its start and when the file changes: the service
is on no request's path, and what it counts says who opened the keys of this installation, and when.
"""

import base64
from functools import cached_property
from typing import Any

from oo.kit.errors import ConfigurationError
from oo.kit.setting_groups import Kms

MARK = "kms:"
GIVE_UP_S = 3
ATTEMPTS = 3  # with growing pauses between them: botocore's own standard mode


class KeyManagement:
    """Seals and opens master keys by a key that never leaves the service."""

    def __init__(self, settings: Kms) -> None:
        self._settings = settings

    @property
    def is_given(self) -> bool:
        """Whether the settings name a key that seals."""
        return bool(self._settings.key)

    def seal(self, key_id: str, key: bytes) -> str:
        """The key as it is kept, bound to its id; raises ConfigurationError."""
        answer = self._ask("encrypt", KeyId=self._settings.key, Plaintext=key, **_bound(key_id))
        return MARK + base64.b64encode(answer["CiphertextBlob"]).decode()

    def open(self, key_id: str, text: str) -> bytes:
        """The key in what was kept of it; raises ConfigurationError."""
        if not self.is_given:
            raise ConfigurationError(
                f"The master key {key_id!r} is sealed by a key management service: set OO_KMS__KEY."
            )
        blob = base64.b64decode(text.removeprefix(MARK))
        answer = self._ask("decrypt", CiphertextBlob=blob, **_bound(key_id))
        key: bytes = answer["Plaintext"]
        return key

    def _ask(self, call: str, **asked: Any) -> dict[str, Any]:
        # takes a third of a second, which commands that need no key save
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer: dict[str, Any] = getattr(self._client, call)(**asked)
        except (BotoCoreError, ClientError) as error:
            raise ConfigurationError(
                f"The key management service did not {call} a master key: {error}. Look at"
                " OO_KMS__KEY, OO_KMS__REGION, OO_KMS__ENDPOINT and AWS's credentials."
            ) from error
        return answer

    @cached_property
    def _client(self) -> Any:
        import boto3
        from botocore.config import Config

        retries: Any = {"mode": "standard", "total_max_attempts": ATTEMPTS}
        return boto3.client(
            "kms",
            region_name=self._settings.region or None,
            endpoint_url=self._settings.endpoint or None,
            config=Config(connect_timeout=GIVE_UP_S, read_timeout=GIVE_UP_S, retries=retries),
        )


def _bound(key_id: str) -> dict[str, Any]:
    """What a sealed key is bound to: under another id it does not open."""
    return {"EncryptionContext": {"oo": "master key", "id": key_id}}
