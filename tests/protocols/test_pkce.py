"""Proof of the flow's beginning, against the RFC's own example."""

import importlib

import pytest

from creditbridge.protocols.pkce import VerifierMismatch, challenge_of, require_verifier

# RFC 7636, appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_the_challenge_is_that_of_the_rfc_and_of_authlib() -> None:
    """Appendix B, and a judge that we did not write."""
    judge_of = importlib.import_module("authlib.oauth2.rfc7636").create_s256_code_challenge

    assert challenge_of(VERIFIER) == CHALLENGE
    assert challenge_of("other" * 10) == judge_of("other" * 10)


@pytest.mark.parametrize("verifier", [VERIFIER, "~" * 43, "a.b_c-d~" * 16])
def test_the_verifier_of_the_challenge_is_accepted(verifier: str) -> None:
    """From 43 to 128 unreserved characters."""
    require_verifier(verifier, challenge_of(verifier))


@pytest.mark.parametrize("verifier", [None, "", "a" * 42, "a" * 129, "a" * 43 + "=", "\u676d" * 43])
def test_what_can_be_no_verifier_is_refused(verifier: str | None) -> None:
    """Missing, too short to be random, too long, or of other characters."""
    with pytest.raises(VerifierMismatch):
        require_verifier(verifier, CHALLENGE)


def test_another_verifier_is_refused() -> None:
    """Also the challenge itself, which everybody on the way could read."""
    for other in (VERIFIER[:-1] + "l", CHALLENGE):
        with pytest.raises(VerifierMismatch):
            require_verifier(other, CHALLENGE)
