"""A step of another kind of work is foreign, unless it was written for a title like this one."""

import pytest

from ml.activities.activity import activities
from ml.activities.casebook import casebook
from ml.composing.faults import Fault, Told, faults

CASE = next(case for case in casebook() if case.language == "en" and case.title == "Descale kettle")
TIP = f"{CASE.step} Nothing else is due today."


@pytest.mark.parametrize(
    ("kind", "title", "is_foreign"),
    [
        (CASE.activity, "descale the kettle", False),
        ("call", "descale kettle upstairs", False),  # the kind was taken wrongly, the step was not
        (None, "kettle: descale", False),
        ("call", "ring the bank", True),
        (None, "blue one", True),
        (None, None, True),
    ],
)
def test_a_foreign_step_is_told_by_kind_and_title(
    kind: str | None, title: str | None, is_foreign: bool
) -> None:
    activity = None if kind is None else activities()[kind]
    found = faults(Told(TIP, "en", activity, title))
    assert (Fault.FOREIGN_STEP in found) is is_foreign
