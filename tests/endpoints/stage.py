"""The house behind its three doors, on a real database, with everything outside of it played.

A platform in memory stands behind `Platforms`, an identity provider at the HTTP seam; two banks
come in by two operators through the operations door, as in life.
"""

import itertools
import secrets
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from tests.endpoints.wire import Answer, Application, send
from tests.letterbox import Letterbox

from creditbridge.access.id_tokens import IdTokens
from creditbridge.admission.limits import Limits
from creditbridge.admission.sealing import Sealer
from creditbridge.admission.service import Admission
from creditbridge.admission.settings import AdmissionSettings, LimitPolicy
from creditbridge.app.journeys import house_of
from creditbridge.app.keeping import keep_keys
from creditbridge.app.keys import list_rings
from creditbridge.app.rooms import Rooms
from creditbridge.consents.paper.service import Letters
from creditbridge.consents.policy import Ceilings
from creditbridge.consents.service import Consents
from creditbridge.disputes.sealing import WordSealer
from creditbridge.disputes.service import Disputes
from creditbridge.endpoints.applications import (
    bank_application,
    operations_application,
    people_application,
)
from creditbridge.endpoints.readiness import Readiness
from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.database import Database
from creditbridge.foundation.http import HttpRequest, HttpResponse
from creditbridge.foundation.key_rings import HeldKey, K, KeyPurpose, KeyRing, RingContents
from creditbridge.foundation.keys import FileKey, PublicKey, name_key
from creditbridge.foundation.rsa_keys import parse_token_key
from creditbridge.journeys.sum_up_overruns import Overruns
from creditbridge.journeys.sum_up_strangers import Strangers
from creditbridge.ledger.encoding import to_base64url
from creditbridge.ledger.sealing import OpeningKeys, name_opening_key
from creditbridge.ledger.sequencer import Sequencer
from creditbridge.ledger.service import Ledger
from creditbridge.ledger.settings import LedgerSettings
from creditbridge.login.id_token import IdTokens as ProviderTokens
from creditbridge.login.model import BINDING_COOKIE, SESSION_COOKIE
from creditbridge.login.passkeys.service import Passkeys
from creditbridge.login.passkeys.settings import (
    COOLING_HOURS,
    PasskeySettings,
    relying_party,
)
from creditbridge.login.provider import Provider
from creditbridge.login.rules import derive_form_token
from creditbridge.login.service import Login
from creditbridge.login.settings import LoginSettings
from creditbridge.notices.sealing import AddressSealer
from creditbridge.notices.service import Notices
from creditbridge.parties.acts import ApprovalAct, ProposalAct, SuspensionAct
from creditbridge.parties.model import ChangeKind
from creditbridge.parties.rules import digest_body, message_of_act
from creditbridge.platforms.model import (
    DialectAnswer,
    DisputeCase,
    DisputeName,
    DisputeStanding,
    HttpQueryProof,
    PlatformQuery,
    PlatformUnavailable,
    QueryState,
    SubjectAnswer,
)
from creditbridge.platforms.service import Platforms
from creditbridge.profile.codes import Assurance, SectionCode
from creditbridge.profile.model import NoneSection, Source, SourceAnswer
from creditbridge.protocols.canonical_json import JsonValue, canonicalize
from creditbridge.protocols.http_signatures import (
    BANK_REQUEST,
    BANK_RESPONSE,
    Request,
    Response,
    VerifiedSignature,
    sign_request,
    verify_response,
)
from creditbridge.protocols.jwk import format_jwks
from creditbridge.protocols.jws import sign_compact
from creditbridge.protocols.uscc import EntityCategory
from creditbridge.server.revocation import RevocationLists
from creditbridge.server.run import Lifecycle
from creditbridge.settings import (
    DatabaseSettings,
    Doors,
    DoorSettings,
    IdentitySettings,
    KeyFiles,
    Keys,
    OperationsSettings,
    Settings,
)

BANK_URL = "https://bank.gateway.example:8443"
PEOPLE_URL = "https://gateway.example"
ISSUER = "https://id.example:9443"
ORIGIN = "gateway.example/log"
SUBJECT_SECRET = bytes(32)
USCC = "91330100YY0000A13Y"
ENTERPRISE = "示例晴川机械有限公司"
RECORD_ID = "rec_" + "a" * 43
RECORD_NUMBER = "PEN-示例罚2026-1号"
BANK_USCCS = {"north": "91330104YY0000A13Q", "south": "91330106589876549K"}
JSON = ("content-type", "application/json")
FORM = ("content-type", "application/x-www-form-urlencoded")


# Made once for a run: the search for its primes takes a while.
RSA_PEM = rsa.generate_private_key(65537, 2048).private_bytes(
    Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
)


def make_key() -> FileKey:
    """Return a fresh ES256 key, named by its thumbprint."""
    private = ec.generate_private_key(ec.SECP256R1())
    return FileKey(key=name_key(private.public_key()), private=private)


def make_certificate(host: str) -> bytes:
    """Return a client certificate for a host, DER, with a key of its own, as of an authority."""
    key, now = ec.generate_private_key(ec.SECP256R1()), SystemClock().now()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    extensions: list[x509.ExtensionType] = [
        x509.SubjectAlternativeName([x509.DNSName(host)]),
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]),
    ]
    builder = x509.CertificateBuilder(
        issuer_name=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Client CA")]),
        subject_name=name,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - timedelta(days=1),
        not_valid_after=now + timedelta(days=30),
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(key, SHA256()).public_bytes(Encoding.DER)


class FakeDialect:
    """A platform that has no record of anybody; `failure` is what it raises instead."""

    platform_id = "provincial"
    sections = frozenset({SectionCode.REG, SectionCode.PEN, SectionCode.LST, SectionCode.EVA})

    def __init__(self) -> None:
        self.queries: list[PlatformQuery] = []
        self.failure: Exception | None = None

    async def ask(self, query: PlatformQuery, *, deadline: float) -> DialectAnswer:
        self.queries.append(query)
        if self.failure is not None:
            raise self.failure
        now = SystemClock().now()
        source = Source(
            platform=self.platform_id,
            query_id=query.query_id,
            answered_at=now,
            assurance=Assurance.HIGH,
            answer_digest="1" * 64,
        )
        none = NoneSection(as_of=now, sources=(self.platform_id,))
        return DialectAnswer(
            answer=SourceAnswer(source=source, sections=dict.fromkeys(query.sections, none)),
            subject=SubjectAnswer(
                name=ENTERPRISE, uscc=query.uscc, category=EntityCategory.ENTERPRISE
            ),
            proof=HttpQueryProof(
                platform=self.platform_id,
                query_id=query.query_id,
                query_base=b"query",
                query_signature=b"q" * 64,
                query_key_id="message",
                grant=b"{}",
                answer_base=b"answer",
                answer_signature=b"a" * 64,
                answer_key_id="provincial-1",
                answer_body=b"{}",
            ),
            query_out_at=now,
            answer_in_at=now,
        )

    def find_section(self, record_id: str, number: str) -> SectionCode | None:
        known = (record_id, number) == (RECORD_ID, RECORD_NUMBER)
        return SectionCode.PEN if known and self.platform_id == "provincial" else None

    async def find_query(self, query_id: str, *, deadline: float) -> QueryState:
        return QueryState.NOT_COUNTED

    async def pass_dispute(self, case: DisputeCase, *, deadline: float) -> DisputeStanding:
        raise PlatformUnavailable(sent=False)

    async def find_dispute(self, name: DisputeName, *, deadline: float) -> DisputeStanding | None:
        raise PlatformUnavailable(sent=False)


class FakeIdentity:
    """An identity provider at the HTTP seam; `claims` say who signs in next."""

    def __init__(self) -> None:
        self.key = make_key()
        self.nonce = ""
        self.failure: Exception | None = None
        self.claims: dict[str, object] = {}
        self.sign_in_as("sub-1", "沈示例", uscc=USCC, name=ENTERPRISE)

    def sign_in_as(
        self,
        subject: str,
        person: str,
        *,
        uscc: str,
        name: str,
        role: str = "LEGAL_REP",
        natural: str | None = None,
    ) -> None:
        """Say who signs in next, and for whom they speak; `natural` joins accounts of one human."""
        self.claims = {
            "sub": subject,
            "name": person,
            "person": natural or f"person of {subject}".replace(" ", "-"),
            "enterprise": {"uscc": uscc, "name": name, "role": role},
        }

    async def send(self, request: HttpRequest, *, timeout_seconds: float) -> HttpResponse:
        if self.failure is not None:
            raise self.failure
        bodies: dict[str, object] = {
            "/.well-known/openid-configuration": {
                "issuer": ISSUER,
                "authorization_endpoint": f"{ISSUER}/authorize",
                "token_endpoint": f"{ISSUER}/token",
                "jwks_uri": f"{ISSUER}/jwks",
                "authorization_response_iss_parameter_supported": True,
            },
            "/jwks": format_jwks([self.key.key]),
            "/token": {"access_token": "x", "id_token": self._write_token()},
        }
        body = msgspec.json.encode(bodies[urlsplit(request.url).path])
        return HttpResponse(status=200, headers=(), body=body)

    def _write_token(self) -> str:
        issued_at = int(SystemClock().now().timestamp())
        claims = {
            "iss": ISSUER,
            "aud": "creditbridge",
            "iat": issued_at,
            "exp": issued_at + 300,
            "nonce": self.nonce,
            "auth_time": issued_at,
            **self.claims,
        }
        return sign_compact(msgspec.json.encode(claims), self.key, typ="JWT")


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """A bank's machine: its certificate, its message key, its name."""

    client_id: str
    bank_id: str
    certificate: bytes
    key: FileKey


class Stage:
    """The three applications, and how banks, people and operators come to them."""

    def __init__(
        self,
        database: Database,
        folder: Path,
        *,
        policies: Sequence[LimitPolicy] = AdmissionSettings().policies,
    ) -> None:
        self.database = database
        self.policies = policies
        self.clock = SystemClock()
        self.lifecycle = Lifecycle()
        self.lifecycle.serve({})
        self.dialect = FakeDialect()
        self.identity = FakeIdentity()
        self.mailer = Letterbox()
        self.operator_keys = (make_key(), make_key())
        self.operator_ids: tuple[str, str] = ("", "")
        self._numbers = itertools.count(1)
        self.rooms = self._furnish(folder)
        self.sequencer = Sequencer(
            database, self.rooms.settings.ledger, log_signer=self.rooms.keys.ledger
        )
        self.house = house_of(
            self.rooms,
            Readiness(
                database=database,
                sequencer=self.sequencer,
                phase=self.lifecycle,
                rings=list_rings(self.rooms.keys),
            ),
        )
        self.bank: Application = bank_application(self.house)
        self.people: Application = people_application(self.house)
        self.operations: Application = operations_application(self.house)

    def _furnish(self, folder: Path) -> Rooms:
        keys = self._keys()
        settings = _settings(folder)
        consents = Consents(Ceilings(), keys.consent)
        login = LoginSettings(
            issuer=ISSUER, client_id="creditbridge", redirect_uri=f"{PEOPLE_URL}/portal/callback"
        )
        provider = Provider(http=self.identity, settings=login, signer=keys.login, clock=self.clock)
        return Rooms(
            settings=settings,
            database=self.database,
            clock=self.clock,
            keys=keys,
            strangers=Strangers(),
            overruns=Overruns(),
            limits=Limits(self.database, self.policies),
            admission=Admission(AdmissionSettings(), Sealer(bytes(32))),
            consents=consents,
            letters=Letters(consents.policies, keys.consent),
            platforms=Platforms([self.dialect], clock=self.clock),
            ledger=Ledger(
                settings.ledger,
                receipt_signer=keys.receipt,
                opening_keys=OpeningKeys(current=name_opening_key(bytes(32))),
                node_id="nod_1",
            ),
            login=Login(
                database=self.database,
                provider=provider,
                id_tokens=ProviderTokens(provider=provider, clock=self.clock),
            ),
            passkeys=Passkeys(
                relying_party(PasskeySettings(), PEOPLE_URL), cooling_hours=COOLING_HOURS
            ),
            notices=Notices(AddressSealer(bytes(32))),
            disputes=Disputes(WordSealer(bytes(32))),
            mailer=self.mailer,
            revocations=RevocationLists((), (), self.clock),
            nonces=None,
            id_tokens=IdTokens(
                issuer=PEOPLE_URL, signer=parse_token_key(RSA_PEM), secret=SUBJECT_SECRET
            ),
            people_secret=bytes(32),
        )

    def _keys(self) -> Keys:
        private = ed25519.Ed25519PrivateKey.generate()
        log_key = FileKey(key=name_key(private.public_key()), private=private)
        return Keys(
            ledger=self._ring(KeyPurpose.LEDGER, log_key),
            receipt=self._ring(KeyPurpose.RECEIPT, make_key()),
            message=self._ring(KeyPurpose.MESSAGE, make_key()),
            consent=self._ring(KeyPurpose.CONSENT, make_key()),
            seal=self._ring(KeyPurpose.SEAL, make_key()),
            login=self._ring(KeyPurpose.LOGIN, make_key()),
            token=self._ring(KeyPurpose.TOKEN, parse_token_key(RSA_PEM)),
        )

    def _ring(self, purpose: KeyPurpose, signer: K) -> KeyRing[K]:
        contents = RingContents(held=(HeldKey(signer=signer),))
        return KeyRing(purpose, lambda: contents, self.clock)

    async def operate(self, path: str, body: object) -> Answer:
        """Send an operator's act to the operations door."""
        raw = msgspec.json.encode(body)
        return await send(self.operations, "POST", path, headers=[JSON], body=raw)

    async def open(self) -> None:
        """Open the house with two operators, and begin this node's lease."""
        operators = [
            {"person_name": name, "key": key.key.to_jwk()}
            for name, key in zip(("Chen Example", "Zhao Example"), self.operator_keys, strict=True)
        ]
        answer = await self.operate("/operators", {"operators": operators})
        assert answer.status == 201, answer.body
        opened = msgspec.json.decode(answer.body, type=dict[str, list[dict[str, str]]])
        first, second = (one["operator_id"] for one in opened["operators"])
        self.operator_ids = (first, second)
        async with self.database.transaction() as tx:
            await self.rooms.ledger.renew_lease(tx)
        await keep_keys(self.rooms)()

    def propose(
        self, body: bytes, kind: ChangeKind = ChangeKind.BANK_ONBOARDING
    ) -> dict[str, object]:
        """Sign a proposal as the first operator."""
        act = ProposalAct(
            operator_id=self.operator_ids[0],
            kind=kind,
            body_digest=digest_body(body),
            acted_at=self.clock.now(),
        )
        signature = self.operator_keys[0].sign(message_of_act(act))
        return {
            "act": act,
            "body": to_base64url(body),
            "signature": to_base64url(signature),
        }

    def suspend(self, bank_id: str) -> dict[str, object]:
        """Sign a suspension as the first operator."""
        act = SuspensionAct(
            operator_id=self.operator_ids[0], bank_id=bank_id, acted_at=self.clock.now()
        )
        signature = self.operator_keys[0].sign(message_of_act(act))
        return {"act": act, "signature": to_base64url(signature)}

    def approve(self, change: Answer) -> dict[str, object]:
        """Sign an approval of the change that an answer shows, as the second operator."""
        act = ApprovalAct(
            operator_id=self.operator_ids[1],
            change_id=str(change.json["change_id"]),
            change_digest=str(change.json["digest"]),
            acted_at=self.clock.now(),
        )
        signature = self.operator_keys[1].sign(message_of_act(act))
        return {"act": act, "signature": to_base64url(signature)}

    async def onboard(
        self,
        name: str,
        *,
        signs: bool = True,
        constraint: str | None = None,
        members: dict[str, JsonValue] | None = None,
    ) -> Machine:
        """Bring in a bank with one machine, registered with further members."""
        key, host = make_key(), f"core.{name}.example"
        client: dict[str, JsonValue] = {
            "client_id": f"{name}-core",
            "matcher": {"kind": "san_dns", "value": host},
            "scopes": ["consents", "reports"],
            "requires_signature": signs,
            "keys": [dict[str, JsonValue](key.key.to_jwk())],
            **(members or {}),
        }
        if constraint is not None:
            client["sender_constraint"] = constraint
        body: dict[str, JsonValue] = {
            "uscc": BANK_USCCS[name],
            "legal_name": f"{name} bank",
            "clients": [client],
        }
        change = await self.operate("/changes", self.propose(canonicalize(body)))
        assert change.status == 201, change.body
        approved = await self.operate("/approvals", self.approve(change))
        assert approved.status == 201, approved.body
        return Machine(
            client_id=f"{name}-core",
            bank_id=str(approved.json["bank_id"]),
            certificate=make_certificate(host),
            key=key,
        )

    async def get_token(self, machine: Machine, *, scope: str = "reports consents") -> str:
        """Get a token over the machine's own connection."""
        form = (
            f"grant_type=client_credentials&client_id={machine.client_id}"
            f"&scope={scope.replace(' ', '+')}"
        )
        answer = await send(
            self.bank,
            "POST",
            "/oauth/token",
            headers=[FORM],
            body=form.encode(),
            certificate=machine.certificate,
        )
        assert answer.status == 200, answer.body
        return str(answer.json["access_token"])

    async def call(
        self,
        machine: Machine,
        method: str,
        target: str,
        *,
        body: bytes = b"",
        headers: Sequence[tuple[str, str]] = (),
    ) -> tuple[Request, Answer]:
        """Send a machine's signed request with a fresh token; return it as sent, and the answer."""
        token = await self.get_token(machine)
        named = (*headers, ("authorization", f"Bearer {token}"))
        return await self.send_signed(machine, method, target, body=body, headers=named)

    async def send_signed(
        self,
        machine: Machine,
        method: str,
        target: str,
        *,
        body: bytes = b"",
        headers: Sequence[tuple[str, str]] = (),
    ) -> tuple[Request, Answer]:
        """Sign a machine's request and send it; return it as sent, and the answer."""
        named = tuple(headers)
        if body and "content-type" not in dict(named):
            named = (*named, JSON)
        unsigned = Request(method=method, target_uri=BANK_URL + target, headers=named, body=body)
        added = sign_request(
            unsigned,
            BANK_REQUEST,
            machine.key,
            created=int(self.clock.now().timestamp()),
            nonce=secrets.token_urlsafe(16),
        )
        request = msgspec.structs.replace(unsigned, headers=named + added)
        answer = await send(
            self.bank,
            method,
            target,
            headers=request.headers,
            body=body,
            certificate=machine.certificate,
        )
        return request, answer

    def verify(self, request: Request, answer: Answer) -> VerifiedSignature:
        """Accept the gateway's signature over an answer and its request (RFC 9421)."""
        response = Response(status=answer.status, headers=answer.headers, body=answer.body)
        key = self.rooms.keys.message.current().key
        known: dict[str, PublicKey] = {key.key_id: key}
        return verify_response(response, request, BANK_RESPONSE, known.get, now=self.clock.now())

    def consent_body(self, **changed: object) -> bytes:
        """Return the body of a bank's request for a consent."""
        valid_to = self.clock.now() + timedelta(days=30)
        return msgspec.json.encode(
            {
                "enterprise": {"uscc": USCC, "name": ENTERPRISE},
                "authorization_no": f"SQ-{next(self._numbers)}",
                "purposes": ["PRE_LOAN_REVIEW"],
                "sections": ["REG", "PEN"],
                "valid_to": valid_to,
                "max_queries": 3,
                **changed,
            }
        )

    async def lodge(self, machine: Machine) -> str:
        """Lodge a request for a consent and return its id."""
        _, answer = await self.call(machine, "POST", "/v1/consents", body=self.consent_body())
        assert answer.status == 201, answer.body
        return str(answer.json["consent_id"])

    async def sign_in(self) -> str:
        """Sign a person in through the portal and return the session's cookie value."""
        begun = await send(self.people, "GET", "/portal/sign-in/start")
        sent = dict(parse_qsl(urlsplit(begun.header("location")).query))
        self.identity.nonce = sent["nonce"]
        cookie = begun.header("set-cookie").partition(";")[0]
        assert cookie.startswith(BINDING_COOKIE)
        done = await send(
            self.people,
            "GET",
            f"/portal/callback?code=c&state={sent['state']}&iss={ISSUER}",
            headers=[("cookie", cookie)],
        )
        assert done.status == 303, done.body
        cookies = done.list_headers("set-cookie")
        (session,) = (one for one in cookies if one.startswith(f"{SESSION_COOKIE}="))
        return session.partition(";")[0].partition("=")[2]

    async def visit(
        self, session: str | None, target: str, *, form: dict[str, str] | None = None
    ) -> Answer:
        """Open a page, or send a form with the session's own form token."""
        headers = [("cookie", f"{SESSION_COOKIE}={session}")] if session else []
        if form is None:
            return await send(self.people, "GET", target, headers=headers)
        fields = {"form_token": derive_form_token(session or ""), **form}
        body = "&".join(f"{name}={value}" for name, value in fields.items()).encode()
        return await send(self.people, "POST", target, headers=[*headers, FORM], body=body)

    async def give_consent(self, machine: Machine) -> str:
        """Lodge a request and say yes to it in the portal; return the consent's id."""
        consent_id = await self.lodge(machine)
        answer = await self.visit(
            await self.sign_in(),
            f"/portal/consents/{consent_id}/decision",
            form={"decision": "approve", "version": "1"},
        )
        assert answer.status == 303, answer.body
        return consent_id

    def report_body(self, consent_id: str, **changed: object) -> bytes:
        """Return the body of a request for a report."""
        return msgspec.json.encode(
            {
                "consent_id": consent_id,
                "enterprise": USCC,
                "purpose": "PRE_LOAN_REVIEW",
                "sections": ["REG"],
                "operator_id": "staff-7",
                **changed,
            }
        )

    async def ask(
        self, machine: Machine, consent_id: str, *, key: str = "key-1", **changed: object
    ) -> tuple[Request, Answer]:
        """Ask for a report under a consent."""
        body = self.report_body(consent_id, **changed)
        return await self.call(
            machine, "POST", "/v1/reports", body=body, headers=[("idempotency-key", key)]
        )


def _settings(folder: Path) -> Settings:
    openings = folder / "openings.secret"
    openings.touch(mode=0o600)
    openings.write_bytes(bytes(32))
    nowhere = folder / "nowhere"
    door = DoorSettings(port=0, url=PEOPLE_URL, certificate=nowhere, key=nowhere)
    return Settings(
        doors=Doors(
            bank=msgspec.structs.replace(door, url=BANK_URL),
            people=door,
            operations=OperationsSettings(port=0),
        ),
        keys=KeyFiles(
            ledger=nowhere,
            receipt=nowhere,
            message=nowhere,
            consent=nowhere,
            seal=nowhere,
            login=nowhere,
            openings=openings,
            bodies=nowhere,
            records=nowhere,
        ),
        ledger=LedgerSettings(origin=ORIGIN, lease_seconds=600),
        identity=IdentitySettings(issuer=ISSUER, authority=nowhere, client_id="creditbridge"),
        platforms=(),
        database=DatabaseSettings(folder=nowhere),
    )
