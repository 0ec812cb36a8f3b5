"""Why a sign-in at a provider came to nothing: each cause has its page and its line in the log."""

import logging
from enum import StrEnum
from typing import ClassVar

from oo.kit.errors import BadGateway, BadRequest, Conflict, Forbidden, OoError, Unauthorized

log = logging.getLogger(__name__)

MAX_FOUND = 200


class Cause(StrEnum):
    """What went wrong, as the log names it."""

    CANCELLED = "cancelled"
    # the answer and the attempt that it belongs to
    NO_ATTEMPT = "no_attempt"  # its cookie is missing, forged or too old
    OTHER_STATE = "other_state"
    OTHER_PROVIDER = "other_provider"
    NO_CODE = "no_code"
    SPENT_ATTEMPT = "spent_attempt"
    USED_CODE = "used_code"
    # the provider
    PROVIDER_AWAY = "provider_away"
    KEYS_AWAY = "keys_away"
    PROVIDER_BROKEN = "provider_broken"  # what it answers is not OpenID Connect
    PROVIDER_REFUSED = "provider_refused"
    WRONG_CREDENTIALS = "wrong_credentials"
    WRONG_ISSUER = "wrong_issuer"
    # the token that says who it is
    NO_IDENTITY = "no_identity"
    MALFORMED = "malformed"
    MISSING_CLAIM = "missing_claim"
    WRONG_ALGORITHM = "wrong_algorithm"
    WRONG_SIGNATURE = "wrong_signature"
    UNKNOWN_KEY = "unknown_key"
    OTHER_ISSUER = "other_issuer"
    WRONG_AUDIENCE = "wrong_audience"
    WRONG_PARTY = "wrong_party"
    WRONG_NONCE = "wrong_nonce"
    WRONG_SUBJECT = "wrong_subject"
    WRONG_AT_HASH = "wrong_at_hash"
    EXPIRED = "expired"
    NOT_YET = "not_yet"
    NOT_FRESH = "not_fresh"  # it was asked for a new sign-in, and does not say that there was one
    WRONG_DOMAIN = "wrong_domain"
    # adding the identity to a person
    SESSION_ENDED = "session_ended"
    IDENTITY_TAKEN = "identity_taken"


class SignInFailed(OoError):
    """A sign-in that came to nothing; `found` is for the operator alone and holds no secret."""

    causes: ClassVar[tuple[Cause, ...]] = ()
    words: ClassVar[str] = ""

    def __init__(self, cause: Cause, provider: str, found: object = "") -> None:
        super().__init__(self.words.format(provider=provider))
        self.cause = cause
        self.found = str(found)[:MAX_FOUND]


class Cancelled(SignInFailed, Unauthorized):
    code, title = "cancelled", "Sign-in was cancelled"
    causes = (Cause.CANCELLED,)
    words = "You can sign in whenever you like."


class StaleAttempt(SignInFailed, BadRequest):
    code, title = "stale_sign_in", "Start again"
    causes = (Cause.NO_ATTEMPT, Cause.OTHER_STATE, Cause.OTHER_PROVIDER, Cause.NO_CODE)
    words = "This sign-in was started elsewhere or too long ago. Start again."


class UsedUp(SignInFailed, BadRequest):
    code, title = "used_sign_in", "This sign-in was used already"
    causes = (Cause.SPENT_ATTEMPT, Cause.USED_CODE)
    words = "An answer of {provider} is good for one sign-in. Start again if you are not in yet."


class ProviderAway(SignInFailed, BadGateway):
    code, title = "provider_away", "The provider is away"
    causes = (Cause.PROVIDER_AWAY, Cause.KEYS_AWAY)
    words = "{provider} does not answer. Try again in a moment."


class ProviderRefused(SignInFailed, BadGateway):
    code, title = "provider_refused", "The provider refused"
    causes = (Cause.PROVIDER_REFUSED, Cause.PROVIDER_BROKEN, Cause.NO_IDENTITY)
    words = "{provider} did not go through with the sign-in. Start again."


class WrongSetUp(SignInFailed, BadGateway):
    code, title = "sign_in_set_up", "Sign-in is not set up right"
    causes = (Cause.WRONG_CREDENTIALS,)
    words = "{provider} does not accept what oO is set up with. Whoever runs oO can mend it."


class WrongIssuer(SignInFailed, BadGateway):
    """The provider calls itself otherwise than its setting does; only the operator can mend it."""

    code, title = "wrong_issuer", "Sign-in is not set up right"
    causes = (Cause.WRONG_ISSUER,)

    def __init__(self, name: str, provider: str, expected: str, found: str) -> None:
        setting = f"OO_OIDC__{name.upper()}__ISSUER"
        seen = f"{setting}: expected issuer {expected!r}, found {found!r}"
        super().__init__(Cause.WRONG_ISSUER, provider, seen)
        self.detail = (
            f"{provider} calls itself {found}, but {setting} says {expected}."
            " They must be the same, to the last slash."
        )


class NotConfirmed(SignInFailed, BadRequest):
    code, title = "not_confirmed", "The sign-in was not confirmed"
    causes = (
        Cause.MALFORMED,
        Cause.MISSING_CLAIM,
        Cause.WRONG_ALGORITHM,
        Cause.WRONG_SIGNATURE,
        Cause.OTHER_ISSUER,
        Cause.WRONG_AUDIENCE,
        Cause.WRONG_PARTY,
        Cause.WRONG_NONCE,
        Cause.WRONG_SUBJECT,
        Cause.WRONG_AT_HASH,
    )
    words = "{provider} did not confirm the sign-in. Start again."


class ChangedKeys(SignInFailed, BadGateway):
    code, title = "changed_keys", "The provider changed its keys"
    causes = (Cause.UNKNOWN_KEY,)
    words = "{provider} signs with a key that it does not publish. Try again in a moment."


class ClocksDiffer(SignInFailed, BadGateway):
    code, title = "clocks_differ", "The clocks differ"
    causes = (Cause.EXPIRED, Cause.NOT_YET)
    words = "{provider} and oO do not agree what time it is. Whoever runs oO can mend it."


class NotFresh(SignInFailed, Forbidden):
    code, title = "not_fresh", "It has to be a new sign-in"
    causes = (Cause.NOT_FRESH,)
    words = "{provider} did not have you sign in anew. Sign out there first, or use another way."


class WrongDomain(SignInFailed, Forbidden):
    code, title = "wrong_domain", "This account is not let in"
    causes = (Cause.WRONG_DOMAIN,)
    words = "Only accounts of one organisation sign in here. Choose another one at {provider}."


class LinkEnded(SignInFailed, Unauthorized):
    code, title = "link_ended", "Nothing was added"
    causes = (Cause.SESSION_ENDED,)
    words = "The session in which you began is over. Sign in and start again."


class IdentityTaken(SignInFailed, Conflict):
    code, title = "identity_taken", "This account belongs to somebody else here"
    causes = (Cause.IDENTITY_TAKEN,)
    words = "Somebody else signs in with that account of {provider}. Nothing was changed."


_KINDS: dict[Cause, type[SignInFailed]] = {
    cause: kind for kind in SignInFailed.__subclasses__() for cause in kind.causes
}


def failure(cause: Cause, provider: str, found: object = "") -> SignInFailed:
    """The error of a cause; `provider` is the title of the provider."""
    return _KINDS[cause](cause, provider, found)


def log_failure(name: str, error: SignInFailed) -> None:
    """The one line in the log; what people decide themselves is no warning."""
    level = logging.INFO if error.cause is Cause.CANCELLED else logging.WARNING
    log.log(level, "sign-in at %s failed: %s %s", name, error.cause.value, error.found)
