"""AES-256-GCM with the purpose bound in: bytes sealed for one use cannot be opened in another."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION = b"\x01"
NONCE_BYTES = 12


class SealError(Exception):
    """Sealed bytes that were changed, or belong to another key, person or purpose."""


def seal(key: bytes, plaintext: bytes, binding: str) -> bytes:
    """Version, nonce, ciphertext and tag of `plaintext`; `binding` must be given to open it."""
    nonce = os.urandom(NONCE_BYTES)
    return VERSION + nonce + AESGCM(key).encrypt(nonce, plaintext, VERSION + binding.encode())


def unseal(key: bytes, sealed: bytes, binding: str) -> bytes:
    """What was sealed; raises :class:`SealError`."""
    if sealed[:1] != VERSION or len(sealed) <= 1 + NONCE_BYTES:
        raise SealError("not sealed bytes of a known version")
    nonce, ciphertext = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, VERSION + binding.encode())
    except InvalidTag as error:
        raise SealError("sealed bytes do not fit the key or the binding") from error
