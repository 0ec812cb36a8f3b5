"""The person's side of learning: consent to pooling, seen tips, and why one was picked."""

import httpx2
import pytest
from sqlalchemy import select

from ml.features import REGISTRY
from ml.policies import policies
from oo.domain.consents import purposes
from oo.domain.decisions import Decision
from oo.domain.fold import design, posterior_on
from oo.domain.policies import pick
from oo.domain.statistics import Statistics, day_of
from oo.domain.tips import Offer, TipCandidate, TipKind
from oo.kit.ids import new_id
from oo.store import consents, decisions
from oo.store.tables import identities, tip_scores
from tests.peers.store import add_person
from tests.unit.web.conftest import Site, csrf_of

SAME = {"Sec-Fetch-Site": "same-origin"}


async def own_id(site: Site) -> str:
    async with site.db.read() as connection:
        query = select(identities.c.user_id).where(identities.c.issuer == "local")
        return str((await connection.execute(query)).scalar_one())


async def decide(site: Site, user_id: str) -> str:
    """A decision of ebts between an advice and a task, with features of now."""
    policy, now = policies()["ebts"], site.clock.now()
    columns = REGISTRY.columns(
        now, [Offer(TipKind.ADVICE, 0.9, None), Offer(TipKind.TASK, 0.1, None)]
    )
    posterior = posterior_on(policy, Statistics.empty(policy.dimension), day_of(now))
    picked = pick(policy, posterior, design(policy, columns), 5)
    candidate = TipCandidate(
        new_id(site.clock), TipKind.ADVICE, "Breathe.", "llm", "m", "v", 0.9, None, now, now
    )
    decision = Decision(
        new_id(site.clock), user_id, now, candidate, [candidate.id, "0" * 32], picked.chosen,
        policy.name, policy.version, 5, 0, picked.propensities.tolist(), picked.scores.tolist(),
        columns, None, 1.0,
    )  # fmt: skip
    async with site.db.write() as connection:
        await decisions.append(connection, [decision])
    return decision.id


@pytest.mark.parametrize("purpose", [it.name for it in purposes().values() if it.switch])
async def test_a_consent_is_given_and_taken_back_by_a_form(site: Site, purpose: str) -> None:
    browser = await site.signed_in()
    user_id = await own_id(site)

    async def is_given() -> bool:
        async with site.db.read() as connection:
            return await consents.is_given(connection, user_id, purpose)

    assert not await is_given()
    for on, expected in (("1", True), ("0", False)):
        form = {"csrf": csrf_of(browser), "purpose": purpose, "on": on}
        answer = await browser.post("/data/consents", data=form, headers=SAME)
        assert answer.headers["location"] == "/data#allowed"
        assert await is_given() is expected
    forged = await browser.post(
        "/data/consents", data={"purpose": purpose, "on": "1"}, headers=SAME
    )
    assert forged.status_code == 403
    assert not await is_given()
    async with site.db.read() as connection:
        said = [it for it in await consents.history(connection, user_id) if it.purpose == purpose]
    assert [it.given for it in said] == [False, True]


async def test_why_says_what_spoke_for_a_tip(site: Site) -> None:
    browser = await site.signed_in()
    assert (await browser.get("/why")).status_code == 404
    tip = await decide(site, await own_id(site))
    page = (await browser.get("/why")).text
    assert "Breathe." in page
    assert "how sure its writer was" in page
    why = (await browser.get(f"/api/tips/{tip}/why")).json()
    assert why["policy"] == "ebts@1"
    assert abs(sum(part["amount"] for part in why["parts"]) - why["expected"]) < 1e-12
    assert abs(why["pooled"] + why["personal"] - why["expected"]) < 1e-12


async def seen_at(site: Site) -> object:
    async with site.db.read() as connection:
        return (await connection.execute(select(tip_scores.c.seen_at))).scalars().first()


async def test_a_tip_is_seen_by_its_own_person_only(site: Site) -> None:
    browser = await site.signed_in()
    stranger = await decide(site, await add_person(site.db, site.clock, "stranger"))
    for path in (f"/api/tips/{stranger}/seen", f"/api/tips/{'0' * 32}/seen"):
        assert (await browser.post(path)).status_code == 404
    assert (await browser.get(f"/api/tips/{stranger}/why")).status_code == 404
    assert await seen_at(site) is None
    own = await decide(site, await own_id(site))
    assert (await browser.post(f"/api/tips/{own}/seen")).status_code == 204
    first = await seen_at_of(site, own)
    site.clock.advance(60)
    assert (await browser.post(f"/api/tips/{own}/seen")).status_code == 204
    assert await seen_at_of(site, own) == first is not None


async def seen_at_of(site: Site, tip: str) -> object:
    async with site.db.read() as connection:
        query = select(tip_scores.c.seen_at).where(tip_scores.c.id == tip)
        return (await connection.execute(query)).scalar_one()


async def test_nobody_without_a_session_is_told_why(site: Site) -> None:
    browser: httpx2.AsyncClient = site.browser()
    assert (await browser.get("/why")).headers["location"].startswith("/sign-in")
    assert (await browser.get(f"/api/tips/{'0' * 32}/why")).status_code == 401
