"""Mail boxes, for people without push: one tip a day, plain text and HTML, ended by one press.

Any SMTP server (RFC 5321) takes them. A mail that was handed over cannot be taken back and shows no
key to replace it by, so a sending in doubt is not repeated.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from typing import Any, Literal
from urllib.parse import urlsplit

import aiosmtplib
from pydantic import Field, SecretStr

from oo.kit.clock import Clock
from oo.kit.errors import BadRequest
from oo.kit.settings import Section
from oo.push.channel import (
    SEND_S,
    Address,
    Channel,
    DeviceGone,
    Message,
    NotAccepted,
    Parts,
    TryLater,
)

MAX_MAIL = 320
MAX_TEXT = 4000
MAX_SUBJECT = 90
PLAIN = re.compile(r"[^\s@<>,;:\"\\()\[\]]+@[^\s@<>,;:\"\\()\[\]]+", re.ASCII)
NO_SUCH_BOX = frozenset({550, 551, 553})  # RFC 5321, section 4.2.3
GREYLISTED = timedelta(minutes=5)
PAGE = """<!doctype html>
<html><body style="margin:0;background:#000;color:#f4f1ea;font-family:sans-serif">
<div style="max-width:30em;margin:0 auto;padding:3em 1.5em;text-align:center">
<p style="font-size:1.5em;line-height:1.35">{body}</p>{about}
<p><a style="color:#f4f1ea" href="{url}">Open it in oO</a></p>
<p style="color:#a3a09a;font-size:.8em"><a style="color:#a3a09a" href="{ends_at}">No more of\
 these</a></p>
</div></body></html>
"""


class EmailSettings(Section):
    """The server that takes mail."""

    host: str = Field(default="", description="The SMTP server; empty: no e-mail is offered")
    port: int = Field(default=587, ge=1, le=65535, description="Its port")
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="none: for a server on your own machine"
    )
    user: str = Field(default="", description="Who signs in there; empty: nobody does")
    password: SecretStr = Field(default=SecretStr(""), description="Their password")
    sender: str = Field(default="", description="The address that tips come from")


class Email:
    """Sends by one SMTP server."""

    def __init__(self, settings: EmailSettings, clock: Clock, domain: str) -> None:
        self._settings = settings
        self._clock = clock
        self._domain = domain

    def address(self, given: Mapping[str, Any]) -> Address:
        """``{"mail": …}``: an address without a name."""
        mail = given.get("mail")
        if not isinstance(mail, str) or len(mail) > MAX_MAIL or not PLAIN.fullmatch(mail):
            raise BadRequest("That is no e-mail address.")
        return {"mail": mail}

    def lane(self, address: Address) -> str:
        return f"smtp {self._settings.host}"

    async def send(self, address: Address, message: Message) -> None:
        made = self._written(address["mail"], message)
        security = self._settings.security
        client = aiosmtplib.SMTP(
            hostname=self._settings.host,
            port=self._settings.port,
            use_tls=security == "tls",
            start_tls=security == "starttls",
            username=self._settings.user or None,
            password=self._settings.password.get_secret_value() or None,
            timeout=SEND_S / 2,
        )
        try:
            async with client:
                await client.send_message(made)
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _refused(error.recipients[0].code) from error
        except aiosmtplib.SMTPResponseException as error:
            raise _said(error.code) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise TryLater(type(error).__name__, is_away=True) from error

    def _written(self, mail: str, message: Message) -> EmailMessage:
        body = message.body[:MAX_TEXT]
        made = EmailMessage(policy=SMTP)
        try:
            made["To"] = mail
            made["From"] = self._settings.sender or f"oO <oo@{self._domain}>"
            made["Subject"] = _subject(body)
        except (MessageError, ValueError) as error:
            raise NotAccepted("no_header") from error
        made["Date"] = format_datetime(self._clock.now())
        # the same for each repetition, so that servers and readers may tell it is one
        made["Message-ID"] = f"<{message.key}@{self._domain}>"
        made["Auto-Submitted"] = "auto-generated"
        ends = f"\n\nNo more of these: {message.ends_at}\n" if message.ends_at else "\n"
        about = f"\n{message.about}" if message.about else ""
        made.set_content(f"{body}{about}\n\n{message.url}{ends}")
        made.add_alternative(
            PAGE.format(
                body=escape(body),
                about=f"<p>{escape(message.about)}</p>" if message.about else "",
                url=escape(message.url),
                ends_at=escape(message.ends_at),
            ),
            subtype="html",
        )
        if message.ends_at:  # RFC 8058
            made["List-Unsubscribe"] = f"<{message.ends_at}>"
            made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        return made


def _subject(body: str) -> str:
    line = " ".join("".join(it if it.isprintable() else " " for it in body).split())
    return line if len(line) <= MAX_SUBJECT else f"{line[: MAX_SUBJECT - 1]}…"


def _refused(code: int) -> Exception:
    """What the server says of the one recipient."""
    return DeviceGone(f"the mail server says {code}") if code in NO_SUCH_BOX else _said(code)


def _said(code: int) -> Exception:
    if 400 <= code < 500:
        return TryLater(f"the mail server says {code}", GREYLISTED if code == 451 else None)
    return NotAccepted(f"smtp_{code}")


def make(settings: EmailSettings, parts: Parts) -> Email | None:
    """E-mail of this installation, where a server takes it."""
    if not settings.host:
        return None
    return Email(settings, parts.clock, urlsplit(parts.settings.base_url).hostname or "localhost")


CHANNEL = Channel(
    name="email",
    title="E-mail",
    settings=EmailSettings,
    make=make,
    collapses=False,
    daily=True,
    of_session=False,
    example={"mail": "ada@example.org"},
)
