"""Each cause of a failed sign-in has one page and one line in the log."""

import logging

import pytest

from oo.identity.failures import Cause, SignInFailed, WrongIssuer, failure, log_failure

CALM = 140


@pytest.mark.parametrize("cause", [one for one in Cause if one is not Cause.WRONG_ISSUER])
def test_a_cause_has_a_page_and_a_line(cause: Cause, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    error = failure(cause, "Google", "x" * 1000)
    assert 400 <= error.status < 503
    assert error.code != SignInFailed.code
    assert error.detail.endswith(".")
    assert len(error.detail) < CALM
    assert "x" * 10 not in error.detail  # what was found is the operator's
    log_failure("google", error)
    (record,) = caplog.records
    assert record.getMessage().startswith(f"sign-in at google failed: {cause} xxx")
    assert len(record.getMessage()) < 300


def test_no_cause_has_two_pages_or_none() -> None:
    pages = [cause for kind in SignInFailed.__subclasses__() for cause in kind.causes]
    assert sorted(pages) == sorted(Cause)


def test_a_wrong_issuer_names_the_setting() -> None:
    error = WrongIssuer("google", "Google", "https://a.test/", "https://a.test")
    assert error.cause is Cause.WRONG_ISSUER
    assert "OO_OIDC__GOOGLE__ISSUER says https://a.test/." in error.detail
