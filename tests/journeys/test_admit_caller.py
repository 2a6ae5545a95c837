"""Who may come in at the bank door, and what is left of everybody else."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

import msgspec
import pytest
from tests.journeys.fetching import no_fetch

import creditbridge.access.service as access
import creditbridge.parties.service as parties
from creditbridge.access.model import (
    ClientRequest,
    OAuthError,
    ScopeInsufficient,
    TokenInvalid,
    TokenMisplaced,
    TokenMissing,
    TokenUnbound,
)
from creditbridge.admission.rules import NonceReplayed
from creditbridge.admission.service import Admission
from creditbridge.consents.service import Consents
from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.database import Database
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.foundation.keys import FileKey
from creditbridge.foundation.sharing import SharedTransactions
from creditbridge.journeys.admit_caller import AdmitCaller, Presented
from creditbridge.journeys.issue_token import IssueToken
from creditbridge.journeys.limit_client import LimitClient
from creditbridge.journeys.prove_client import ProveClient
from creditbridge.journeys.sum_up_overruns import Overruns
from creditbridge.journeys.sum_up_strangers import Strangers
from creditbridge.ledger.model import CallerRefused, Core
from creditbridge.ledger.service import Ledger
from creditbridge.parties.model import Bank
from creditbridge.protocols.certificate_binding import CertificateUnfit, PeerCertificate
from creditbridge.protocols.http_signatures import (
    BANK_REQUEST,
    Request,
    SignatureBodyMismatch,
    SignatureKeyUnknown,
    SignatureMissing,
    SignatureRejected,
    SignatureStale,
    sign_request,
)
from creditbridge.protocols.revocation_list import CertificateRevoked, RevocationUnknown

URL = "https://bank.gateway.example/v1/reports"
BODY = b'{"a":1}'
END = datetime.max.replace(tzinfo=UTC)


class Onboarded(Protocol):
    """A bank of `conftest`."""

    bank: Bank
    key: FileKey
    hosts: tuple[str, str]
    client_ids: tuple[str, str]


class House(Protocol):
    """The house of `conftest`."""

    database: Database
    limit_client: LimitClient
    overruns: Overruns
    ledger: Ledger
    admission: Admission
    consents: Consents

    async def wait(self, time: timedelta) -> None:
        """Let the database's instant pass."""
        ...

    async def told(self, *words: str) -> list[Core]:
        """Return what the ledger holds."""
        ...


class Revocations(Protocol):
    """The revocation lists of `conftest`."""

    refusal: CreditbridgeError | None

    def require_unrevoked(self, certificate: PeerCertificate, *, now: datetime) -> None:
        """Accept, or raise what the test said."""
        ...


class Door:
    """The door, and how a bank's machine comes to it; `strangers` are counted here."""

    def __init__(
        self,
        house: House,
        certify: Callable[..., PeerCertificate],
        revocations: Revocations,
    ) -> None:
        self.strangers = Strangers()
        self.certify = certify
        self._issue = IssueToken(
            prove_client=ProveClient(
                fetch_keys=no_fetch,
                database=house.database,
                access=access,
                admission=house.admission,
                ledger=house.ledger,
                strangers=Strangers(),
                revocations=revocations,
                limit_client=house.limit_client,
            ),
            access=access,
            consents=house.consents,
            admission=house.admission,
            ledger=house.ledger,
            together=SharedTransactions(house.database, commit_on=OAuthError),
        )
        self.admit = AdmitCaller(
            fetch_keys=no_fetch,
            database=house.database,
            access=access,
            parties=parties,
            admission=house.admission,
            ledger=house.ledger,
            strangers=self.strangers,
            revocations=revocations,
            limit_client=house.limit_client,
        )

    async def get_token(
        self, onboarded: Onboarded, *, client: int = 0, scope: str = "reports"
    ) -> str:
        """Get a token for a client of a bank, as the value of an Authorization header."""
        form = {
            "grant_type": "client_credentials",
            "client_id": onboarded.client_ids[client],
            "scope": scope,
        }
        certificate = self.certify(onboarded.hosts[client])
        issued = await self._issue(ClientRequest(form=form, certificate=certificate))
        return f"Bearer {issued.secret}"

    def present(
        self,
        *authorization: str,
        certificate: PeerCertificate | None,
        key: FileKey | None = None,
        created: int | None = None,
        nonce: str | None = None,
    ) -> Presented:
        """Make what comes to the door, signed if a key is given."""
        headers = (
            *(("authorization", value) for value in authorization),
            ("content-type", "application/json"),
        )
        request = Request(method="POST", target_uri=URL, headers=headers, body=BODY)
        if key is not None:
            added = sign_request(
                request,
                BANK_REQUEST,
                key,
                created=int(SystemClock().now().timestamp()) if created is None else created,
                nonce=nonce or secrets.token_urlsafe(16),
            )
            request = msgspec.structs.replace(request, headers=headers + added)
        return Presented(
            request=request,
            certificate=certificate,
            door="reports",
            scope="reports",
            interaction_id="6e2b1c0e-9f5c-4f2f-8f35-0d8f3a5f8f11",
        )

    async def sign(
        self, onboarded: Onboarded, *, created: int | None = None, nonce: str | None = None
    ) -> Presented:
        """Make what a bank's first machine signs over its own connection."""
        return self.present(
            await self.get_token(onboarded),
            certificate=self.certify(onboarded.hosts[0]),
            key=onboarded.key,
            created=created,
            nonce=nonce,
        )


@pytest.fixture
def door(house: House, certify: Callable[..., PeerCertificate], revocations: Revocations) -> Door:
    """The bank door."""
    return Door(house, certify, revocations)


def codes_of(cores: list[Core]) -> list[str]:
    """Return the codes under which callers were refused."""
    return [core.terms.code for core in cores if isinstance(core.terms, CallerRefused)]


def replace_body(presented: Presented) -> Presented:
    """Put the body of another request under the same headers."""
    request = msgspec.structs.replace(presented.request, body=b'{"a":2}')
    return msgspec.structs.replace(presented, request=request)


def replace_target(presented: Presented) -> Presented:
    """Put the same signature over another address."""
    request = msgspec.structs.replace(presented.request, target_uri=URL + "?all=1")
    return msgspec.structs.replace(presented, request=request)


async def test_a_signed_request_with_a_bound_token_comes_in(
    door: Door, house: House, north: Onboarded
) -> None:
    """The caller is the bank's machine, with the signed base as evidence; nothing is recorded."""
    caller = await door.admit(await door.sign(north))

    assert caller.client_id == "north-core"
    assert caller.bank == north.bank
    assert caller.request.key_id == north.key.key.key_id
    assert caller.request.base is not None
    north.key.key.verify(caller.request.signature or b"", caller.request.base)
    assert await house.told("caller") == []


async def test_a_client_that_need_not_sign_comes_in_unsigned(door: Door, north: Onboarded) -> None:
    """Then TLS and token speak for it, and the evidence says no more than that."""
    token = (await door.get_token(north, client=1)).replace("Bearer", "bearer")

    caller = await door.admit(door.present(token, certificate=door.certify(north.hosts[1])))

    assert caller.client_id == "north-branch"
    assert (caller.request.body, caller.request.base) == (BODY, None)


STRANGERS: dict[str, tuple[type[CreditbridgeError], tuple[str, ...]]] = {
    "no-token": (TokenMissing, ()),
    "other-scheme": (TokenMissing, ("Basic bm9ydGg6cGFzcw==",)),
    "malformed": (TokenInvalid, ("Bearer x",)),
    "unknown": (TokenInvalid, ("Bearer cbt_" + "a" * 43,)),
    "two-headers": (TokenMisplaced, ("Bearer cbt_" + "a" * 43, "Bearer cbt_" + "b" * 43)),
}


@pytest.mark.parametrize("case", STRANGERS)
async def test_a_stranger_is_counted_and_not_recorded(case: str, door: Door, house: House) -> None:
    """Whoever has no token of ours leaves no entry of their own (law 1)."""
    refused, authorization = STRANGERS[case]
    presented = door.present(*authorization, certificate=door.certify("anywhere.example"))

    with pytest.raises(refused):
        await door.admit(presented)

    (line,) = door.strangers.take_until(END)
    assert (line.door, line.code, line.count) == ("reports", refused.code, 1)
    assert await house.told("caller", "strangers") == []


async def test_a_token_over_another_connection_is_recorded_under_its_bank(
    door: Door, house: House, north: Onboarded, south: Onboarded
) -> None:
    """Another bank's certificate, a renewed one, none: refused, recorded, no stranger (law 3)."""
    token = await door.get_token(north)
    certificates = [
        door.certify(south.hosts[0], number=7),
        door.certify(north.hosts[0], number=2),
        None,
    ]

    for certificate in certificates:
        with pytest.raises(TokenUnbound):
            await door.admit(door.present(token, certificate=certificate, key=north.key))

    refusals, onboarded = await house.told("caller"), await house.told("bank")
    assert codes_of(refusals) == ["invalid-token"] * 3
    assert {core.bank for core in refusals} == {onboarded[0].bank}
    assert door.strangers.take_until(END) == []


async def test_a_stolen_token_fills_no_log(
    door: Door, house: House, north: Onboarded, south: Onboarded
) -> None:
    """Five refusals of a minute are recorded one by one; the others are one sum, under the code."""
    stolen = door.present(
        await door.get_token(north),
        certificate=door.certify(south.hosts[0], number=7),
        key=north.key,
    )

    for _ in range(12):
        with pytest.raises(TokenUnbound):
            await door.admit(stolen)

    refusals = codes_of(await house.told("caller"))
    (counted,) = house.overruns.take_until(END)
    # Where a minute ends in between, it begins anew.
    assert set(refusals) == {"invalid-token"}
    assert len(refusals) in range(5, 11)
    assert counted.count == 12 - len(refusals)
    assert (counted.line.client_id, counted.line.door) == ("north-core", "reports")
    assert counted.line.policy == "invalid-token"


async def test_a_token_without_the_scope_does_not_open_the_door(
    door: Door, house: House, north: Onboarded
) -> None:
    """A token for consents reads no report."""
    token = await door.get_token(north, scope="consents")
    certificate = door.certify(north.hosts[0])

    with pytest.raises(ScopeInsufficient):
        await door.admit(door.present(token, certificate=certificate, key=north.key))

    assert codes_of(await house.told("caller")) == ["insufficient-scope"]


async def test_a_certificate_that_ended_during_the_connection_is_refused(
    door: Door, house: House, north: Onboarded
) -> None:
    """TLS looked at its dates once, when the connection began."""
    token = await door.get_token(north)
    ended = door.certify(north.hosts[0], days=(-2, -1))

    with pytest.raises(CertificateUnfit):
        await door.admit(door.present(token, certificate=ended, key=north.key))

    assert codes_of(await house.told("caller")) == ["certificate-unfit"]


@pytest.mark.parametrize("refusal", [CertificateRevoked(), RevocationUnknown()])
async def test_T3_a_certificate_revoked_during_the_connection_is_refused(
    refusal: CreditbridgeError,
    door: Door,
    house: House,
    north: Onboarded,
    revocations: Revocations,
) -> None:
    """The list is asked at each request, not once per token; its client is known and recorded."""
    presented = await door.sign(north)
    revocations.refusal = refusal

    with pytest.raises(type(refusal)):
        await door.admit(presented)

    assert codes_of(await house.told("caller")) == [refusal.code]


async def test_an_expired_token_opens_nothing(door: Door, house: House, north: Onboarded) -> None:
    """At its end, to the instant, it is as good as unknown."""
    presented = await door.sign(north)
    await house.wait(timedelta(seconds=300))

    with pytest.raises(TokenInvalid):
        await door.admit(presented)


async def test_a_suspended_bank_is_out_at_once(door: Door, house: House, north: Onboarded) -> None:
    """Its live token opens nothing from the commit on, and it looks like an unknown one."""
    presented = await door.sign(north)
    async with house.database.transaction() as tx:
        await tx.execute("UPDATE parties_banks SET state = 'SUSPENDED'")

    with pytest.raises(TokenInvalid):
        await door.admit(presented)
    with pytest.raises(TokenInvalid):
        await door.admit(msgspec.structs.replace(presented, certificate=None))

    (line,) = door.strangers.take_until(END)
    assert (line.code, line.count) == ("invalid-token", 2)


ALTERED: dict[str, tuple[type[CreditbridgeError], Callable[[Presented], Presented]]] = {
    "body": (SignatureBodyMismatch, replace_body),
    "target": (SignatureRejected, replace_target),
}


@pytest.mark.parametrize("case", ALTERED)
async def test_an_altered_request_is_refused_and_recorded(
    case: str, door: Door, house: House, north: Onboarded
) -> None:
    """What the bank's key signed is what counts, to the byte."""
    refused, change = ALTERED[case]

    with pytest.raises(refused) as caught:
        await door.admit(change(await door.sign(north)))

    assert codes_of(await house.told("caller")) == [caught.value.code]


async def test_a_signature_is_required_where_the_client_is_registered_so(
    door: Door, house: House, north: Onboarded
) -> None:
    """TLS and token alone do not speak for this client."""
    token = await door.get_token(north)

    with pytest.raises(SignatureMissing):
        await door.admit(door.present(token, certificate=door.certify(north.hosts[0])))

    assert codes_of(await house.told("caller")) == ["signature-missing"]


# From the future with a second to spare, whichever second the test runs in.
@pytest.mark.parametrize("seconds", [-61, 12])
async def test_a_signature_outside_of_its_window_is_refused(
    seconds: int, door: Door, house: House, north: Onboarded
) -> None:
    """Older than a minute, or more than ten seconds from the future (PROTOCOLS, H4)."""
    created = int(SystemClock().now().timestamp()) + seconds

    with pytest.raises(SignatureStale):
        await door.admit(await door.sign(north, created=created))

    assert codes_of(await house.told("caller")) == ["signature-stale"]


async def test_another_banks_key_signs_nothing_here(
    door: Door, house: House, north: Onboarded, south: Onboarded
) -> None:
    """A key counts for the client that registered it, and for no other."""
    token, certificate = await door.get_token(north), door.certify(north.hosts[0])

    with pytest.raises(SignatureKeyUnknown):
        await door.admit(door.present(token, certificate=certificate, key=south.key))

    assert len(await house.told("caller")) == 1


async def test_a_signed_request_comes_once(door: Door, house: House, north: Onboarded) -> None:
    """The same signed bytes again are refused on every node, and recorded (PROTOCOLS, H5)."""
    presented = await door.sign(north)
    await door.admit(presented)

    with pytest.raises(NonceReplayed):
        await door.admit(presented)

    assert codes_of(await house.told("caller")) == ["signature-replayed"]


async def test_a_refused_signature_spends_no_nonce(door: Door, north: Onboarded) -> None:
    """Whoever cannot sign cannot use up the nonces of whoever can."""
    presented = await door.sign(north, nonce=secrets.token_urlsafe(16))
    with pytest.raises(SignatureBodyMismatch):
        await door.admit(replace_body(presented))

    assert (await door.admit(presented)).client_id == "north-core"
