"""Every page passes every check; a new one is one file (see `test_where_do_i_put.py`)."""

import pytest
from fastapi.routing import APIRoute

import oo.web.pages
from oo.kit.plugins import discover
from oo.web.page import Page
from oo.web.page_route import PageRoute

PAGES = discover(oo.web.pages, "PAGE", Page)
ROUTES = [route for page in PAGES.values() for route in page.routes.routes]


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())
def test_its_errors_are_pages_and_it_is_no_part_of_the_api(page: Page) -> None:
    assert page.routes.routes
    for route in page.routes.routes:
        assert isinstance(route, PageRoute)
        assert not route.include_in_schema
        assert route.endpoint.__doc__


def test_no_two_pages_answer_at_the_same_address() -> None:
    addresses = [
        (method, route.path)
        for route in ROUTES
        if isinstance(route, APIRoute)
        for method in sorted(route.methods)
    ]
    assert len(addresses) == len(set(addresses))
