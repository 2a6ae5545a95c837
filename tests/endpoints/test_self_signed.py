"""Clients with certificates of their own making, over real TLS (RFC 8705, 2.2; PROTOCOLS A7).

Two operators register them through the operations door, as in life; the bank door follows.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager

import msgspec
import pytest
from tests.conftest import Pki
from tests.endpoints.assertions import Signing, onboard_signing
from tests.endpoints.stage import BANK_USCCS, Stage
from tests.endpoints.wire import Answer, send
from tests.protocols.self_signing import SelfMade, self_sign

from creditbridge.ledger.rules import open_entry
from creditbridge.ledger.sealing import OpeningKeys, name_opening_key
from creditbridge.ledger.store.openings import OpeningRow
from creditbridge.ledger.terms.base import Terms
from creditbridge.ledger.terms.registry import (
    BankOnboarded,
    ClientEnded,
    ClientRegistered,
    ClientSelfSignedChanged,
)
from creditbridge.ledger.vault import Vault
from creditbridge.parties.model import ChangeKind
from creditbridge.parties.service import find_own_certificates
from creditbridge.protocols.canonical_json import JsonValue, canonicalize
from creditbridge.protocols.certificate_binding import thumbprint_of
from creditbridge.server.doors import Door, OpenDoor, open_door
from creditbridge.server.own_certificates import OwnCertificates
from creditbridge.server.tls import bank_context

CLIENT_ID = "north-lending"
OF_KIND = "SELECT * FROM ledger_opened WHERE kind = $1 ORDER BY intake_no"
NOBODYS_CONSENT = "/v1/consents/cns_01hzy6t9x7c3v5n8m2k4p6q8r0"
Form = Mapping[str, str]


class Site:
    """The house's bank door over TLS, and what comes to it."""

    def __init__(self, stage: Stage, own: OwnCertificates, pki: Pki) -> None:
        self.stage = stage
        self.own = own
        self.pki = pki
        self.door: OpenDoor | None = None

    async def decide(self, kind: ChangeKind, body: JsonValue) -> Answer:
        """Propose and approve a change, and let the door look; return the answer."""
        change = await self.stage.operate("/changes", self.stage.propose(canonicalize(body), kind))
        if change.status != 201:
            return change
        answer = await self.stage.operate("/approvals", self.stage.approve(change))
        await self.own.look()
        return answer

    async def ask(
        self, made: SelfMade | None, method: str, path: str, lines: Form, body: bytes = b""
    ) -> Answer:
        """Send one request over a connection of its own; an empty answer where TLS ends it."""
        context = ssl.create_default_context(cafile=self.pki.ca_file)
        if made is not None:
            file = self.pki.folder / "client.pem"
            file.write_bytes(made.pem)
            context.load_cert_chain(file)
        assert self.door is not None
        fields = {"host": "a", "connection": "close", "content-length": str(len(body)), **lines}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        reader, writer = await asyncio.open_connection(*self.door.address, ssl=context)
        try:
            writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body)
            raw = await reader.read()
        except (ssl.SSLError, ConnectionError):
            raw = b""
        finally:
            writer.close()
        return read_answer(raw)

    async def ask_token(self, made: SelfMade | None, client_id: str = CLIENT_ID) -> Answer:
        """Ask for a token."""
        return await self.ask(
            made,
            "POST",
            "/oauth/token",
            {"content-type": "application/x-www-form-urlencoded"},
            f"grant_type=client_credentials&client_id={client_id}".encode(),
        )

    async def use_token(self, made: SelfMade, token: str) -> Answer:
        """Use a token at a resource that there is not: 404 means that it let in."""
        return await self.ask(made, "GET", NOBODYS_CONSENT, {"authorization": f"Bearer {token}"})

    async def told(self, kind: str) -> list[Terms]:
        """Return the terms of every record of a kind, oldest first."""
        vault = Vault(keys=OpeningKeys(current=name_opening_key(bytes(32))))
        async with self.stage.database.transaction() as tx:
            rows = await tx.fetch_rows(OpeningRow, OF_KIND, kind)
        return [open_entry(vault.unlock(row).opening)[0].terms for row in rows]


def read_answer(raw: bytes) -> Answer:
    """Return an answer from its bytes."""
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(": ") for line in lines)
    return Answer(
        status=int(first.split(" ")[1]) if first else 0,
        headers=tuple((name.lower(), value) for name, _, value in pairs),
        body=body,
    )


@asynccontextmanager
async def open_site(stage: Stage, pki: Pki) -> AsyncIterator[Site]:
    """Open the bank door of a stage."""
    certificate, key = pki.issue("gateway")

    async def read(known: Collection[str]) -> Mapping[str, bytes | None]:
        async with stage.database.transaction() as tx:
            return await find_own_certificates(tx, known)

    def make() -> ssl.SSLContext:
        return bank_context(certificate_file=certificate, key_file=key, client_ca_file=pki.ca_file)

    own = OwnCertificates(make, pki.ca_file, read)
    site = Site(stage, own, pki)
    site.door = await open_door(
        Door(name="bank", app=stage.bank, host="127.0.0.1", port=0, tls=own.context)
    )
    try:
        yield site
    finally:
        site.door.abort()


@pytest.fixture
async def site(stage: Stage, pki: Pki) -> AsyncIterator[Site]:
    """The house, opened by two operators, and its bank door."""
    async with open_site(stage, pki) as site:
        yield site


def client_of(*certificates: SelfMade, client_id: str = CLIENT_ID) -> dict[str, JsonValue]:
    """Return a client that proves itself by its own certificates."""
    return {
        "client_id": client_id,
        "authentication": "self_signed_tls_client_auth",
        "scopes": ["consents", "reports"],
        "requires_signature": False,
        "keys": [],
        "certificates": [dict[str, JsonValue](one.jwk) for one in certificates],
    }


async def onboard(site: Site, *clients: JsonValue, name: str = "north") -> str:
    """Bring in a bank with these clients; return its id."""
    body: JsonValue = {
        "uscc": BANK_USCCS[name],
        "legal_name": f"{name} bank",
        "clients": list(clients),
    }
    answer = await site.decide(ChangeKind.BANK_ONBOARDING, body)
    assert answer.status == 201, answer.body
    return str(answer.json["bank_id"])


async def test_A7_a_client_comes_in_by_its_own_certificate(site: Site) -> None:
    """A token bound to it, and the resource by both; before its registration the door is shut."""
    mine = self_sign()
    early = await site.ask_token(mine)
    bank_id = await onboard(site, client_of(mine))

    answer = await site.ask_token(mine)
    token = str(answer.json["access_token"])
    used = await site.use_token(mine, token)

    assert early.status == 0
    assert (answer.status, answer.json["token_type"]) == (200, "Bearer")
    assert (used.status, used.code) == (404, "consent-unknown")
    shown = await send(site.stage.operations, "GET", f"/banks/{bank_id}/clients")
    (client,) = msgspec.convert(shown.json["clients"], list[dict[str, object]])
    (held,) = msgspec.convert(client["certificates"], list[dict[str, object]])
    assert client["authentication"] == "self_signed_tls_client_auth"
    assert (held["thumbprint"], held["ends_at"]) == (thumbprint_of(mine.der), None)
    (onboarded,) = await site.told("bank.onboarded")
    assert isinstance(onboarded, BankOnboarded)
    assert onboarded.certificates == frozenset({thumbprint_of(mine.der)})


async def test_A7_another_clients_certificate_proves_nothing(site: Site, stage: Stage) -> None:
    """Two clients of one bank, and one who signs assertions: each certificate is one client's."""
    mine, theirs = self_sign(), self_sign("north-branch")
    await onboard(site, client_of(mine), client_of(theirs, client_id="north-branch"))
    signing: Signing = await onboard_signing(stage, "south")
    token = str((await site.ask_token(mine)).json["access_token"])

    refused = [
        await site.ask_token(theirs),
        await site.ask_token(mine, "north-branch"),
        await site.ask_token(mine, "nobody-known"),
        await site.ask_token(None),
    ]
    stolen = await site.use_token(theirs, token)
    assertion = signing.assert_self(stage)
    form = (
        "grant_type=client_credentials&client_assertion="
        f"{assertion}&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type"
        "%3Ajwt-bearer"
    )
    lines = {"content-type": "application/x-www-form-urlencoded"}
    beside = await site.ask(mine, "POST", "/oauth/token", lines, form.encode())

    assert {(one.status, one.json["error"]) for one in refused} == {(401, "invalid_client")}
    assert len({one.body for one in refused[:3]}) == 1
    assert (stolen.status, stolen.code) == (401, "invalid-token")
    # It is proven by its assertion; the certificate beside it is somebody else's.
    assert (beside.status, beside.json["error"]) == (401, "invalid_client")


async def test_A7_one_certificate_follows_another(site: Site) -> None:
    """Both count throughout the overlap; one that was lost counts no more, nor do its tokens."""
    old, new = self_sign(), self_sign()
    await onboard(site, client_of(old))
    change: dict[str, JsonValue] = {
        "client_id": CLIENT_ID,
        "register": [dict[str, JsonValue](new.jwk)],
        "take_back": [],
        "overlap_seconds": 0,
    }

    added = await site.decide(ChangeKind.CLIENT_SELF_SIGNED, change)
    both = [await site.ask_token(one) for one in (old, new)]
    change = {**change, "register": [], "take_back": [thumbprint_of(old.der)]}
    ended = await site.decide(ChangeKind.CLIENT_SELF_SIGNED, change)
    used = await site.use_token(new, str(both[1].json["access_token"]))

    assert (added.status, ended.status) == (201, 201)
    assert [one.status for one in both] == [200, 200]
    assert (await site.ask_token(old)).status == 0
    assert (await site.ask_token(new)).status == 200
    assert used.status == 404
    changes = await site.told("client.self_signed_changed")
    told = [(one.added, one.ended) for one in changes if isinstance(one, ClientSelfSignedChanged)]
    first, second = (frozenset({thumbprint_of(one.der)}) for one in (new, old))
    assert told == [(first, frozenset()), (frozenset(), second)]


async def test_A7_another_client_of_a_bank_is_registered_so(site: Site) -> None:
    """By a change of its own; the record names the certificate."""
    mine, third = self_sign(), self_sign("north-third")
    bank_id = await onboard(site, client_of(mine))
    registration: JsonValue = {
        "bank_id": bank_id,
        "client": client_of(third, client_id="north-third"),
    }

    answer = await site.decide(ChangeKind.CLIENT_REGISTRATION, registration)

    assert answer.status == 201
    assert (await site.ask_token(third, "north-third")).status == 200
    (registered,) = await site.told("client.registered")
    assert isinstance(registered, ClientRegistered)
    assert registered.certificates == frozenset({thumbprint_of(third.der)})


async def test_A7_a_connection_that_outlives_its_certificate_opens_nothing(
    site: Site, stage: Stage
) -> None:
    """The door may not have looked yet: each request asks the registry."""
    old, new = self_sign(), self_sign()
    await onboard(site, client_of(old, new))
    token = str((await site.ask_token(old)).json["access_token"])
    body: JsonValue = {
        "client_id": CLIENT_ID,
        "register": [],
        "take_back": [thumbprint_of(old.der)],
        "overlap_seconds": 0,
    }
    proposal = stage.propose(canonicalize(body), ChangeKind.CLIENT_SELF_SIGNED)
    change = await stage.operate("/changes", proposal)
    await stage.operate("/approvals", stage.approve(change))

    asked = await site.ask_token(old)
    used = await site.use_token(old, token)

    assert (asked.status, asked.json["error"]) == (401, "invalid_client")
    assert (used.status, used.code) == (401, "certificate-unregistered")


async def test_A7_an_ended_clients_certificate_is_shut_out(site: Site) -> None:
    """Nobody gets it again, nor its key, under any name."""
    mine = self_sign()
    bank_id = await onboard(site, client_of(mine))

    await site.decide(ChangeKind.CLIENT_ENDING, {"client_id": CLIENT_ID})

    assert (await site.ask_token(mine)).status == 0
    (ended,) = await site.told("client.ended")
    assert isinstance(ended, ClientEnded)
    assert ended.certificates == frozenset({thumbprint_of(mine.der)})
    again = self_sign("north-third", private=mine.private)
    for made in (again, mine):
        registration = client_of(made, client_id="north-third")
        answer = await site.decide(
            ChangeKind.CLIENT_REGISTRATION, {"bank_id": bank_id, "client": registration}
        )
        assert answer.status in {400, 403}


async def test_A7_a_change_of_certificates_is_refused_where_it_must_be(site: Site) -> None:
    """The last one, one that is not there, too many, one that has ended, one of another client."""
    mine, over = self_sign(), self_sign(days=(-9, -1))
    await onboard(site, client_of(mine))
    good: dict[str, JsonValue] = {
        "client_id": CLIENT_ID,
        "register": [],
        "take_back": [],
        "overlap_seconds": 0,
    }
    spare = [dict[str, JsonValue](self_sign().jwk) for _ in range(8)]
    faults: list[tuple[dict[str, JsonValue], str]] = [
        ({"take_back": [thumbprint_of(mine.der)]}, "client-certificates-miscounted"),
        ({"take_back": ["A" * 43]}, "client-certificate-unknown"),
        ({"register": list[JsonValue](spare)}, "client-certificates-miscounted"),
        ({"register": [dict[str, JsonValue](over.jwk)]}, "client-certificate-over"),
        ({"register": [dict[str, JsonValue](mine.jwk)]}, "onboarding-clash"),
        ({"register": [dict[str, JsonValue](self_sign("other").jwk)]}, "self-signed-unfit"),
        ({}, "change-malformed"),
        ({"register": [spare[0], spare[0]]}, "change-malformed"),
    ]

    answers = [
        await site.decide(ChangeKind.CLIENT_SELF_SIGNED, {**good, **fault}) for fault, _ in faults
    ]

    assert [one.code for one in answers] == [code for _, code in faults]
    assert (await site.ask_token(mine)).status == 200


async def test_A7_only_such_a_client_has_certificates(site: Site, stage: Stage) -> None:
    """A second way in that nobody watches is refused at onboarding and later."""
    north = await stage.onboard("north")
    change: JsonValue = {
        "client_id": north.client_id,
        "register": [dict[str, JsonValue](self_sign(north.client_id).jwk)],
        "take_back": [],
        "overlap_seconds": 0,
    }
    unfit: list[dict[str, JsonValue]] = [
        {"matcher": {"kind": "san_dns", "value": "x.example"}},
        {"assertion_algorithms": ["ES256"]},
        {"authentication": "tls_client_auth"},
        {"certificates": [dict[str, JsonValue](self_sign().jwk) for _ in range(9)]},
    ]

    clients = [{**client_of(self_sign()), **fault} for fault in unfit]
    without = client_of()
    del without["certificates"]

    refused = [
        await site.decide(
            ChangeKind.CLIENT_REGISTRATION, {"bank_id": north.bank_id, "client": client}
        )
        for client in [*clients, without]
    ]
    later = await site.decide(ChangeKind.CLIENT_SELF_SIGNED, change)

    assert {one.code for one in refused} == {"onboarding-authentication"}
    assert later.code == "onboarding-authentication"
