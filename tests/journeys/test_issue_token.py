"""A token for a bank's machine, and what the ledger holds of it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Protocol, TypeAlias

import pytest
from tests.journeys.fetching import no_fetch

import creditbridge.access.service as access
from creditbridge.access.model import (
    ClientRequest,
    InvalidClient,
    InvalidScope,
    OAuthError,
    UnsupportedGrantType,
)
from creditbridge.admission.service import Admission
from creditbridge.consents.service import Consents
from creditbridge.foundation.database import Database, DatabaseUnavailable
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.foundation.sharing import SharedTransactions
from creditbridge.journeys.issue_token import IssueToken
from creditbridge.journeys.limit_client import LimitClient
from creditbridge.journeys.prove_client import ProveClient
from creditbridge.journeys.sum_up_strangers import Strangers
from creditbridge.ledger.model import Core, EventKind, TokenIssued, TokenRefused
from creditbridge.ledger.port import Recorder
from creditbridge.ledger.service import Ledger
from creditbridge.parties.model import Bank
from creditbridge.protocols.certificate_binding import PeerCertificate
from creditbridge.protocols.revocation_list import CertificateRevoked, RevocationUnknown

END = datetime.max.replace(tzinfo=UTC)
FORM = {"grant_type": "client_credentials", "client_id": "north-core", "scope": "reports"}

Certify: TypeAlias = Callable[..., PeerCertificate]
Told: TypeAlias = Callable[..., Awaitable[list[Core]]]


class Onboarded(Protocol):
    """A bank of `conftest`."""

    bank: Bank
    hosts: tuple[str, str]


class House(Protocol):
    """The house of `conftest`."""

    database: Database
    limit_client: LimitClient
    admission: Admission
    consents: Consents
    ledger: Ledger

    async def told(self, *words: str) -> list[Core]:
        """Return what the ledger holds."""
        ...

    def faulty_ledger(self, kind: EventKind, fault: str) -> Recorder:
        """Return the ledger with a fault."""
        ...


class Revocations(Protocol):
    """The revocation lists of `conftest`."""

    refusal: CreditbridgeError | None

    def require_unrevoked(self, certificate: PeerCertificate, *, now: datetime) -> None:
        """Accept, or raise what the test said."""
        ...


@pytest.fixture
def strangers() -> Strangers:
    """The counts of this process."""
    return Strangers()


@pytest.fixture
def issue(
    house: House, strangers: Strangers, revocations: Revocations
) -> Callable[[Recorder], IssueToken]:
    """Makes the journey with a ledger."""

    def make(ledger: Recorder) -> IssueToken:
        prove_client = ProveClient(
            fetch_keys=no_fetch,
            database=house.database,
            access=access,
            admission=house.admission,
            ledger=ledger,
            strangers=strangers,
            revocations=revocations,
            limit_client=house.limit_client,
        )
        return IssueToken(
            prove_client=prove_client,
            access=access,
            consents=house.consents,
            admission=house.admission,
            ledger=ledger,
            together=SharedTransactions(house.database, commit_on=OAuthError),
        )

    return make


async def test_a_token_is_issued_and_recorded(
    issue: Callable[[Recorder], IssueToken],
    house: House,
    certify: Certify,
    north: Onboarded,
) -> None:
    """Client, scope, certificate and end are in the ledger; the secret is nowhere."""
    certificate = certify(north.hosts[0])

    issued = await issue(house.ledger)(ClientRequest(form=FORM, certificate=certificate))

    (record,) = await house.told("token")
    assert isinstance(record.terms, TokenIssued)
    assert record.terms.client == "north-core"
    assert record.terms.scope == {"reports"}
    assert record.terms.thumbprint == certificate.thumbprint
    assert record.terms.expires_at == issued.token.expires_at
    assert issued.secret.startswith("cbt_")


REFUSED: dict[str, tuple[type[OAuthError], dict[str, str]]] = {
    "grant": (UnsupportedGrantType, {**FORM, "grant_type": "password"}),
    "scope": (InvalidScope, {**FORM, "scope": "reports everything"}),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_a_refusal_of_a_known_client_is_recorded(
    case: str,
    issue: Callable[[Recorder], IssueToken],
    house: House,
    certify: Certify,
    north: Onboarded,
    strangers: Strangers,
) -> None:
    """It proved who it is, so its refusal is an entry of its own."""
    refused, form = REFUSED[case]

    with pytest.raises(refused):
        await issue(house.ledger)(ClientRequest(form=form, certificate=certify(north.hosts[0])))

    (record,) = await house.told("token")
    assert isinstance(record.terms, TokenRefused)
    assert (record.terms.client, record.terms.code) == ("north-core", refused.code)
    assert strangers.take_until(END) == []


@pytest.mark.parametrize("refusal", [CertificateRevoked(), RevocationUnknown()])
async def test_T3_a_revoked_certificate_gets_no_token(
    refusal: CreditbridgeError,
    issue: Callable[[Recorder], IssueToken],
    house: House,
    certify: Certify,
    north: Onboarded,
    strangers: Strangers,
    revocations: Revocations,
) -> None:
    """`invalid_client` in the text of any other; the ledger holds why, under the client's name."""
    revocations.refusal = refusal

    with pytest.raises(InvalidClient) as refused:
        await issue(house.ledger)(ClientRequest(form=FORM, certificate=certify(north.hosts[0])))

    assert refused.value.to_answer() == InvalidClient().to_answer()
    (record,) = await house.told("token")
    assert isinstance(record.terms, TokenRefused)
    assert (record.terms.client, record.terms.code) == ("north-core", refusal.code)
    assert strangers.take_until(END) == []


@pytest.mark.usefixtures("north")
@pytest.mark.parametrize("client_id", ["north-core", "nobody-core", ""])
async def test_a_client_that_proves_nothing_is_a_stranger(
    client_id: str,
    issue: Callable[[Recorder], IssueToken],
    house: House,
    certify: Certify,
    strangers: Strangers,
) -> None:
    """A known name over another certificate and an unknown name are counted alike."""
    form = {**FORM, "client_id": client_id}

    with pytest.raises(InvalidClient):
        await issue(house.ledger)(ClientRequest(form=form, certificate=certify("other.example")))

    (line,) = strangers.take_until(END)
    assert (line.door, line.code, line.count) == ("token", "invalid-client", 1)
    assert await house.told("token") == []


@pytest.mark.parametrize("fault", ["failed", "reply lost"])
async def test_no_token_leaves_without_the_ledgers_word(
    fault: str,
    issue: Callable[[Recorder], IssueToken],
    house: House,
    certify: Certify,
    north: Onboarded,
) -> None:
    """The statement fails, before or after it was done: no token, and none is kept."""
    journey = issue(house.faulty_ledger(EventKind.TOKEN_ISSUED, fault))

    with pytest.raises(DatabaseUnavailable):
        await journey(ClientRequest(form=FORM, certificate=certify(north.hosts[0])))

    async with house.database.transaction() as tx:
        assert await tx.fetch_value(int, "SELECT count(*) FROM access_tokens") == 0
