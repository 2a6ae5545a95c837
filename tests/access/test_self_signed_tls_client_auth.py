"""Proof by a certificate of the client's own making, without a database (PROTOCOLS A7)."""

from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest
from msgspec.structs import replace
from tests.protocols.self_signing import SelfMade, self_sign

from creditbridge.access.client_auth import METHODS
from creditbridge.access.model import ASSERTION, ClientRequest, InvalidClient
from creditbridge.parties.model import Bank, Client, OwnCertificate, Registration, Standing
from creditbridge.parties.rules import CertificateUnregistered, require_own, select_live
from creditbridge.protocols.certificate_binding import PeerCertificate, parse_certificate
from creditbridge.protocols.self_signed import read_self_signed

NOW = datetime(2026, 11, 23, tzinfo=UTC)
CLIENT_ID = "north-lending"
FORM = {"client_id": CLIENT_ID}
METHOD = METHODS["self_signed_tls_client_auth"]
BY_AUTHORITY = METHODS["tls_client_auth"]


class MakeCertificate(Protocol):
    """The factory of `conftest`."""

    def __call__(self, host: str = ..., *, now: datetime | None = ...) -> PeerCertificate:
        """Return a certificate, valid around `now`."""
        ...


def own(made: SelfMade, *, ends_at: datetime | None = None) -> OwnCertificate:
    """The row of a registered certificate."""
    found = read_self_signed(made.der)
    return OwnCertificate(
        thumbprint=found.certificate.thumbprint,
        client_id=CLIENT_ID,
        key_thumbprint=found.key_thumbprint,
        certificate=made.der,
        registered_at=NOW,
        ends_at=ends_at,
    )


def register(*certificates: OwnCertificate) -> Registration:
    """A client with these certificates."""
    client = Client(
        client_id=CLIENT_ID,
        bank_id="b",
        authentication="self_signed_tls_client_auth",
        matcher=None,
        scopes=frozenset(),
        requires_signature=False,
        state=Standing.ACTIVE,
    )
    bank = Bank(bank_id="b", uscc="", legal_name="", state=Standing.ACTIVE)
    return Registration(client=client, bank=bank, keys=(), certificates=certificates)


def asking(made: SelfMade) -> ClientRequest:
    """A request over a connection that shows this certificate."""
    return ClientRequest(form=FORM, certificate=parse_certificate(made.der))


def test_A7_each_registered_certificate_proves_the_client() -> None:
    """As while one follows the other."""
    first, second = self_sign(now=NOW), self_sign(now=NOW)
    registration = register(own(first), own(second))

    for made in (first, second):
        proven = METHOD.require_proof(registration, asking(made), now=NOW)
        assert proven.registration is registration
        assert proven.certificate == parse_certificate(made.der)


@pytest.mark.parametrize("days", [(-9, -1), (1, 9)])
def test_A7_the_dates_count(days: tuple[int, int]) -> None:
    """At each request: a connection may outlive the certificate that it began with."""
    made = self_sign(now=NOW, days=days)

    with pytest.raises(InvalidClient):
        METHOD.require_proof(register(own(made)), asking(made), now=NOW)


def test_A7_another_certificate_proves_nothing(make_certificate: MakeCertificate) -> None:
    """Another client's, one of the same name, one of an authority, none; the text is one."""
    mine, other = self_sign(now=NOW), self_sign(now=NOW)
    issued = make_certificate(CLIENT_ID, now=NOW)
    refused = [
        asking(other),
        ClientRequest(form=FORM, certificate=issued),
        ClientRequest(form=FORM),
    ]

    for request in refused:
        with pytest.raises(InvalidClient) as refusal:
            METHOD.require_proof(register(own(mine)), request, now=NOW)
        assert refusal.value.prose == InvalidClient.message
    with pytest.raises(InvalidClient):
        METHOD.require_proof(None, asking(mine), now=NOW)


def test_A7_a_certificate_that_was_taken_back_counts_until_its_end() -> None:
    """The overlap is over at its very instant."""
    made = self_sign(now=NOW)
    registration = register(own(made, ends_at=NOW + timedelta(hours=1)))
    before, after = (
        select_live(registration, now=NOW + timedelta(hours=1) - step)
        for step in (timedelta(microseconds=1), timedelta())
    )

    assert METHOD.require_proof(before, asking(made), now=NOW).registration == before
    with pytest.raises(InvalidClient):
        METHOD.require_proof(after, asking(made), now=NOW)


def test_A7_a_self_signed_certificate_never_claims_a_client_of_an_authority(
    make_certificate: MakeCertificate,
) -> None:
    """Each kind of certificate claims by its own method; beside an assertion it claims nothing."""
    self_signed = asking(self_sign(now=NOW))
    issued = ClientRequest(form=FORM, certificate=make_certificate(CLIENT_ID, now=NOW))
    bare = ClientRequest(form=FORM)

    claims = [
        (METHOD.name_client(request), BY_AUTHORITY.name_client(request))
        for request in (self_signed, issued, bare)
    ]

    assert claims == [(CLIENT_ID, None), (None, CLIENT_ID), (None, None)]
    assert METHOD.name_client(replace(self_signed, form={**FORM, ASSERTION: "x"})) is None
    assert METHOD.name_client(replace(self_signed, form={})) is None


def test_A7_a_self_signed_certificate_stands_for_nobody_else(
    make_certificate: MakeCertificate,
) -> None:
    """However the client proves itself: one of an authority is none that it must register."""
    mine = self_sign(now=NOW)

    require_own(register(own(mine)), parse_certificate(mine.der))
    require_own(register(), make_certificate(now=NOW))
    for registration in (register(), register(own(self_sign(now=NOW))), None):
        with pytest.raises(CertificateUnregistered):
            require_own(registration, parse_certificate(mine.der))
