"""Passkeys: a further way in for people who have been here, made by their own device."""

import secrets
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
)
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from oo.identity.passkey_answers import (
    CREATE,
    GET,
    Cause,
    PasskeyRefused,
    Said,
    Site,
    said,
    verified_registration,
    verified_use,
)
from oo.identity.sessions import hash_token, start_session
from oo.kit.clock import Clock
from oo.kit.errors import Conflict, NotFound
from oo.kit.ids import new_id
from oo.kit.settings import Settings
from oo.store import passkeys
from oo.store.database import Database
from oo.store.passkeys import PasskeyRow
from oo.store.sessions import SessionRow

CHALLENGE_BYTES = 32
CHALLENGE_LIFETIME = timedelta(minutes=5)
MAX_NAME = 80
MAX_PASSKEYS = 20
UNNAMED = "Passkey"


class OwnPasskey(NamedTuple):
    """One of the person's passkeys."""

    id: str
    name: str
    created_at: datetime
    used_at: datetime | None


class Passkeys:
    """Everything about passkeys that endpoints use."""

    def __init__(self, db: Database, settings: Settings, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._days = settings.limits.session_days
        self._site = Site(urlsplit(settings.base_url).hostname or "", settings.base_url)

    async def creation_options(self, session: SessionRow) -> str:
        """What the browser needs to make a passkey, as JSON; good for one answer, soon."""
        challenge = await self._challenge(session.token_hash)
        async with self._db.read() as connection:
            known = await passkeys.list_for(connection, session.user_id)
        if len(known) >= MAX_PASSKEYS:
            raise Conflict(f"{MAX_PASSKEYS} passkeys are all that oO keeps. Remove one first.")
        return options_to_json(
            generate_registration_options(
                rp_id=self._site.id,
                rp_name="oO",
                user_id=session.user_id.encode(),
                user_name=session.email or session.name or "You",
                user_display_name=session.name or session.email or "You",
                challenge=challenge,
                authenticator_selection=AuthenticatorSelectionCriteria(
                    resident_key=ResidentKeyRequirement.REQUIRED,
                    user_verification=UserVerificationRequirement.REQUIRED,
                ),
                exclude_credentials=[
                    PublicKeyCredentialDescriptor(id=it.credential_id) for it in known
                ],
            )
        )

    async def add(self, session: SessionRow, credential: dict[str, Any], name: str) -> None:
        """Keep the passkey that the person's browser has made; raises PasskeyRefused."""
        claimed = await self._claimed(credential, CREATE, session.token_hash)
        made = verified_registration(credential, claimed.challenge, self._site)
        row = PasskeyRow(
            id=new_id(self._clock),
            user_id=session.user_id,
            credential_id=made.credential_id,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            name=_name(name),
            created_at=self._clock.now(),
            used_at=None,
        )
        async with self._db.write() as connection:
            added = await passkeys.add(connection, row)
        if not added:
            raise PasskeyRefused(Cause.KNOWN_PASSKEY)

    async def request_options(self) -> str:
        """What the browser needs to sign in by whichever passkey it has, as JSON."""
        return options_to_json(
            generate_authentication_options(
                rp_id=self._site.id,
                challenge=await self._challenge(""),
                user_verification=UserVerificationRequirement.REQUIRED,
            )
        )

    async def enter(self, credential: dict[str, Any], user_agent: str) -> str:
        """Begin a session by a passkey; returns the cookie's value. Raises PasskeyRefused."""
        claimed = await self._claimed(credential, GET, "")
        async with self._db.read() as connection:
            known = await passkeys.find(connection, claimed.credential_id)
        if known is None:
            raise PasskeyRefused(Cause.UNKNOWN_PASSKEY)
        if claimed.user_handle != known.user_id.encode():
            raise PasskeyRefused(Cause.WRONG_PERSON, known.id)
        used = verified_use(credential, claimed.challenge, self._site, known.public_key)
        async with self._db.write() as connection:
            if not await passkeys.note_use(
                connection, known.user_id, known.id, used.new_sign_count, self._clock.now()
            ):
                counts = f"{known.id}: {used.new_sign_count} after {known.sign_count}"
                raise PasskeyRefused(Cause.COUNTER_WENT_BACK, counts)
            return await start_session(
                connection, known.user_id, self._clock, self._days, user_agent
            )

    async def list_for(self, user_id: str) -> list[OwnPasskey]:
        """The person's passkeys, oldest first."""
        async with self._db.read() as connection:
            rows = await passkeys.list_for(connection, user_id)
        return [OwnPasskey(row.id, row.name, row.created_at, row.used_at) for row in rows]

    async def rename(self, user_id: str, passkey_id: str, name: str) -> None:
        """Name one of the person's passkeys; raises NotFound for one that is not theirs."""
        async with self._db.write() as connection:
            if not await passkeys.rename(connection, user_id, passkey_id, _name(name)):
                raise _not_there()

    async def remove(self, user_id: str, passkey_id: str) -> None:
        """Remove one of the person's passkeys; raises NotFound for one that is not theirs."""
        async with self._db.write() as connection:
            if not await passkeys.remove(connection, user_id, passkey_id):
                raise _not_there()

    async def _challenge(self, session_hash: str) -> bytes:
        challenge, now = secrets.token_bytes(CHALLENGE_BYTES), self._clock.now()
        async with self._db.write() as connection:
            await passkeys.add_challenge(
                connection, hash_token(challenge.hex()), session_hash, now, now + CHALLENGE_LIFETIME
            )
        return challenge

    async def _claimed(self, credential: dict[str, Any], kind: str, session_hash: str) -> Said:
        """What the answer claims, once its challenge is used up."""
        claimed = said(credential, kind, self._site)
        async with self._db.write() as connection:
            is_ours = await passkeys.use_challenge(
                connection, hash_token(claimed.challenge.hex()), session_hash, self._clock.now()
            )
        if not is_ours:
            raise PasskeyRefused(Cause.UNKNOWN_CHALLENGE)
        return claimed


def _name(given: str) -> str:
    # PostgreSQL stores no NUL
    return " ".join(given.replace("\0", "").split())[:MAX_NAME] or UNNAMED


def _not_there() -> NotFound:
    return NotFound("There is no such passkey.")
