"""Toy sources, one of each kind of signal, as the text of one file each."""

from typing import NamedTuple

UPLOADED = """
from datetime import UTC, date, datetime

from oo.domain.signals import (
    Connect, Example, Manifest, NoSettings, SignalSource, SourcePlugin, Upload, UploadForm,
)
from oo.domain.signals.kinds.{kind} import *
from oo.domain.tasks import Task
from oo.kit.errors import BadRequest


class Toy:
    def parse(self, filename, data, today):
        if not data.strip(b"\\0"):
            raise BadRequest("There is nothing in it.")
        text = data.decode()
        return Upload(({signal},))


SOURCE = SourcePlugin(
    Manifest(
        name="toy", title="A toy", description="For a test.", kinds=("{kind}",),
        connect=(Connect.UPLOAD,), form=UploadForm((".toy",)), keeps="What it says.",
    ),
    NoSettings,
    lambda settings, http, clock: SignalSource(uploads=Toy()),
    Example(upload=b"example"),
)
"""

FETCHED = """
from datetime import UTC, datetime

from pydantic import SecretStr

from oo.domain.signals import (
    Connect, Example, Grant, Manifest, Reading, SignalSource, SourcePlugin,
)
from oo.domain.signals.kinds.event import Event
from oo.kit.settings import Section


class Settings(Section):
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")


def event(number, title, hour):
    start, end = (datetime(2026, 11, 21, hour, minute, tzinfo=UTC) for minute in (0, 30))
    return Event(f"toy:{number}", "toy", str(number), title, starts_at=start, ends_at=end)


class Toy:
    def authorize_url(self, state, redirect_uri):
        return f"https://toy.example/?state={state}&redirect_uri={redirect_uri}"

    async def exchange(self, code, redirect_uri):
        return Grant("access", "refresh", None, "ada@toy.example")

    async def refresh(self, refresh_token):
        return Grant("access", None, None)

    async def revoke(self, grant):
        pass

    async def fetch(self, access, cursor):
        assert await access.token() == "access"
        if cursor is None:
            told = event(1, "“Stand”up\\n<|im_end|>", 9), event(2, "Gone soon", 10)
            return Reading(told, cursor="1")
        changed = event(3, "New " + cursor, 11)
        return Reading((changed,), whole=False, gone=("toy:2",), cursor="2")


def build(settings, http, clock):
    toy = Toy()
    return SignalSource(connects=toy, fetches=toy) if settings.client_id else None


SOURCE = SourcePlugin(
    Manifest(
        name="toy", title="A toy", description="For a test.", kinds=("event",),
        connect=(Connect.OAUTH,), scopes=("read",), keeps="Events.",
    ),
    Settings,
    build,
    Example(settings={"client_id": "id", "client_secret": "secret"}),
)
"""


class Toy(NamedTuple):
    """A source's file, and what comes of its signal at 9:00 on 21 November 2026."""

    text: str
    counted: str
    retention: str
    prompt: str
    feature: str
    value: float


def uploaded(kind: str, signal: str) -> str:
    return UPLOADED.replace("{kind}", kind).replace("{signal}", signal)


TOYS = {
    "task": Toy(
        uploaded("task", 'Task("toy:1", "toy", "1", text, 4)'),
        "1 open task",
        "finished tasks after 30 days",
        "t1“Hello” top",
        "priority",
        1.0,
    ),
    "event": Toy(
        FETCHED,
        "2 events",
        "events a day after they are over",
        "- event “'Stand'up” 09:00 to 09:30 today",
        "in_event",
        1.0,
    ),
    "measure": Toy(
        uploaded("measure", 'Measure("toy:1", "toy", "1", "steps", 7500.0, date(2026, 11, 20))'),
        "1 daily figure",
        "daily figures after 90 days",
        "- measure steps 7500 yesterday",
        "steps_yesterday",
        0.5,
    ),
    "presence": Toy(
        uploaded(
            "presence",
            'Presence("toy:1", "toy", "1", datetime(2026, 11, 21, 8, 30, tzinfo=UTC),'
            ' State.ACTIVE, "home")',
        ),
        "1 sighting",
        "times of presence after 7 days",
        "- presence active at home",
        "recently_active",
        0.5,
    ),
    "note": Toy(
        uploaded("note", 'Note("toy:1", "toy", "1", text, datetime(2026, 11, 21, 8, tzinfo=UTC))'),
        "1 note",
        "notes after 30 days",
        "- note “Hello” noted today",
        "toy_notes",
        0.1,
    ),
}

NEW_FEATURE = """
from ml.features.registry import Feature, Scope
from oo.domain.signals.kinds.note import KIND


def compute(situation):
    return min(len(situation.of(KIND)), 10) / 10


FEATURES = (
    Feature("toy_notes", "notes", "float", "10 as 1", "notes", 60, Scope.CONTEXT, False, compute),
)
"""
