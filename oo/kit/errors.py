"""Business errors: each has its HTTP status and a code for clients to branch on (RFC 9457)."""

from typing import ClassVar


class OoError(Exception):
    """Anything that oO can say clearly to the caller.

    `detail` is one sentence for a person: what is wrong and what to do next.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong"

    def __init__(self, detail: str, *, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after = retry_after


class BadRequest(OoError):
    status, code, title = 400, "bad_request", "The request cannot be understood"


class Unauthorized(OoError):
    status, code, title = 401, "unauthorized", "Sign in first"


class Forbidden(OoError):
    status, code, title = 403, "forbidden", "Not allowed"


class NotFound(OoError):
    status, code, title = 404, "not_found", "Not found"


class Conflict(OoError):
    status, code, title = 409, "conflict", "Conflict with what is stored"


class Gone(OoError):
    status, code, title = 410, "gone", "No longer there"


class TooLarge(OoError):
    status, code, title = 413, "too_large", "Too large"


class Malformed(OoError):
    status, code, title = 422, "malformed", "The payload is malformed"


class TooManyRequests(OoError):
    status, code, title = 429, "too_many_requests", "Too many requests"


class HeadersTooLarge(OoError):
    status, code, title = 431, "headers_too_large", "Too many cookies"


class BadGateway(OoError):
    status, code, title = 502, "bad_gateway", "A service that oO depends on failed"


class Unavailable(OoError):
    status, code, title = 503, "unavailable", "Not available right now"


class ConfigurationError(OoError):
    """The operator must change a setting before oO can start."""

    code, title = "configuration", "The configuration is wrong"
