"""Tests of the three voices of an error."""

import pytest

from creditbridge.foundation.errors import (
    CreditbridgeError,
    Malformed,
    Refused,
    SignatureInvalid,
    Unavailable,
    Untrusted,
)


@pytest.mark.parametrize("branch", [Refused, Malformed, Untrusted, Unavailable])
def test_each_branch_has_a_code_and_prose(branch: type[CreditbridgeError]) -> None:
    """The code is stable, the prose a sentence."""
    error = branch()

    assert error.code == branch.__name__.lower()
    assert str(error) == error.prose == branch.message
    assert error.prose.endswith(".")
    assert error.detail == ""


def test_prose_may_be_said_otherwise_and_detail_stays_apart() -> None:
    """The detail is for the log; `str` never shows it."""
    error = SignatureInvalid("It does not match.", detail="key k1")

    assert (str(error), error.detail) == ("It does not match.", "key k1")
    assert isinstance(error, Untrusted)
