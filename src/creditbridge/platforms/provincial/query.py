"""A question in the provincial dialect: one signed call under one query grant.

1. An access token, from memory or renewed.
2. The query is signed (RFC 9421) with its grant, anew for each attempt; its id is counted once.
3. A token that the platform no longer accepts is renewed once, and the query sent again.
4. The answer is verified before its sections are read, then mapped to ours.
"""

import hashlib
import secrets
from base64 import b64encode
from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from creditbridge.foundation.clock import Clock
from creditbridge.foundation.http import HttpRequest, HttpResponse
from creditbridge.foundation.keys import PublicKey, Signers
from creditbridge.foundation.logging import get_logger
from creditbridge.platforms.grant import make_grant
from creditbridge.platforms.model import (
    AnswerUnreadable,
    DialectAnswer,
    DisputeCase,
    DisputeName,
    DisputeStanding,
    PlatformQuery,
    PlatformUnavailable,
    QueryState,
)
from creditbridge.platforms.provincial.answer import (
    Answer,
    RawAnswer,
    SentQuery,
    verify_answer,
    verify_query_state,
    verify_standing,
)
from creditbridge.platforms.provincial.mapping import (
    SECTIONS,
    MappingContext,
    map_representative,
    map_sections,
    map_subject,
    record_id_of,
)
from creditbridge.platforms.provincial.token import AccessTokens
from creditbridge.platforms.settings import PlatformSettings
from creditbridge.platforms.transport import Exchanged, Transport
from creditbridge.profile.codes import Assurance, SectionCode
from creditbridge.profile.model import Source, SourceAnswer
from creditbridge.protocols.canonical_json import canonicalize
from creditbridge.protocols.http_signatures import (
    PLATFORM_QUERY,
    Request,
    Response,
    make_request_signature,
)

NONCE_BYTES = 16
UNAUTHORIZED_STATUS = 401
NO_CONSENT = "::"

log = get_logger("platforms")


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One signed request, ready to leave."""

    http: HttpRequest
    sent: SentQuery


class ProvincialPlatform:
    """A platform that speaks the provincial dialect."""

    def __init__(
        self,
        settings: PlatformSettings,
        transport: Transport,
        *,
        signer: Signers,
        find_key: Callable[[str], PublicKey | None],
        clock: Clock,
        record_key: bytes,
    ) -> None:
        self._settings = settings
        self._transport = transport
        self._tokens = AccessTokens(settings, transport, signer, clock)
        self._signers = signer
        self._find_key = find_key
        self._clock = clock
        self._record_key = record_key

    @property
    def platform_id(self) -> str:
        """The platform's id, the audience of every grant."""
        return self._settings.platform_id

    @property
    def sections(self) -> frozenset[SectionCode]:
        """What it supplies."""
        return SECTIONS

    def find_section(self, record_id: str, number: str) -> SectionCode | None:
        """Return the section whose record of this number has the id; None where none has."""
        for code in sorted(SECTIONS):
            if record_id == record_id_of(code, number, self._context()):
                return code
        return None

    async def ask(self, query: PlatformQuery, *, deadline: float) -> DialectAnswer:
        """Return the verified answer in our words; `deadline` is monotonic.

        Raises:
            PlatformUnavailable, DeadlineExceeded, PlatformRefused: no answer; see `sent`.
            PlatformUntrusted, AnswerUnreadable, AnswerRejected: nothing to be believed.
            EnterpriseUnknown: the platform holds no such enterprise.
        """
        grant = make_grant(query, audience=self.platform_id)
        exchanged = await self._send(
            lambda token: self._make_query(query, grant, token), deadline=deadline
        )
        raw = _raw_of(exchanged)
        answer = verify_answer(raw, query, self._find_key, now=self._clock.now())  # 4
        return self._map(query, answer, exchanged)

    async def find_query(self, query_id: str, *, deadline: float) -> QueryState:
        """Return whether the platform counted a query.

        Raises:
            PlatformUnavailable, DeadlineExceeded, PlatformUntrusted: ask again later.
            AnswerUnreadable, AnswerRejected: nothing to be believed.
        """
        exchanged = await self._send(
            lambda token: self._make_question("queries", query_id, token), deadline=deadline
        )
        return verify_query_state(_raw_of(exchanged), self._find_key, now=self._clock.now())

    async def pass_dispute(self, case: DisputeCase, *, deadline: float) -> DisputeStanding:
        """Hand a dispute over, one time whatever the number of calls; return how it stands.

        Raises:
            PlatformUnavailable, DeadlineExceeded, PlatformUntrusted: hand it over again later.
            AnswerUnreadable, AnswerRejected: nothing to be believed.
        """
        exchanged = await self._send(
            lambda token: self._make_objection(case, token), deadline=deadline
        )
        raw = _raw_of(exchanged)
        standing = verify_standing(raw, case.name, self._find_key, now=self._clock.now())
        if standing is None:
            raise AnswerUnreadable(detail="what was handed over is said never to have come")
        return standing

    async def find_dispute(self, name: DisputeName, *, deadline: float) -> DisputeStanding | None:
        """Return how a dispute stands; None where the platform signed that it never came.

        Raises:
            PlatformUnavailable, DeadlineExceeded, PlatformUntrusted: ask again later.
            AnswerUnreadable, AnswerRejected: nothing to be believed.
        """
        exchanged = await self._send(
            lambda token: self._make_question("disputes", name.dispute_id, token),
            deadline=deadline,
        )
        return verify_standing(_raw_of(exchanged), name, self._find_key, now=self._clock.now())

    async def _send(self, make: Callable[[str], Attempt], *, deadline: float) -> Exchanged[Attempt]:
        token = await self._tokens.get(deadline=deadline)  # 1
        exchanged = await self._exchange(make, token, deadline)  # 2
        if exchanged.response.status == UNAUTHORIZED_STATUS:
            token = await self._tokens.get(deadline=deadline, refused=token)  # 3
            exchanged = await self._exchange(make, token, deadline)
        if exchanged.response.status == UNAUTHORIZED_STATUS:
            # The contract says that it was not counted; but this answer bears no signature.
            raise PlatformUnavailable(sent=True, detail="the platform refused a new access token")
        return exchanged

    async def _exchange(
        self, make: Callable[[str], Attempt], token: str, deadline: float
    ) -> Exchanged[Attempt]:
        # The contract counts a query id once however often it comes: only that makes it safe to
        # repeat.
        return await self._transport.exchange(
            lambda: make(token), deadline=deadline, idempotent=True
        )

    def _make_query(self, query: PlatformQuery, grant: bytes, token: str) -> Attempt:
        body = canonicalize(
            {
                "uscc": query.uscc,
                # Sorted: an attempt that is made again has the same body, and its id the same
                # meaning.
                "sections": sorted(query.sections),
                "purpose": query.purpose,
            }
        )
        traced = () if query.traceparent is None else (("traceparent", query.traceparent),)
        request = Request(
            method="POST",
            target_uri=f"{self._settings.base_url}/v1/queries",
            headers=(
                ("accept", "application/json"),
                ("authorization", f"Bearer {token}"),
                ("content-type", "application/json"),
                ("creditbridge-query-id", query.query_id),
                ("creditbridge-consent", f":{b64encode(grant).decode('ascii')}:"),
                *traced,
            ),
            body=body,
        )
        return self._sign(request, query_id=query.query_id, grant=grant)

    def _make_objection(self, case: DisputeCase, token: str) -> Attempt:
        name = case.name
        body = canonicalize(
            {
                "dispute_id": name.dispute_id,
                "stage": name.stage,
                "uscc": name.uscc,
                "section": case.section,
                "record_no": case.number,
                "ground": case.ground,
                "text": case.text,
                "filed_on": case.filed_on.isoformat(),
            }
        )
        request = Request(
            method="POST",
            target_uri=f"{self._settings.base_url}/v1/disputes",
            headers=(
                ("accept", "application/json"),
                ("authorization", f"Bearer {token}"),
                ("content-type", "application/json"),
                # What is counted here is the dispute, under its own id; no consent is exercised.
                ("creditbridge-query-id", name.dispute_id),
                ("creditbridge-consent", NO_CONSENT),
            ),
            body=body,
        )
        return self._sign(request, query_id=name.dispute_id, grant=b"")

    def _make_question(self, kind: str, query_id: str, token: str) -> Attempt:
        request = Request(
            method="GET",
            target_uri=f"{self._settings.base_url}/v1/{kind}/{query_id}",
            headers=(
                ("accept", "application/json"),
                ("authorization", f"Bearer {token}"),
                ("creditbridge-query-id", query_id),
                # The profile covers this field always; empty, it grants nothing (RFC 9651, section
                # 3.3.5).
                ("creditbridge-consent", NO_CONSENT),
            ),
        )
        return self._sign(request, query_id=query_id, grant=b"")

    def _sign(self, request: Request, *, query_id: str, grant: bytes) -> Attempt:
        made = make_request_signature(
            request,
            PLATFORM_QUERY,
            self._signers.current(),
            created=int(self._clock.now().timestamp()),
            # Anew for each attempt: the platform refuses a nonce that it has seen.
            nonce=secrets.token_urlsafe(NONCE_BYTES),
        )
        signed = replace(request, headers=request.headers + made.headers)
        return Attempt(
            http=HttpRequest(
                method=signed.method,
                url=signed.target_uri,
                headers=signed.headers,
                body=signed.body,
            ),
            sent=SentQuery(
                platform=self.platform_id,
                query_id=query_id,
                request=signed,
                made=made,
                grant=grant,
            ),
        )

    def _map(
        self, query: PlatformQuery, answer: Answer, exchanged: Exchanged[Attempt]
    ) -> DialectAnswer:
        context = self._context()
        subject, odd = map_subject(answer.envelope.subject, uscc=query.uscc)
        mapped = map_sections(answer.envelope.sections, query.sections & SECTIONS, context)
        if SectionCode.REG in query.sections:
            named = map_representative(answer.envelope.sections)
            subject = replace(subject, legal_rep=named)
        # Not the bank's concern, and urgent to us: the platform changed its words without telling.
        if mapped.drifted:
            log.warning(
                "platform.drifted",
                platform=self.platform_id,
                query=query.query_id,
                sections=list(mapped.drifted),
            )
        source = Source(
            platform=self.platform_id,
            query_id=query.query_id,
            answered_at=answer.envelope.answered_at,
            assurance=Assurance.HIGH,
            answer_digest=hashlib.sha256(answer.proof.answer_body).hexdigest(),
        )
        return DialectAnswer(
            answer=SourceAnswer(
                source=source, sections=mapped.sections, notes=(*odd, *mapped.notes)
            ),
            subject=subject,
            proof=answer.proof,
            query_out_at=exchanged.out_at,
            answer_in_at=exchanged.in_at,
        )

    def _context(self) -> MappingContext:
        return MappingContext(platform=self.platform_id, record_key=self._record_key)


def _raw_of(exchanged: Exchanged[Attempt]) -> RawAnswer:
    response: HttpResponse = exchanged.response
    return RawAnswer(
        sent=exchanged.outgoing.sent,
        response=Response(status=response.status, headers=response.headers, body=response.body),
    )
