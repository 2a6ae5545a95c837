"""What a token request may ask, and what a token opens."""

from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest

from creditbridge.access.model import (
    Credential,
    InvalidScope,
    ScopeInsufficient,
    Token,
    TokenInvalid,
    TokenMisplaced,
    TokenMissing,
    TokenUnbound,
)
from creditbridge.access.rules import (
    SCOPE_CHARACTERS_MAX,
    decide_scopes,
    read_credential,
    require_binding,
    require_live,
    require_scope,
)
from creditbridge.protocols.certificate_binding import PeerCertificate

REGISTERED = frozenset({"reports", "consents"})
NOW = datetime(2026, 11, 23, tzinfo=UTC)
SECRET = "cbt_" + "A" * 43


class MakeCertificate(Protocol):
    """The factory of `conftest`."""

    def __call__(self, host: str = ...) -> PeerCertificate:
        """Return a certificate."""
        ...


def make_token(certificate: PeerCertificate) -> Token:
    """A token for reports, bound to the certificate, that ends at NOW + 300 s."""
    return Token(
        client_id="c",
        bank_id="b",
        scopes=frozenset({"reports"}),
        thumbprint=certificate.thumbprint,
        issued_at=NOW,
        expires_at=NOW + timedelta(seconds=300),
    )


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        ("reports", {"reports"}),
        ("reports consents", REGISTERED),
        ("consents reports", REGISTERED),
        ("reports reports", {"reports"}),
        (None, REGISTERED),
    ],
)
def test_a_client_gets_what_it_asks_of_what_it_is_registered_for(
    asked: str | None, granted: set[str]
) -> None:
    """Without a scope it gets all that it is registered for."""
    assert decide_scopes(asked, REGISTERED) == granted


@pytest.mark.parametrize(
    "asked",
    [
        "ledger",
        "reports ledger",
        "REPORTS",
        " reports",
        "reports ",
        "reports  consents",
        "reports\tconsents",
        'rep"orts',
        "rep\\orts",
        "报告",
        "x" * (SCOPE_CHARACTERS_MAX + 1),
    ],
)
def test_G1_a_scope_that_is_not_registered_is_an_invalid_scope(asked: str) -> None:
    """Nothing is granted in part."""
    with pytest.raises(InvalidScope):
        decide_scopes(asked, REGISTERED)


def test_a_client_without_scopes_gets_no_token() -> None:
    """A token that opens nothing is not issued."""
    with pytest.raises(InvalidScope):
        decide_scopes(None, frozenset())


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR", "DPoP", "dpop", "DPOP"])
def test_S1_D2_access_token_type_header_case_sensitivity(scheme: str) -> None:
    """RFC 9110, section 11.1; also with more than one space."""
    credential = Credential(scheme=scheme.lower(), secret=SECRET)
    assert read_credential([f"{scheme} {SECRET}"]) == credential
    assert read_credential([f" {scheme}   {SECRET} "]).secret == SECRET


def test_S1_a_token_in_query_or_body_is_misplaced() -> None:
    """Even where the header holds the same one."""
    for headers in ([], [f"Bearer {SECRET}"]):
        with pytest.raises(TokenMisplaced):
            read_credential(headers, parameter_names=["page", "access_token"])


def test_S1_two_authorization_headers_are_misplaced() -> None:
    """Also where both say the same."""
    with pytest.raises(TokenMisplaced):
        read_credential([f"Bearer {SECRET}", f"Bearer {SECRET}"])


@pytest.mark.parametrize("headers", [[], [""], ["Basic dTpw"], [SECRET]])
def test_S2_without_a_token_it_is_missing(headers: list[str]) -> None:
    """No header, or another scheme: 401 without an error code."""
    with pytest.raises(TokenMissing):
        read_credential(headers)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "cbt_",
        SECRET[:-1],
        SECRET + "A",
        SECRET[:-1] + "=",
        "cbt_" + "é" * 43,
        "CBT_" + "A" * 43,
        f"{SECRET}, {SECRET}",
        f"{SECRET} {SECRET}",
        "x" * 10_000,
        "eyJhbGciOiJub25lIn0.e30.",
    ],
)
def test_S2_a_malformed_token_is_invalid_without_a_look_up(token: str) -> None:
    """RFC 6750, section 3.1 calls it `invalid_token` too."""
    with pytest.raises(TokenInvalid):
        read_credential([f"Bearer {token}"])


def test_S2_a_token_is_valid_until_its_end_and_not_at_it(make_certificate: MakeCertificate) -> None:
    """Valid while now < end (fault 46)."""
    token = make_token(make_certificate())

    assert require_live(token, now=token.expires_at - timedelta(microseconds=1)) is token
    for found, now in ((token, token.expires_at), (None, NOW)):
        with pytest.raises(TokenInvalid):
            require_live(found, now=now)


def test_D5_a_token_works_over_its_own_certificate_only(make_certificate: MakeCertificate) -> None:
    """No certificate, another bank's, a renewed one of the same name: unbound."""
    own = make_certificate("gateway.bank.example")
    token = make_token(own)

    require_binding(token, own)
    renewed = make_certificate("gateway.bank.example")
    other = make_certificate("gateway.other.example")
    for certificate in (None, renewed, other):
        with pytest.raises(TokenUnbound) as refusal:
            require_binding(token, certificate)
        # Outside, it looks like every other token that is not valid.
        assert (refusal.value.code, refusal.value.prose) == ("invalid-token", TokenInvalid.message)
        assert refusal.value.token is token


def test_S3_a_token_opens_only_what_its_scope_says(make_certificate: MakeCertificate) -> None:
    """Another scope is `insufficient_scope`, whoever asks."""
    token = make_token(make_certificate())

    require_scope(token, "reports")
    with pytest.raises(ScopeInsufficient):
        require_scope(token, "consents")
