"""One person: who they are, what they allow, what they were shown, and what was learnt."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from oo.admin.desk import Desk
from oo.admin.page import ConsolePage, Group
from oo.admin.query import Query, Span
from oo.admin.screen import Chart, Column, Kind, Level, Notice, Screen, Series, Table
from oo.domain.console import Choice, Period, Slice
from oo.domain.explanations import Finding
from oo.domain.profile import FRESHNESS_S, NUMBERS
from oo.kit.errors import NotFound
from oo.recommend import texts
from oo.store import connections, consents, identities, kept_profiles
from oo.store.consents import Said
from oo.store.everyone import decisions, people
from oo.store.everyone.decisions import DecisionRow
from oo.store.everyone.people import PersonRow
from oo.store.kept_profiles import Profile

TIPS = 20
CURVE = 400


async def read(desk: Desk, query: Query, user_id: str) -> Screen:
    """Nothing is computed by looking: what is stale is shown as it is."""
    by = desk.by
    month = Slice("created_at", True, CURVE, 0)
    whole = Period(desk.now - Span.MONTH.long, desk.now + timedelta(minutes=1))
    async with desk.reading() as connection:
        person = await people.find(connection, by, user_id)
        if person is None:
            raise NotFound("There is no such person, or they are being erased.")
        mine = {"user": Choice((user_id,), False)}
        tips = (await decisions.page(connection, by, whole, mine, month)).rows
        sessions = await people.live_sessions(connection, by, user_id, desk.now)
        given = await consents.newest(connection, user_id)
        sources = await connections.list_for(connection, user_id)
        ways = await identities.list_for(connection, user_id)
        profile = (await kept_profiles.load(connection, [user_id])).get(user_id)
    learnt = await desk.parts.learnt.tell(user_id)
    may_read = await desk.may_read_words(user_id)
    return Screen(
        charts=[_curve(tips)],
        tables=[
            await _tips(desk, tips[:TIPS], user_id, may_read),
            _sources(sources),
            _profile(desk, profile, person),
            _learnt(learnt),
            _consents(given),
            _ways(ways),
            _sessions(sessions),
        ],
        notices=_notices(desk, person, profile, sources),
        facts={
            "id": person.id,
            "role": person.role,
            "timezone": person.timezone,
            "created_at": person.created_at,
            "reactions": person.reactions,
            "last_tip_at": person.last_tip_at,
        },
        values={
            "person": person,
            "local": desk.now.astimezone(ZoneInfo(person.timezone)),
            "may_read": may_read,
            "sources": sources,
        },
        subject=person.email or person.name or f"…{person.id[-8:]}",
    )


def _notices(
    desk: Desk, person: PersonRow, profile: Profile | None, sources: list[Any]
) -> list[Notice]:
    found = [
        Notice(
            Level.WATCH,
            f"{one.source} wants to be connected again",
            one.error or "Its grant is no longer accepted.",
            "#sources",
        )
        for one in sources
        if one.status == "reconnect"
    ]
    if profile is not None and profile.user_seq < person.reactions:
        age = (desk.now - profile.computed_at).total_seconds()
        if age > FRESHNESS_S:
            behind = person.reactions - profile.user_seq
            detail = f"{behind} reactions are not in it. It is rebuilt at their next request."
            found.append(Notice(Level.CALM, "The profile is stale", detail, "#profile"))
    return found


def _curve(tips: list[DecisionRow]) -> Chart:
    """Single rewards, and their mean over the last ten."""
    known = [tip for tip in reversed(tips) if tip.reward is not None]
    rewards = [tip.reward or 0.0 for tip in known]
    means = [
        sum(rewards[max(0, end - 10) : end]) / min(end, 10) for end in range(1, len(rewards) + 1)
    ]
    return Chart(
        "rewards",
        "Rewards in 30 days",
        [Series("Mean of the last ten", means), Series("Reward", rewards)],
        [tip.created_at.timestamp() for tip in known],
        unit="reward",
        note="Each reaction, and the mean of the last ten.",
    )


async def _tips(desk: Desk, tips: list[DecisionRow], user_id: str, may_read: bool) -> Table:
    rows: list[dict[str, Any]] = []
    for tip in tips:
        text = await texts.of_tip(desk.parts.db, user_id, tip.id) if may_read else None
        rows.append({**tip._asdict(), "text": text if text != "" else "(erased)"})
    return Table(
        "tips",
        "Last tips",
        (
            Column("created_at", "When", Kind.INSTANT, to="/admin/decisions/{}", by="id"),
            Column("kind", "Kind"),
            Column("text", "Text", Kind.SECRET),
            Column("action", "Reaction", Kind.STATE),
            Column("reward", "Reward", Kind.REWARD),
            Column("dwell_ms", "Dwell", Kind.MS),
            Column("policy", "Policy"),
            Column("id", "Id", Kind.ID, hidden=True),
        ),
        rows,
        "They have not been shown a tip in 30 days.",
        peek="/admin/decisions/{}",
    )


def _sources(sources: list[Any]) -> Table:
    return Table(
        "sources",
        "Connections",
        (
            Column("source", "Source"),
            Column("account", "Account", Kind.SECRET, hidden=True),
            Column("status", "State", Kind.STATE),
            Column("connected_at", "Since", Kind.INSTANT),
            Column("synced_at", "Read", Kind.AGE),
            Column("error", "Last failure"),
        ),
        [
            {
                "source": one.source,
                "account": None,
                "status": one.status,
                "connected_at": one.connected_at,
                "synced_at": one.synced_at,
                "error": one.error or "",
            }
            for one in sources
        ],
        "Nothing is connected.",
    )


def _profile(desk: Desk, profile: Profile | None, person: PersonRow) -> Table:
    rows = []
    if profile is not None:
        age = (desk.now - profile.computed_at).total_seconds()
        is_fresh = profile.user_seq >= person.reactions or age < FRESHNESS_S
        rows = [
            {
                "name": one.name,
                "value": profile.values.get(one.name),
                "default": one.default,
                "unit": one.unit,
                "computed_at": profile.computed_at,
                "state": "fresh" if is_fresh else "stale",
            }
            for one in NUMBERS
        ]
    return Table(
        "profile",
        "Profile",
        (
            Column("name", "Feature"),
            Column("value", "Value", Kind.NUMBER),
            Column("default", "Of somebody new", Kind.NUMBER),
            Column("unit", "What it is"),
            Column("computed_at", "Computed", Kind.AGE),
            Column("state", "", Kind.STATE),
        ),
        rows,
        "No profile was made yet: the first tip makes it.",
    )


def _learnt(findings: list[Finding]) -> Table:
    return Table(
        "learnt",
        "What was learnt, in words",
        (Column("words", "As the person reads it"), Column("evidence", "What it rests on")),
        [one._asdict() for one in findings],
        "Too few reactions to say anything.",
    )


def _consents(given: Mapping[str, Said]) -> Table:
    return Table(
        "consents",
        "Consents",
        (
            Column("purpose", "To what"),
            Column("given", "Answer", Kind.STATE),
            Column("version", "Version"),
            Column("at", "Since", Kind.INSTANT),
        ),
        [
            {
                "purpose": purpose,
                "given": "given" if said.given else "withdrawn",
                "version": said.version,
                "at": said.at,
            }
            for purpose, said in sorted(given.items())
        ],
        "Nothing was agreed to.",
    )


def _ways(ways: list[Any]) -> Table:
    return Table(
        "ways",
        "Ways to sign in",
        (
            Column("issuer", "Provider"),
            Column("email_verified", "Address verified", Kind.STATE),
            Column("added_at", "Added", Kind.INSTANT),
            Column("used_at", "Used", Kind.AGE),
        ),
        [
            {
                "issuer": one.issuer,
                "email_verified": "verified" if one.email_verified else "not verified",
                "added_at": one.added_at,
                "used_at": one.used_at,
            }
            for one in ways
        ],
        "None but a link of this machine.",
    )


def _sessions(sessions: list[Any]) -> Table:
    return Table(
        "sessions",
        "Sessions",
        (
            Column("user_agent", "Browser"),
            Column("created_at", "Begun", Kind.INSTANT),
            Column("seen_at", "Used", Kind.AGE),
            Column("expires_at", "Ends", Kind.AGE),
        ),
        [
            {
                "user_agent": one.user_agent or "unknown",
                "created_at": one.created_at,
                "seen_at": one.seen_at,
                "expires_at": one.expires_at,
            }
            for one in sessions
        ],
        "They are not signed in anywhere.",
    )


PAGE = ConsolePage(
    "person",
    "Person",
    Group.PEOPLE,
    1,
    "One person, and how oO serves them.",
    Query,
    read,
    path="people/{id}",
    template="person.html",
    under="people",
    has_period=False,
)
