"""Limits per address, through the proxy of the running product: nobody spends another's."""

import httpx2
import pytest

from oo.kit.setting_groups import Limits
from tests.conftest import Product

pytestmark = pytest.mark.timeout(900)

INGRESSES = 2


def guesses(product: Product, source: str, number: int) -> list[int]:
    """What guesses at the admin token are answered, each said to come from somewhere else."""
    address = product.base_url.replace("localhost", "127.0.0.1")
    transport = httpx2.HTTPTransport(local_address=source)
    answered = []
    with httpx2.Client(base_url=address, transport=transport, timeout=60) as client:
        for one in range(number):
            said = {"Authorization": f"Bearer {one}", "X-Forwarded-For": f"203.0.113.{one}"}
            answered.append(
                client.post("/api/auth/token", json={"name": "x"}, headers=said).status_code
            )
    return answered


def test_an_address_is_limited_by_itself_and_cannot_be_made_up(product: Product) -> None:
    allowed = Limits().secrets_per_minute * INGRESSES
    for source in ("127.0.0.3", "127.0.0.4"):  # the second one has all of its own
        answered = guesses(product, source, allowed * 2)
        assert answered[:10] == [404] * 10  # no token is set
        assert answered.count(404) <= allowed
        assert answered[-1] == 429
