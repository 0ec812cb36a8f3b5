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
    return seal_with(AESGCM(key), plaintext, binding)


def unseal(key: bytes, sealed: bytes, binding: str) -> bytes:
    """What was sealed; raises :class:`SealError`."""
    return unseal_with(AESGCM(key), sealed, binding)


def seal_with(aead: AESGCM, plaintext: bytes, binding: str) -> bytes:
    """As :func:`seal`, with a key that is used more than once."""
    nonce = os.urandom(NONCE_BYTES)
    return VERSION + nonce + aead.encrypt(nonce, plaintext, VERSION + binding.encode())


def unseal_with(aead: AESGCM, sealed: bytes, binding: str) -> bytes:
    """As :func:`unseal`, with a key that is used more than once."""
    if sealed[:1] != VERSION or len(sealed) <= 1 + NONCE_BYTES:
        raise SealError("not sealed bytes of a known version")
    nonce, ciphertext = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    try:
        return aead.decrypt(nonce, ciphertext, VERSION + binding.encode())
    except InvalidTag as error:
        raise SealError("sealed bytes do not fit the key or the binding") from error
