"""Secrets of the operator's own, such as signing keys: sealed under the newest master key."""

from typing import NamedTuple

from oo.vault.keyring import Keyring
from oo.vault.seal import seal, unseal


class OperatorSecret(NamedTuple):
    """A sealed secret and the id of the master key that it is sealed under."""

    sealed: bytes
    kek_id: str


class OperatorVault:
    """Seals and opens what belongs to nobody but the installation."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    @property
    def current_id(self) -> str:
        """The id of the master key that seals now."""
        return self._keyring.current_id

    def seal(self, purpose: str, plaintext: bytes) -> OperatorSecret:
        """Seal `plaintext` for `purpose`."""
        kek_id = self._keyring.current_id
        key = self._keyring.derive("operator secrets", kek_id)
        return OperatorSecret(seal(key, plaintext, _binding(purpose, kek_id)), kek_id)

    def open(self, purpose: str, secret: OperatorSecret) -> bytes:
        """What was sealed; raises SealError where it does not fit.

        Raises ConfigurationError when the operator has dropped its master key.
        """
        key = self._keyring.derive("operator secrets", secret.kek_id)
        return unseal(key, secret.sealed, _binding(purpose, secret.kek_id))


def _binding(purpose: str, kek_id: str) -> str:
    return f"operator\0{purpose}\0{kek_id}"
