"""The feature registry, with what the features of late were."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from pydantic import Field

from oo.admin.desk import Desk
from oo.admin.page import ConsolePage, Group
from oo.admin.query import Query
from oo.admin.rendering import span
from oo.admin.screen import Column, Kind, Screen, Table
from oo.domain.profile import FRESHNESS_S
from oo.mlops.features_view import RegisteredFeature, registered
from oo.store.everyone import quality, staleness
from oo.store.everyone.staleness import Ages

SAMPLE = 1_000


class FeaturesQuery(Query):
    """Which features."""

    scope: str = Field("", max_length=20, description="Scope")


async def read(desk: Desk, query: FeaturesQuery) -> Screen:
    """Over the newest decisions of the time that is looked at."""
    period = query.period(desk.now)

    before = desk.now - timedelta(seconds=FRESHNESS_S)

    async def count() -> tuple[list[dict[str, float]], Ages]:
        async with desk.reading() as connection:
            return (
                await quality.sampled_features(connection, desk.by, period, SAMPLE),
                await staleness.of_profiles(connection, desk.by, before),
            )

    counted = await desk.counted(("features", query.model_dump_json()), count)
    sample, ages = counted.value
    found = [one for one in registered() if query.scope in ("", one.scope)]
    return Screen(
        tables=[
            Table(
                "features",
                "Features",
                (
                    Column("name", "Name"),
                    Column("words", "What it is about"),
                    Column("scope", "Scope", filter="scope"),
                    Column("source", "From"),
                    Column("fresh", "Fresh for"),
                    Column("now", "Fresh now", Kind.SHARE),
                    Column("policies", "Weighed by"),
                    Column("logged", "Logged", Kind.SHARE),
                    Column("varies", "Not 0", Kind.SHARE),
                    Column("mean", "Mean", Kind.NUMBER),
                    Column("low", "Least", Kind.NUMBER, hidden=True),
                    Column("high", "Most", Kind.NUMBER, hidden=True),
                    Column("unit", "Unit", hidden=True),
                ),
                [_row(one, sample, ages) for one in found],
                "No feature is of that scope.",
                note=f"Values of what was shown, in the newest {len(sample):,} decisions. What is"
                " kept of people is fresh now for so many of them; all else is made just in time.",
            )
        ],
        age_s=counted.age_s,
    )


def _row(one: RegisteredFeature, sample: Sequence[dict[str, float]], ages: Ages) -> dict[str, Any]:
    values = [row[one.name] for row in sample if one.name in row]
    return {
        "name": one.name,
        "words": one.words,
        "scope": one.scope,
        "source": one.source,
        "fresh": span(float(one.freshness_s)),
        "now": 1 - ages.stale / ages.people if one.scope == "profile" and ages.people else None,
        "policies": ", ".join(one.policies),
        "logged": len(values) / len(sample) if sample else None,
        "varies": sum(value != 0 for value in values) / len(values) if values else None,
        "mean": sum(values) / len(values) if values else None,
        "low": min(values, default=None),
        "high": max(values, default=None),
        "unit": one.unit,
    }


PAGE = ConsolePage(
    "features",
    "Features",
    Group.LEARNING,
    5,
    "What policies weigh, and what it was of late.",
    FeaturesQuery,
    read,
)
