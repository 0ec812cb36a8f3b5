"""Erases people who deleted their account: all rows, their data key last."""

from oo.jobs.contract import Job
from oo.jobs.erasing import erase_people

JOB = Job("erase-people", 5.0, erase_people)
