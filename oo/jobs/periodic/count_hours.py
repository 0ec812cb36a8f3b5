"""Counts decisions by hour, and people by day, for the console's pages."""

from oo.jobs.contract import Job
from oo.jobs.counting import EVERY_S, keep

JOB = Job("count-hours", EVERY_S, keep)
