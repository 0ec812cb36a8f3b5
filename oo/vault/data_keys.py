"""Data keys that are in use: opened once per person and process, kept for a while, never shown."""

from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from oo.vault.seal import seal_with, unseal_with

KEEP_ROWS = 16_000  # opened words that are kept: at most twice that, some 30 MB

Opened = dict[tuple[str, str, bytes], Mapping[str, Any]]


class OpenedWords:
    """Words that were opened lately, bounded: in memory and nowhere else.

    Two generations, of which the older one goes when the younger one is full: as cheap as a
    dictionary, where an exact order of use would cost more than to open the words again.
    """

    def __init__(self, keep: int = KEEP_ROWS) -> None:
        self._keep = keep
        self._young: Opened = {}
        self._old: Opened = {}

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def __repr__(self) -> str:
        return f"OpenedWords({len(self)})"

    def get(self, key: tuple[str, str, bytes]) -> Mapping[str, Any] | None:
        """The words, if they are still here."""
        found = self._young.get(key)
        if found is None and (found := self._old.get(key)) is not None:
            self.put(key, found)
        return found

    def put(self, key: tuple[str, str, bytes], words: Mapping[str, Any]) -> None:
        """Keep the words for a while."""
        if len(self._young) >= self._keep:
            self._old, self._young = self._young, {}
        self._young[key] = words


class OpenDataKey:
    """A person's data key, ready for use."""

    __slots__ = ("_aead", "_opened", "_user_id")

    def __init__(self, user_id: str, key: bytes, opened: OpenedWords) -> None:
        self._user_id = user_id
        self._aead = AESGCM(key)
        self._opened = opened

    def __repr__(self) -> str:
        return f"OpenDataKey({self._user_id!r})"

    def seal(self, purpose: str, plaintext: bytes) -> bytes:
        """Sealed bytes that only this key and purpose open."""
        return seal_with(self._aead, plaintext, binding(self._user_id, purpose))

    def unseal(self, purpose: str, sealed: bytes) -> bytes:
        """What was sealed; raises SealError when anything does not fit."""
        return unseal_with(self._aead, sealed, binding(self._user_id, purpose))

    def remembered(self, table: str, sealed: bytes) -> Mapping[str, Any] | None:
        """Words of that blob that were opened lately, if they still are in memory.

        Under the person and the table: a blob that was moved to another row is opened anew, and
        does not fit there.
        """
        return self._opened.get((self._user_id, table, sealed))

    def remember(self, table: str, sealed: bytes, words: Mapping[str, Any]) -> None:
        """Keep opened words in memory for a while."""
        self._opened.put((self._user_id, table, sealed), words)


def binding(user_id: str, purpose: str) -> str:
    """What is bound into sealed bytes, so that they open for this person and use alone."""
    return f"secret\0{user_id}\0{purpose}"
