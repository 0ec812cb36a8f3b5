"""What is replaced serves until its successor does."""

import pytest

from deployments.app import _deploy
from deployments.args import Scale
from deployments.jobs import Jobs


@pytest.mark.parametrize(("scale", "beside"), [(Scale(), 100), (Scale(replicas=2, per_node=1), 0)])
def test_a_replica_waits_for_its_successor_where_a_host_has_a_place_for_both(
    scale: Scale, beside: int
) -> None:
    assert _deploy(Jobs, scale)._deployment_config.max_surge_percent == beside
