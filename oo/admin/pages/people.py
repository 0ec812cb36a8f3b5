"""Everybody who is there."""

from typing import Annotated, Literal

from pydantic import Field

from oo.admin.desk import Desk
from oo.admin.filtering import choices
from oo.admin.page import ConsolePage, Group
from oo.admin.query import Filter, Query
from oo.admin.screen import Column, Kind, Screen, Table
from oo.store.everyone import people


class PeopleQuery(Query):
    """Who is looked for."""

    text: Annotated[str, Field(max_length=200, description="Address, name or id")] = ""
    role: Filter = Field("", description="Role")
    timezone: Filter = Field("", description="Time zone")
    state: Literal["", "troubled", "unconnected"] = Field("", description="Sources")


async def read(desk: Desk, query: PeopleQuery) -> Screen:
    """A page of people, those who came last first."""
    rows = query.rows("-created_at")
    async with desk.reading() as connection:
        found = await people.page(
            connection, desk.by, choices(query, "role", "timezone"), rows, query.text, query.state
        )
    return Screen(
        tables=[
            Table(
                "people",
                "People",
                (
                    Column("email", "Address", sortable=True, to="/admin/people/{}", by="id"),
                    Column("name", "Name", hidden=True),
                    Column("role", "Role", filter="role"),
                    Column("timezone", "Time zone", filter="timezone", sortable=True),
                    Column("created_at", "Came", Kind.AGE, sortable=True),
                    Column("sources", "Sources", Kind.NUMBER),
                    Column(
                        "reactions",
                        "Reactions",
                        Kind.NUMBER,
                        sortable=True,
                        to="/admin/decisions?range=30d&user={}",
                        by="id",
                    ),
                    Column("last_tip_at", "Last tip", Kind.AGE),
                    Column("id", "Id", Kind.ID, hidden=True),
                ),
                [row._asdict() for row in found.rows],
                "Nobody is found. Take a filter away.",
                peek="/admin/people/{}",
                more=found.more,
            )
        ]
    )


PAGE = ConsolePage(
    "people",
    "People",
    Group.PEOPLE,
    0,
    "Who is there, and how they are served.",
    PeopleQuery,
    read,
    has_period=False,
)
