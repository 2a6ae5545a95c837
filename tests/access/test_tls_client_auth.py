"""Proof by the connection's certificate, without a database."""

from datetime import UTC, datetime
from typing import Protocol

import pytest

from creditbridge.access.client_auth import METHODS
from creditbridge.access.client_auth.tls_client_auth import NOBODY, TlsClientAuth
from creditbridge.access.model import ClientRequest, InvalidClient
from creditbridge.parties.model import Bank, Client, Registration, Standing
from creditbridge.protocols.certificate_binding import (
    PeerCertificate,
    SubjectKind,
    SubjectMatcher,
)

NOW = datetime(2026, 11, 23, tzinfo=UTC)
FORM = {"client_id": "c"}
METHOD = METHODS["tls_client_auth"]


class MakeCertificate(Protocol):
    """The factory of `conftest`."""

    def __call__(self, host: str = ..., *, now: datetime | None = ...) -> PeerCertificate:
        """Return a certificate, valid around `now`."""
        ...


def register(matcher: SubjectMatcher) -> Registration:
    """A client with this matcher."""
    client = Client(
        client_id="c",
        bank_id="b",
        authentication="tls_client_auth",
        matcher=matcher,
        scopes=frozenset(),
        requires_signature=False,
        state=Standing.ACTIVE,
    )
    bank = Bank(bank_id="b", uscc="", legal_name="", state=Standing.ACTIVE)
    return Registration(client=client, bank=bank, keys=())


@pytest.mark.parametrize(
    ("kind", "value", "proves"),
    [
        (SubjectKind.SUBJECT_DN, "CN=a.example", True),
        (SubjectKind.SUBJECT_DN, "CN=b.example", False),
        (SubjectKind.SAN_DNS, "a.example", True),
        (SubjectKind.SAN_DNS, "*.example", False),
        (SubjectKind.SAN_URI, "https://a.example", False),
        (SubjectKind.SAN_IP, "127.0.0.1", False),
        (SubjectKind.SAN_EMAIL, "a@a.example", False),
    ],
)
def test_A6_the_one_registered_matcher_decides(
    make_certificate: MakeCertificate, kind: SubjectKind, value: str, *, proves: bool
) -> None:
    """Subject or one alternative name, in the registered place only."""
    registration = register(SubjectMatcher(kind=kind, value=value))
    certificate = make_certificate("a.example", now=NOW)
    request = ClientRequest(form=FORM, certificate=certificate)

    if proves:
        proven = METHOD.require_proof(registration, request, now=NOW)
        assert (proven.registration, proven.certificate) == (registration, certificate)
    else:
        with pytest.raises(InvalidClient):
            METHOD.require_proof(registration, request, now=NOW)


def test_A6_without_a_certificate_nothing_is_proven() -> None:
    """Whoever asks the method directly gets the same refusal."""
    with pytest.raises(InvalidClient):
        TlsClientAuth().require_proof(register(NOBODY), ClientRequest(form=FORM), now=NOW)


def test_A8_an_unknown_client_is_refused_even_where_its_certificate_matches_nobody(
    make_certificate: MakeCertificate,
) -> None:
    """The comparison stands in for a client's; meeting it proves nothing."""
    certificate = make_certificate("nobody.invalid", now=NOW)
    request = ClientRequest(form=FORM, certificate=certificate)

    assert METHOD.require_proof(register(NOBODY), request, now=NOW).certificate is certificate
    with pytest.raises(InvalidClient) as refusal:
        METHOD.require_proof(None, request, now=NOW)
    assert refusal.value.prose == InvalidClient.message
