"""What an authenticator answered (WebAuthn Level 3), verified; each refusal by its cause."""

import hashlib
import logging
from enum import StrEnum
from typing import Any, NamedTuple

from webauthn import verify_authentication_response, verify_registration_response
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import (
    base64url_to_bytes,
    parse_attestation_object,
    parse_authenticator_data,
    parse_client_data_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.registration.verify_registration_response import VerifiedRegistration

from oo.kit.errors import BadRequest

log = logging.getLogger(__name__)

CREATE, GET = "webauthn.create", "webauthn.get"


class Cause(StrEnum):
    """What was wrong with an answer, as the log names it."""

    MALFORMED = "malformed"
    WRONG_TYPE = "wrong_type"  # an answer to the other kind of question
    UNKNOWN_CHALLENGE = "unknown_challenge"  # never asked, used, too old, or of another session
    WRONG_ORIGIN = "wrong_origin"
    IN_A_FRAME = "in_a_frame"
    WRONG_SITE = "wrong_site"  # made for another relying party
    NOT_PRESENT = "not_present"
    NOT_VERIFIED = "not_verified"
    UNKNOWN_PASSKEY = "unknown_passkey"
    KNOWN_PASSKEY = "known_passkey"  # to be added, but it is there
    WRONG_PERSON = "wrong_person"
    WRONG_SIGNATURE = "wrong_signature"
    COUNTER_WENT_BACK = "counter_went_back"  # of two devices with one key, or a replay


class PasskeyRefused(BadRequest):
    """An answer that proves nothing; `cause` is for the log alone."""

    code, title = "passkey_refused", "The passkey was not accepted"

    def __init__(self, cause: Cause, found: object = "") -> None:
        super().__init__("That passkey was not accepted. Try again, or sign in another way.")
        self.cause = cause
        log.warning("passkey refused: %s %s", cause.value, str(found)[:200])


class Site(NamedTuple):
    """Whom passkeys are made for (the relying party), and the origin of its pages."""

    id: str
    origin: str


class Said(NamedTuple):
    """What an answer claims, before anything of it is proven."""

    challenge: bytes
    credential_id: bytes
    user_handle: bytes


def said(credential: dict[str, Any], kind: str, site: Site) -> Said:
    """What the answer claims; raises PasskeyRefused for one of another kind or origin."""
    try:
        response = credential["response"]
        client = parse_client_data_json(base64url_to_bytes(response["clientDataJSON"]))
        credential_id = base64url_to_bytes(credential["rawId"])
        user_handle = base64url_to_bytes(response.get("userHandle") or "")
    except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError) as error:
        raise PasskeyRefused(Cause.MALFORMED, repr(error)) from error
    if client.type != kind:
        raise PasskeyRefused(Cause.WRONG_TYPE, client.type)
    if client.origin != site.origin:
        raise PasskeyRefused(Cause.WRONG_ORIGIN, repr(client.origin))
    if client.cross_origin:
        raise PasskeyRefused(Cause.IN_A_FRAME)
    return Said(client.challenge, credential_id, user_handle)


def verified_registration(
    credential: dict[str, Any], challenge: bytes, site: Site
) -> VerifiedRegistration:
    """The passkey that was made; raises PasskeyRefused."""
    try:
        made = parse_attestation_object(
            base64url_to_bytes(credential["response"]["attestationObject"])
        )
        _check_device(made.auth_data, site)
        return verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.id,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except PasskeyRefused:
        raise
    except Exception as error:  # the library lets whatever its parsers raise through
        raise PasskeyRefused(Cause.MALFORMED, repr(error)) from error


def verified_use(
    credential: dict[str, Any], challenge: bytes, site: Site, public_key: bytes
) -> VerifiedAuthentication:
    """What the holder of the key signed; raises PasskeyRefused. Its counter is not compared."""
    try:
        device = parse_authenticator_data(
            base64url_to_bytes(credential["response"]["authenticatorData"])
        )
    except Exception as error:  # as above
        raise PasskeyRefused(Cause.MALFORMED, repr(error)) from error
    _check_device(device, site)
    try:
        return verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.id,
            expected_origin=site.origin,
            credential_public_key=public_key,
            credential_current_sign_count=0,  # compared once the answer is known to be signed
            require_user_verification=True,
        )
    except WebAuthnException as error:
        signature = "signature" in str(error)
        cause = Cause.WRONG_SIGNATURE if signature else Cause.MALFORMED
        raise PasskeyRefused(cause, repr(error)) from error
    except Exception as error:  # as above
        raise PasskeyRefused(Cause.MALFORMED, repr(error)) from error


def _check_device(device: Any, site: Site) -> None:
    if device.rp_id_hash != hashlib.sha256(site.id.encode()).digest():
        raise PasskeyRefused(Cause.WRONG_SITE)
    if not device.flags.up:
        raise PasskeyRefused(Cause.NOT_PRESENT)
    if not device.flags.uv:
        raise PasskeyRefused(Cause.NOT_VERIFIED)
