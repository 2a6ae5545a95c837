"""What a client may learn of its own tokens, and which it may take back."""

from datetime import UTC, datetime, timedelta
from typing import Protocol

import msgspec
import pytest

from creditbridge.access import service
from creditbridge.access.introspection import tell_own
from creditbridge.access.model import ClientRequest, Token
from creditbridge.access.revocation import TokenForeign, TokenUnnamed, find_own
from creditbridge.admission.sealing import Sealer
from creditbridge.admission.service import Admission
from creditbridge.admission.settings import AdmissionSettings
from creditbridge.foundation.database import Database
from creditbridge.protocols.certificate_binding import PeerCertificate

NOW = datetime(2026, 11, 23, tzinfo=UTC)
TOKEN = Token(
    client_id="north-core",
    bank_id="bnk_1",
    scopes=frozenset({"reports", "consents"}),
    thumbprint="t" * 43,
    issued_at=NOW,
    expires_at=NOW + timedelta(seconds=300),
)
ADMISSION = Admission(AdmissionSettings(), Sealer(bytes(32)))
COUNT = "SELECT count(*) FROM access_tokens"


class KnownClient(Protocol):
    """The client of `conftest`."""

    client_id: str
    certificate: PeerCertificate


def test_I1_a_live_token_of_the_clients_own_is_told_whole() -> None:
    """RFC 7662, section 2.2; the binding as RFC 8705, section 3.2, writes it."""
    told = tell_own(TOKEN, client_id="north-core", now=NOW)

    assert told.to_answer(issuer="https://as.example", resource="https://rs.example") == {
        "active": True,
        "iss": "https://as.example",
        "aud": "https://rs.example",
        "client_id": "north-core",
        "scope": "consents reports",
        "token_type": "Bearer",
        "iat": 1795392000,
        "exp": 1795392300,
        "cnf": {"x5t#S256": "t" * 43},
    }


@pytest.mark.parametrize(
    ("token", "client_id", "now"),
    [
        (None, "north-core", NOW),
        (TOKEN, "north-branch", NOW),
        (TOKEN, "north-core", TOKEN.expires_at),
    ],
    ids=["unknown", "another client's", "expired"],
)
def test_I1_of_any_other_token_nothing_more_is_told(
    token: Token | None, client_id: str, now: datetime
) -> None:
    """`active` is false, and there is no second member."""
    told = tell_own(token, client_id=client_id, now=now)

    assert told.to_answer(issuer="i", resource="r") == {"active": False}


def test_V1_only_the_clients_own_live_token_is_there_to_revoke() -> None:
    """An unknown and an expired one are alike: nothing is left to do."""
    assert find_own(TOKEN, client_id="north-core", now=NOW) is TOKEN
    assert find_own(None, client_id="north-core", now=NOW) is None
    assert find_own(TOKEN, client_id="north-core", now=TOKEN.expires_at) is None


def test_V1_another_clients_token_is_an_invalid_grant() -> None:
    """Once it has expired it is as unknown as any other."""
    with pytest.raises(TokenForeign) as refusal:
        find_own(TOKEN, client_id="north-branch", now=NOW)

    assert refusal.value.oauth_code == "invalid_grant"
    assert find_own(TOKEN, client_id="north-branch", now=TOKEN.expires_at) is None


async def test_V1_a_revoked_token_is_gone_and_stays_gone(
    database: Database, client: KnownClient
) -> None:
    """The second time nothing is left; another token of the client lives on."""
    form = {"client_id": client.client_id, "grant_type": "client_credentials"}
    request = ClientRequest(form=form, certificate=client.certificate)
    async with database.transaction() as tx:
        proven = await service.authenticate_client(tx, request, ADMISSION)
        bound = await service.bind_token(tx, request, proven, ADMISSION)
        entitlement = await service.decide_grant(tx, request, proven, bound)
        issued = [await service.issue_token(tx, proven, bound, entitlement) for _ in range(2)]
    named = msgspec.structs.replace(request, form={"token": issued[0].secret})

    async with database.transaction() as tx:
        active = await service.introspect_token(tx, named, proven)
        first = await service.revoke_token(tx, named, proven)
        second = await service.revoke_token(tx, named, proven)
        gone = await service.introspect_token(tx, named, proven)
        left = await tx.fetch_value(int, COUNT)

    assert active.token == first == issued[0].token
    assert (second, gone.token, left) == (None, None, 1)


@pytest.mark.parametrize("secret", ["x", "报告", "cbt_" + "A" * 43])
async def test_V1_what_is_no_token_is_unknown(
    database: Database, client: KnownClient, secret: str
) -> None:
    """Whatever its shape: nothing to revoke, nothing to tell."""
    form = {"client_id": client.client_id, "token": secret, "token_type_hint": "refresh_token"}
    request = ClientRequest(form=form, certificate=client.certificate)

    async with database.transaction() as tx:
        proven = await service.authenticate_client(tx, request, ADMISSION)
        assert await service.revoke_token(tx, request, proven) is None
        assert (await service.introspect_token(tx, request, proven)).token is None


async def test_V1_I1_a_request_about_no_token_is_invalid(
    database: Database, client: KnownClient
) -> None:
    """The parameter is required at both endpoints."""
    form = {"client_id": client.client_id}
    request = ClientRequest(form=form, certificate=client.certificate)

    async with database.transaction() as tx:
        proven = await service.authenticate_client(tx, request, ADMISSION)
        with pytest.raises(TokenUnnamed):
            await service.revoke_token(tx, request, proven)
        with pytest.raises(TokenUnnamed):
            await service.introspect_token(tx, request, proven)
