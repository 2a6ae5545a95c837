"""Tokens on a real database: who gets one, whom it serves, and when it is gone."""

import asyncio
import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

import asyncpg
import msgspec
import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from creditbridge.access import service
from creditbridge.access.granted.model import Entitlement, IssuedToken, UnauthorizedClient
from creditbridge.access.model import (
    Authenticated,
    Binding,
    ClientRequest,
    Credential,
    InvalidClient,
    InvalidRequest,
    InvalidScope,
    PresentedToken,
    TokenInvalid,
    TokenUnbound,
    UnsupportedGrantType,
)
from creditbridge.admission.sealing import Sealer
from creditbridge.admission.service import Admission
from creditbridge.admission.settings import AdmissionSettings
from creditbridge.foundation.database import Database
from creditbridge.protocols.certificate_binding import PeerCertificate

ADMISSION = Admission(AdmissionSettings(), Sealer(bytes(32)))
FORM = {"grant_type": "client_credentials"}
SUSPEND_BANK = "UPDATE parties_banks SET state = 'SUSPENDED'"
SUSPEND_CLIENT = "UPDATE parties_clients SET state = 'SUSPENDED'"


class KnownClient(Protocol):
    """The client of `conftest`."""

    client_id: str
    bank_id: str
    certificate: PeerCertificate


class MakeCertificate(Protocol):
    """The factory of `conftest`."""

    def __call__(
        self, host: str = ..., *, days: int = ..., usage: x509.ObjectIdentifier | None = ...
    ) -> PeerCertificate:
        """Return a certificate."""
        ...


def request_of(
    client: KnownClient,
    *,
    certificate: PeerCertificate | None = None,
    authorization: tuple[str, ...] = (),
    form: Mapping[str, str] = FORM,
) -> ClientRequest:
    """A good request, with what the test changes."""
    return ClientRequest(
        form={"client_id": client.client_id, **FORM, **form},
        authorization=authorization,
        certificate=certificate or client.certificate,
    )


async def authenticate(database: Database, request: ClientRequest) -> Authenticated:
    """Authenticate in a transaction of its own."""
    async with database.transaction() as tx:
        return await service.authenticate_client(tx, request, ADMISSION)


async def obtain(database: Database, request: ClientRequest) -> IssuedToken:
    """Authenticate and be granted a token, as the endpoint's journey does."""
    async with database.transaction() as tx:
        client = await service.authenticate_client(tx, request, ADMISSION)
        binding = await service.bind_token(tx, request, client, ADMISSION)
        entitlement = await service.decide_grant(tx, request, client, binding)
        return await service.issue_token(tx, client, binding, entitlement)


async def use(database: Database, secret: str, certificate: PeerCertificate | None) -> str:
    """Use a token; return whose it is."""
    async with database.transaction() as tx:
        presented = PresentedToken(
            credential=Credential(scheme="bearer", secret=secret),
            certificate=certificate,
            proofs=(),
            method="GET",
            target_uri="https://bank.example/v1/consents",
        )
        return (await service.get_token(tx, presented, ADMISSION)).client_id


async def test_G1_a_client_gets_a_token_and_uses_it(
    database: Database, client: KnownClient
) -> None:
    """For 300 s, with all its scopes, bound to the certificate of the request (G2)."""
    issued = await obtain(database, request_of(client))

    assert len(issued.secret) == 47
    assert issued.token.scopes == {"consents", "reports"}
    assert issued.token.thumbprint == client.certificate.thumbprint
    assert issued.token.expires_at - issued.token.issued_at == timedelta(seconds=300)
    assert await use(database, issued.secret, client.certificate) == "jiangtao-core"


async def test_only_a_digest_of_the_token_is_kept(database: Database, client: KnownClient) -> None:
    """The row's key is the SHA-256 of the secret; the secret stands nowhere."""
    issued = await obtain(database, request_of(client))

    async with database.transaction() as tx:
        digest = await tx.fetch_value(bytes, "SELECT token_digest FROM access_tokens")
        row = await tx.fetch_value(str, "SELECT access_tokens::text FROM access_tokens")
    assert digest == hashlib.sha256(issued.secret.encode()).digest()
    assert row is not None
    assert issued.secret not in row


async def test_G1_only_registered_scopes_are_granted(
    database: Database, client: KnownClient
) -> None:
    """A part of them on request; another is refused and leaves no token."""
    issued = await obtain(database, request_of(client, form={"scope": "reports"}))

    assert issued.token.scopes == {"reports"}
    with pytest.raises(InvalidScope):
        await obtain(database, request_of(client, form={"scope": "reports ledger"}))


@pytest.mark.parametrize(
    ("form", "refusal"),
    [
        ({"grant_type": "password", "username": "u", "password": "p"}, UnsupportedGrantType),
        ({"grant_type": "authorization_code", "code": "c"}, UnauthorizedClient),
        ({"grant_type": "refresh_token"}, UnauthorizedClient),
        ({"grant_type": "Client_Credentials"}, UnsupportedGrantType),
    ],
)
async def test_G9_an_unknown_grant_is_unsupported(
    database: Database,
    client: KnownClient,
    form: Mapping[str, str],
    refusal: type[Exception],
) -> None:
    """The password grant among them (A9)."""
    with pytest.raises(refusal):
        await obtain(database, request_of(client, form=form))


async def test_G9_a_missing_grant_type_is_an_invalid_request(
    database: Database, client: KnownClient
) -> None:
    """The parameter is named in the answer."""
    request = ClientRequest(form={"client_id": client.client_id}, certificate=client.certificate)

    with pytest.raises(InvalidRequest, match="grant_type"):
        await obtain(database, request)


@pytest.mark.parametrize(
    ("authorization", "form"),
    [
        (("Basic a",), {"client_secret": "s"}),
        (("Basic a", "Basic a"), {}),
        (("Basic a",), {"client_assertion": "a.b.c"}),
        ((), {"client_assertion": "a.b.c", "client_secret": "s"}),
    ],
)
async def test_A1_two_methods_at_once_are_an_invalid_request(
    database: Database,
    client: KnownClient,
    authorization: tuple[str, ...],
    form: Mapping[str, str],
) -> None:
    """Whatever else would be right with the request."""
    with pytest.raises(InvalidRequest, match="one method"):
        await authenticate(database, request_of(client, authorization=authorization, form=form))


@pytest.mark.parametrize(
    ("authorization", "form"),
    [
        (("Basic amlhbmd0YW8tY29yZTpz",), {}),
        ((), {"client_secret": "s"}),
    ],
)
async def test_A9_a_method_that_is_not_served_is_an_invalid_client(
    database: Database,
    client: KnownClient,
    authorization: tuple[str, ...],
    form: Mapping[str, str],
) -> None:
    """Also over the registered certificate: exactly the registered method counts."""
    with pytest.raises(InvalidClient, match="not served"):
        await authenticate(database, request_of(client, authorization=authorization, form=form))


@pytest.mark.parametrize("client_id", ["", "\u676d", "a" * 256, "a\x7f"])
async def test_A6_without_a_client_id_there_is_no_client(
    database: Database, client: KnownClient, client_id: str
) -> None:
    """A certificate alone does not say which client is asking (RFC 8705, section 2)."""
    request = ClientRequest(form={"client_id": client_id, **FORM}, certificate=client.certificate)

    with pytest.raises(InvalidClient, match="client_id"):
        await authenticate(database, request)


async def test_A6_without_a_certificate_there_is_no_client(
    database: Database, client: KnownClient
) -> None:
    """No token is ever unbound (G2), and a client id alone proves nothing (A9: `none`)."""
    with pytest.raises(InvalidClient, match="certificate"):
        await authenticate(database, ClientRequest(form={"client_id": client.client_id, **FORM}))


@pytest.mark.parametrize("case", ["mismatch", "expired", "no usage", "server usage", "any usage"])
async def test_A6_a_certificate_that_does_not_prove_the_client_is_refused(
    database: Database, client: KnownClient, make_certificate: MakeCertificate, case: str
) -> None:
    """Other name, past its dates, or not for client authentication."""
    own = "gateway.bank.example"
    certificates = {
        "mismatch": make_certificate("gateway.other.example"),
        "expired": make_certificate(own, days=0),
        "no usage": make_certificate(own, usage=None),
        "server usage": make_certificate(own, usage=ExtendedKeyUsageOID.SERVER_AUTH),
        "any usage": make_certificate(own, usage=ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE),
    }

    with pytest.raises(InvalidClient):
        await authenticate(database, request_of(client, certificate=certificates[case]))


async def test_A6_a_renewed_certificate_of_the_same_name_is_the_client(
    database: Database, client: KnownClient, make_certificate: MakeCertificate
) -> None:
    """The matcher counts, not one certificate; its tokens are bound to the new one."""
    renewed = make_certificate("gateway.bank.example")

    issued = await obtain(database, request_of(client, certificate=renewed))

    assert await use(database, issued.secret, renewed) == client.client_id
    with pytest.raises(TokenUnbound):
        await use(database, issued.secret, client.certificate)


@pytest.mark.parametrize("statement", [SUSPEND_BANK, SUSPEND_CLIENT, None])
async def test_A8_the_suspended_and_the_unknown_get_one_answer(
    database: Database, client: KnownClient, statement: str | None
) -> None:
    """Same code and same text as for a certificate that does not match."""
    request = request_of(client)
    if statement is None:
        request = msgspec.structs.replace(request, form={**request.form, "client_id": "nobody"})
    else:
        async with database.transaction() as tx:
            await tx.execute(statement)

    with pytest.raises(InvalidClient) as refusal:
        await authenticate(database, request)

    assert refusal.value.to_answer() == {
        "error": "invalid_client",
        "error_description": InvalidClient.message,
    }


async def test_D5_a_token_is_refused_over_any_other_connection(
    database: Database, client: KnownClient, make_certificate: MakeCertificate
) -> None:
    """Another bank's certificate, a renewed one, none."""
    issued = await obtain(database, request_of(client))

    for certificate in (make_certificate("b.example"), make_certificate(), None):
        with pytest.raises(TokenUnbound):
            await use(database, issued.secret, certificate)


async def test_S2_an_unknown_and_an_expired_token_look_alike(
    database: Database, client: KnownClient
) -> None:
    """The row is read at each use, and its end with it."""
    issued = await obtain(database, request_of(client))
    async with database.transaction() as tx:
        await tx.execute(
            "UPDATE access_tokens SET issued_at = issued_at - interval '5 min', expires_at = $1",
            tx.now,
        )

    for secret in (issued.secret, "cbt_" + "A" * 43):
        with pytest.raises(TokenInvalid) as refusal:
            await use(database, secret, client.certificate)
        assert refusal.value.prose == TokenInvalid.message


@pytest.mark.parametrize("revoked", ["bank", "client"])
async def test_S2_a_revoked_token_is_gone_with_the_commit(
    database: Database, client: KnownClient, revoked: str
) -> None:
    """Of one client or of the whole bank; tokens of others stay."""
    issued = await obtain(database, request_of(client))
    client_id = None if revoked == "bank" else client.client_id

    async with database.transaction() as tx:
        assert await service.revoke_tokens(tx, bank_id="bnk_other", client_id=client_id) == 0
        assert await service.revoke_tokens(tx, bank_id=client.bank_id, client_id="other") == 0
    assert await use(database, issued.secret, client.certificate) == client.client_id
    async with database.transaction() as tx:
        assert await service.revoke_tokens(tx, bank_id=client.bank_id, client_id=client_id) == 1

    with pytest.raises(TokenInvalid):
        await use(database, issued.secret, client.certificate)


async def test_S2_no_token_survives_a_suspension_that_it_raced_with(
    database: Database, client: KnownClient
) -> None:
    """A client read as active while its bank is being suspended gets a token that is gone."""
    request = request_of(client)
    authenticated = asyncio.Event()

    async def suspend() -> int:
        await authenticated.wait()
        async with database.transaction() as tx:
            await tx.execute(SUSPEND_BANK)
            return await service.revoke_tokens(tx, bank_id=client.bank_id)

    async with asyncio.TaskGroup() as group:
        suspension = group.create_task(suspend())
        async with database.transaction() as tx:
            proven = await service.authenticate_client(tx, request, ADMISSION)
            authenticated.set()
            # The suspension is written by now, or waits; either way it sees what is issued here.
            while not await is_somebody_waiting(database):
                pass
            binding = await service.bind_token(tx, request, proven, ADMISSION)
            entitlement = await service.decide_grant(tx, request, proven, binding)
            issued = await service.issue_token(tx, proven, binding, entitlement)

    assert suspension.result() == 1
    with pytest.raises(TokenInvalid):
        await use(database, issued.secret, client.certificate)
    with pytest.raises(InvalidClient):
        await authenticate(database, request)


async def is_somebody_waiting(database: Database) -> bool:
    """Tell whether a transaction waits for an advisory lock of this database."""
    async with database.transaction() as tx:
        waiting = await tx.fetch_value(
            bool,
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))",
        )
        return waiting is True


async def test_expired_tokens_are_purged_and_live_ones_stay(
    database: Database, client: KnownClient
) -> None:
    """The table does not grow with time (a token table that is never purged is a known fault)."""
    await obtain(database, request_of(client))
    async with database.transaction() as tx:
        await tx.execute(
            "UPDATE access_tokens SET issued_at = issued_at - interval '5 min', expires_at = $1",
            tx.now,
        )
    live = await obtain(database, request_of(client))

    async with database.transaction() as tx:
        assert await service.purge(tx) == 1
        assert await service.purge(tx) == 0
    assert await use(database, live.secret, client.certificate) == client.client_id


@pytest.mark.parametrize(
    "binding", [Binding(), Binding(thumbprint="t" * 43, proof_key="k" * 43)], ids=["none", "both"]
)
async def test_G2_the_database_keeps_no_token_that_is_not_bound_to_one_thing(
    database: Database, client: KnownClient, binding: Binding
) -> None:
    """Whatever the code above it does one day: nothing unbound, ever."""
    proven = await authenticate(database, request_of(client))

    with pytest.raises(asyncpg.CheckViolationError):
        async with database.transaction() as tx:
            await service.issue_token(
                tx, proven, binding, Entitlement(scopes=frozenset({"reports"}))
            )
