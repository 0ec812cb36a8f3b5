"""Small scenarios for tests."""

from ml.simulation.scenario import PopulationModel, Scenario

SMALL = Scenario(seed=3, days=6, per_day=3, population=PopulationModel(people=12))
