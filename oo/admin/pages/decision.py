"""One decision, explained: what was weighed, what each feature added, and drawn again."""

from typing import Any

from pydantic import Field

from oo.admin.desk import Desk
from oo.admin.page import ConsolePage, Group
from oo.admin.query import Query
from oo.admin.screen import Column, Kind, Screen, Table
from oo.domain.explanations import Explanation
from oo.kit.errors import NotFound
from oo.mlops.redraw import Redrawn, redraw
from oo.recommend import texts
from oo.store.everyone import decisions
from oo.store.everyone.decisions import DecisionRow, Details, ShadowRow


class DecisionQuery(Query):
    """Whether it is drawn again, and which other one it is compared with."""

    replay: bool = Field(False, description="Draw it again")
    other: str = Field("", max_length=32, description="Compared with")


async def read(desk: Desk, query: DecisionQuery, tip_id: str) -> Screen:
    """Everything is read from the log; nothing is stored."""
    async with desk.reading() as connection:
        row = await decisions.find(connection, desk.by, tip_id)
        details = await decisions.details(connection, desk.by, tip_id)
        if row is None or details is None:
            raise NotFound("There is no such decision, or its time is over.")
        shadows = await decisions.shadows(connection, desk.by, tip_id)
        before, after = await decisions.beside(connection, desk.by, row.user_id, row.created_at)
        other_id = query.other or before or ""
        other = await decisions.details(connection, desk.by, other_id) if other_id else None
    found, why_not = await _explained(desk, tip_id)
    drawn = await redraw(desk.parts.db, tip_id) if query.replay else None
    words = await _words(desk, row, details)
    tables = [_candidates(details, shadows, words)]
    if found is not None:
        tables.insert(0, _contributions(found))
    if shadows:
        tables.append(_shadows(details, shadows))
    tables.append(_features(details, other))
    return Screen(
        tables=tables,
        facts=_facts(row, details, found, drawn),
        values={
            "row": row,
            "details": details,
            "found": found,
            "why_not": why_not,
            "drawn": drawn,
            "words": words.get(details.candidate_ids[details.chosen]) if words else None,
            "masked": words is None,
            "before": before,
            "after": after,
            "other": other_id if other else "",
        },
        subject=f"Decision …{tip_id[-8:]}",
    )


async def _explained(desk: Desk, tip_id: str) -> tuple[Explanation | None, str]:
    try:
        return await desk.parts.explainer.explain(tip_id), ""
    except NotFound as error:
        return None, error.detail


async def _words(desk: Desk, row: DecisionRow, details: Details) -> dict[str, str] | None:
    """The texts of the candidates that are still there; None while they are masked."""
    if not await desk.may_read_words(row.user_id):
        return None
    found = await texts.of_candidates(desk.parts.db, row.user_id, details.candidate_ids)
    told = await texts.of_tip(desk.parts.db, row.user_id, row.id)
    return {**found, details.candidate_ids[details.chosen]: told or ""}


def _facts(
    row: DecisionRow, details: Details, found: Explanation | None, drawn: Redrawn | None
) -> dict[str, Any]:
    facts: dict[str, Any] = {
        **row._asdict(),
        "seed": str(details.seed),
        "state_seq": details.state_seq,
    }
    if found is not None:
        facts |= {
            "expected": found.expected,
            "pooled": found.pooled,
            "personal": found.personal,
            "rank": found.rank,
            "out_of": found.out_of,
        }
    if drawn is not None:
        facts["replay"] = {"same": drawn.same, "chosen": drawn.chosen, "why_not": drawn.why_not}
    return facts


def _contributions(found: Explanation) -> Table:
    rows: list[dict[str, Any]] = [
        {
            "feature": part.feature,
            "words": found.words.get(part.feature, part.feature.replace("_", " ")),
            "value": part.value,
            "weight": part.weight,
            "amount": part.amount,
            "bar": part.amount,
            "sd": part.sd,
            "pooled": part.value * part.pooled,
            "personal": part.value * part.personal,
        }
        for part in found.contributions
    ]
    return Table(
        "contributions",
        "What each feature added",
        (
            Column("words", "What"),
            Column("feature", "Feature"),
            Column("value", "Value", Kind.NUMBER),
            Column("weight", "Weight", Kind.NUMBER),
            Column("amount", "Adds", Kind.REWARD),
            Column("bar", "", Kind.BAR),
            Column("sd", "± sd", Kind.NUMBER),
            Column("pooled", "From all", Kind.REWARD, hidden=True),
            Column("personal", "From them", Kind.REWARD, hidden=True),
        ),
        rows,
        "The policy that picked weighs no features.",
        note=f"They add up to {found.expected:+.3f}, the reward that the policy expected.",
    )


def _candidates(details: Details, shadows: list[ShadowRow], words: dict[str, str] | None) -> Table:
    rows = [
        {
            "place": index + 1,
            "picked": "picked" if index == details.chosen else "",
            "score": details.scores[index],
            "propensity": details.propensities[index],
            "shadows": ", ".join(one.policy for one in shadows if one.chosen == index),
            "text": None if words is None else words.get(candidate, "(no longer kept)"),
            "id": candidate,
        }
        for index, candidate in enumerate(details.candidate_ids)
    ]
    rows.sort(key=lambda row: -float(str(row["score"])))
    return Table(
        "candidates",
        "The candidates",
        (
            Column("place", "No.", Kind.NUMBER),
            Column("picked", "", Kind.STATE),
            Column("score", "Score", Kind.REWARD),
            Column("propensity", "Propensity", Kind.SHARE),
            Column("shadows", "Shadows' picks"),
            Column("text", "Text", Kind.SECRET),
            Column("id", "Id", Kind.ID, hidden=True),
        ),
        rows,
        "No candidates were logged.",
    )


def _shadows(details: Details, shadows: list[ShadowRow]) -> Table:
    rows = [
        {
            "policy": f"{one.policy}@{one.policy_version}",
            "pick": one.chosen + 1,
            "agrees": "agrees" if one.chosen == details.chosen else "differs",
            "propensity": one.propensities[details.chosen],
            "own": one.propensities[one.chosen],
        }
        for one in shadows
    ]
    return Table(
        "shadows",
        "What the shadows would have picked",
        (
            Column("policy", "Policy"),
            Column("pick", "Pick, no.", Kind.NUMBER),
            Column("agrees", "", Kind.STATE),
            Column("propensity", "Gave to what was shown", Kind.SHARE),
            Column("own", "Gave to its own pick", Kind.SHARE),
        ),
        rows,
        "",
    )


def _features(details: Details, other: Details | None) -> Table:
    mine = {name: values[details.chosen] for name, values in details.features.items()}
    theirs = (
        {name: values[other.chosen] for name, values in other.features.items()} if other else {}
    )
    rows = [
        {
            "feature": name,
            "value": value,
            "other": theirs.get(name),
            "change": value - theirs[name] if name in theirs else None,
        }
        for name, value in sorted(mine.items())
        if not other or theirs.get(name) != value
    ]
    what = "Features, and how they differ from the decision before" if other else "Features"
    return Table(
        "features",
        what,
        (
            Column("feature", "Feature"),
            Column("value", "Here", Kind.NUMBER),
            Column("other", "Before", Kind.NUMBER),
            Column("change", "Difference", Kind.NUMBER),
        ),
        rows,
        "No feature differs.",
        note="Those that are the same are left out." if other else "",
    )


PAGE = ConsolePage(
    "decision",
    "Decision",
    Group.LEARNING,
    1,
    "Why one tip was picked.",
    DecisionQuery,
    read,
    path="decisions/{id}",
    template="decision.html",
    under="decisions",
    has_period=False,
)
