"""Who may come in at the bank door, and what is left of everybody else."""

import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeAlias

import msgspec
import pytest

import creditbridge.access.service as access
import creditbridge.parties.service as parties
from creditbridge.access.model import (
    ScopeInsufficient,
    TokenInvalid,
    TokenMisplaced,
    TokenMissing,
    TokenRequest,
    TokenUnbound,
)
from creditbridge.admission.rules import NonceReplayed
from creditbridge.admission.service import Admission
from creditbridge.foundation.database import Database
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.foundation.keys import FileKey
from creditbridge.journeys.admit_caller import AdmitCaller, Presented
from creditbridge.journeys.issue_token import IssueToken
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

URL = "https://bank.gateway.example/v1/reports"
BODY = b'{"a":1}'

Certify: TypeAlias = Callable[..., PeerCertificate]
Told: TypeAlias = Callable[..., Awaitable[list[Core]]]
GetToken: TypeAlias = Callable[..., Awaitable[str]]


class Onboarded(Protocol):
    """A bank of `conftest`."""

    bank: Bank
    key: FileKey
    hosts: tuple[str, str]
    client_ids: tuple[str, str]


@pytest.fixture
def strangers() -> Strangers:
    """The counts of this process."""
    return Strangers()


@pytest.fixture
def admit(
    database: Database, admission: Admission, ledger: Ledger, strangers: Strangers
) -> AdmitCaller:
    """The journey, with the real rooms."""
    return AdmitCaller(
        database=database,
        access=access,
        parties=parties,
        admission=admission,
        ledger=ledger,
        strangers=strangers,
    )


@pytest.fixture
def get_token(database: Database, ledger: Ledger, certify: Certify) -> GetToken:
    """Gets a token for a client of a bank."""
    journey = IssueToken(database=database, access=access, ledger=ledger, strangers=Strangers())

    async def get(onboarded: Onboarded, *, client: int = 0, scope: str = "reports") -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": onboarded.client_ids[client],
            "scope": scope,
        }
        certificate = certify(onboarded.hosts[client])
        issued = await journey(TokenRequest(form=form, certificate=certificate))
        return issued.secret

    return get


@pytest.fixture
def present(certify: Certify) -> Callable[..., Presented]:
    """Makes what comes to the door: signed as the bank's first client does, if a key is given."""

    def make(
        *authorization: str,
        certificate: PeerCertificate | None,
        key: FileKey | None = None,
        created: int | None = None,
        nonce: str | None = None,
    ) -> Presented:
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
                created=int(datetime.now(UTC).timestamp()) if created is None else created,
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

    return make


def codes_of(cores: list[Core]) -> list[str]:
    """Return the codes under which callers were refused."""
    return [core.terms.code for core in cores if isinstance(core.terms, CallerRefused)]


async def test_a_signed_request_with_a_bound_token_comes_in(
    admit: AdmitCaller,
    present: Callable[..., Presented],
    get_token: GetToken,
    certify: Certify,
    north: Onboarded,
    told: Told,
) -> None:
    """The caller is the bank's machine, with the signed base as evidence; nothing is recorded."""
    token = await get_token(north)
    presented = present(f"Bearer {token}", certificate=certify(north.hosts[0]), key=north.key)

    caller = await admit(presented)

    assert caller.client_id == "north-core"
    assert caller.bank == north.bank
    assert caller.request.key_id == north.key.key.key_id
    assert caller.request.base is not None
    north.key.key.verify(caller.request.signature or b"", caller.request.base)
    assert await told("caller") == []


async def test_a_client_that_need_not_sign_comes_in_unsigned(
    admit: AdmitCaller,
    present: Callable[..., Presented],
    get_token: GetToken,
    certify: Certify,
    north: Onboarded,
) -> None:
    """Then TLS and token speak for it, and the evidence says no more than that."""
    token = await get_token(north, client=1)

    caller = await admit(present(f"bearer {token}", certificate=certify(north.hosts[1])))

    assert caller.client_id == "north-branch"
    assert (caller.request.body, caller.request.base) == (BODY, None)


STRANGERS = {
    "no-token": (TokenMissing, ()),
    "other-scheme": (TokenMissing, ("Basic bm9ydGg6cGFzcw==",)),
    "malformed": (TokenInvalid, ("Bearer x",)),
    "unknown": (TokenInvalid, ("Bearer cbt_" + "a" * 43,)),
    "two-headers": (TokenMisplaced, ("Bearer cbt_" + "a" * 43, "Bearer cbt_" + "b" * 43)),
}


@pytest.mark.parametrize("case", STRANGERS)
async def test_a_stranger_is_counted_and_not_recorded(
    case: str,
    admit: AdmitCaller,
    strangers: Strangers,
    present: Callable[..., Presented],
    certify: Certify,
    told: Told,
) -> None:
    """Whoever has no token of ours leaves no entry of their own (law 1)."""
    refused, authorization = STRANGERS[case]
    presented = present(*authorization, certificate=certify("anywhere.example"))

    with pytest.raises(refused):
        await admit(presented)

    (line,) = strangers.take_until(datetime.max.replace(tzinfo=UTC))
    assert (line.door, line.code, line.count) == ("reports", refused.code, 1)
    assert await told("caller", "strangers") == []


async def test_a_token_over_another_connection_is_recorded_under_its_bank(
    admit: AdmitCaller,
    strangers: Strangers,
    present: Callable[..., Presented],
    get_token: GetToken,
    certify: Certify,
    north: Onboarded,
    south: Onboarded,
    told: Told,
) -> None:
    """Another bank's certificate, a renewed one, none: refused, recorded, no stranger (law 3)."""
    token = await get_token(north)
    certificates = [certify(south.hosts[0], number=7), certify(north.hosts[0], number=2), None]

    for certificate in certificates:
        with pytest.raises(TokenUnbound):
            await admit(present(f"Bearer {token}", certificate=certificate, key=north.key))

    refusals = await told("caller")
    onboarded = await told("bank")
    assert codes_of(refusals) == ["invalid-token"] * 3
    assert {core.bank for core in refusals} == {onboarded[0].bank}
    assert strangers.take_until(datetime.max.replace(tzinfo=UTC)) == []


async def test_a_token_without_the_scope_does_not_open_the_door(
    admit: AdmitCaller,
    present: Callable[..., Presented],
    get_token: GetToken,
    certify: Certify,
    north: Onboarded,
    told: Told,
) -> None:
    """A token for consents reads no report."""
    token = await get_token(north, scope="consents")

    with pytest.raises(ScopeInsufficient):
        await admit(present(f"Bearer {token}", certificate=certify(north.hosts[0]), key=north.key))

    assert codes_of(await told("caller")) == ["insufficient-scope"]


async def test_a_certificate_that_ended_during_the_connection_is_refused(
    admit: AdmitCaller,
    present: Callable[..., Presented],
    get_token: GetToken,
    certify: Certify,
    north: Onboarded,
    told: Told,
) -> None:
    """TLS looked at its dates once, when the connection began."""
    token = await get_token(north)
    ended = certify(north.hosts[0], days=(-2, -1))

    with pytest.raises(CertificateUnfit):
        await admit(present(f"Bearer {token}", certificate=ended, key=north.key))

    assert codes_of(await told("caller")) == ["certificate-unfit"]


async def test_an_expired_token_is_a_strangers(
    admit: AdmitCaller,
    database: Database,
    present: Callable[..., Presented],
    get_token: GetToken,
    certify: Certify,
    north: Onboarded,
) -> None:
    """At its end to the second it opens nothing."""
    token = await get_token(north)
    async with database.transaction() as tx:
        later = tx.now + timedelta(seconds=300)
    await database.raise_floor(later)

    with pytest.raises(TokenInvalid):
        await admit(present(f"Bearer {token}", certificate=certify(north.hosts[0])))


async def test_a_suspended_bank_is_out_at_once(
    admit: AdmitCaller,
    strangers: Strangers,
    database: Database,
    present: Callable[..., Presented],
    get_token: GetToken,
    certify: Certify,
    north: Onboarded,
) -> None:
    """Its live token opens nothing from the commit on, and it looks like an unknown one."""
    token = await get_token(north)
    async with database.transaction() as tx:
        await parties.suspend_bank(tx, north.bank.bank_id)

    with pytest.raises(TokenInvalid) as caught:
        await admit(present(f"Bearer {token}", certificate=certify(north.hosts[0]), key=north.key))

    assert caught.value.code == "invalid-token"
    (line,) = strangers.take_until(datetime.max.replace(tzinfo=UTC))
    assert line.code == "invalid-token"


Change: TypeAlias = Callable[[Presented], Presented]


def replace_body(presented: Presented) -> Presented:
    """The body of another request, under the same headers."""
    request = msgspec.structs.replace(presented.request, body=b'{"a":2}')
    return msgspec.structs.replace(presented, request=request)


def replace_target(presented: Presented) -> Presented:
    """The same signature for another address."""
    request = msgspec.structs.replace(presented.request, target_uri=URL + "?all=1")
    return msgspec.structs.replace(presented, request=request)


ALTERED: dict[str, tuple[type[CreditbridgeError], Change]] = {
    "body": (SignatureBodyMismatch, replace_body),
    "target": (SignatureRejected, replace_target),
}


@pytest.mark.parametrize("case", ALTERED)
async def test_an_altered_request_is_refused_and_recorded(
    case: str,
    admit: AdmitCaller,
    present: Callable[..., Presented],
    get_token: GetToken,
    certify: Certify,
    north: Onboarded,
    told: Told,
) -> None:
    """What the bank's key signed is what counts, to the byte."""
    refused, change = ALTERED[case]
    token = await get_token(north)
    presented = present(f"Bearer {token}", certificate=certify(north.hosts[0]), key=north.key)

    with pytest.raises(refused) as caught:
        await admit(change(presented))

    assert codes_of(await told("caller")) == [caught.value.code]


async def test_a_signature_is_required_where_the_client_is_registered_so(
    admit: AdmitCaller,
    present: Callable[..., Presented],
    get_token: GetToken,
    certify: Certify,
    north: Onboarded,
    told: Told,
) -> None:
    """TLS and token alone do not speak for this client."""
    token = await get_token(north)

    with pytest.raises(SignatureMissing):
        await admit(present(f"Bearer {token}", certificate=certify(north.hosts[0])))

    assert codes_of(await told("caller")) == ["signature-missing"]


@pytest.mark.parametrize("seconds", [-61, 11])
async def test_a_signature_outside_of_its_window_is_refused(
    seconds: int,
    admit: AdmitCaller,
    present: Callable[..., Presented],
    get_token: GetToken,
    certify: Certify,
    north: Onboarded,
    told: Told,
) -> None:
    """Older than a minute, or more than ten seconds from the future (PROTOCOLS, H4)."""
    token = await get_token(north)
    # One second more, so that the second in which the test runs does not matter.
    created = int(datetime.now(UTC).timestamp()) + seconds + (1 if seconds > 0 else 0)

    with pytest.raises(SignatureStale):
        await admit(
            present(
                f"Bearer {token}",
                certificate=certify(north.hosts[0]),
                key=north.key,
                created=created,
            )
        )

    assert codes_of(await told("caller")) == ["signature-stale"]


async def test_another_banks_key_signs_nothing_here(
    admit: AdmitCaller,
    present: Callable[..., Presented],
    get_token: GetToken,
    certify: Certify,
    north: Onboarded,
    south: Onboarded,
    told: Told,
) -> None:
    """A key counts for the client that registered it, and for no other."""
    token = await get_token(north)

    with pytest.raises(SignatureKeyUnknown):
        await admit(present(f"Bearer {token}", certificate=certify(north.hosts[0]), key=south.key))

    assert len(await told("caller")) == 1


async def test_a_signed_request_comes_once(
    admit: AdmitCaller,
    present: Callable[..., Presented],
    get_token: GetToken,
    certify: Certify,
    north: Onboarded,
    told: Told,
) -> None:
    """The same signed bytes again are refused on every node, and recorded (PROTOCOLS, H5)."""
    token = await get_token(north)
    presented = present(f"Bearer {token}", certificate=certify(north.hosts[0]), key=north.key)
    await admit(presented)

    with pytest.raises(NonceReplayed):
        await admit(presented)

    assert codes_of(await told("caller")) == ["signature-replayed"]


async def test_a_refused_signature_spends_no_nonce(
    admit: AdmitCaller,
    present: Callable[..., Presented],
    get_token: GetToken,
    certify: Certify,
    north: Onboarded,
) -> None:
    """Whoever cannot sign cannot use up the nonces of whoever can."""
    token = await get_token(north)
    nonce = secrets.token_urlsafe(16)
    presented = present(
        f"Bearer {token}", certificate=certify(north.hosts[0]), key=north.key, nonce=nonce
    )
    with pytest.raises(SignatureBodyMismatch):
        await admit(replace_body(presented))

    assert (await admit(presented)).client_id == "north-core"
