"""The platform: from a received request to a signed answer.

1. The token is live, the signature is the gateway's, its nonce is new. Else 401, unsigned.
2. The body is a query, the grant covers exactly it. Else 400 or 403, signed.
3. The query id is counted, once.
4. The answer follows from the query and the instant of its count, then from the fault script.
5. It is signed, bound to the request.
"""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

import msgspec

from creditbridge.foundation.errors import Refused, SignatureInvalid
from creditbridge.foundation.ids import Kind, is_id
from creditbridge.foundation.keys import FileKey, PublicKey
from creditbridge.protocols.http_signatures import (
    PLATFORM_ANSWER,
    PLATFORM_QUERY,
    Request,
    Response,
    VerifiedSignature,
    sign_response,
    verify_request,
)
from creditsandbox.dialects.provincial.disputes import (
    Case,
    DisputeChanged,
    Disputes,
    DisputesFull,
    ObjectionMalformed,
    holds_record,
    parse_objection,
)
from creditsandbox.dialects.provincial.faults import (
    NO_SCRIPT,
    OLDER_QUERY_ID,
    RETRY_AFTER_SECONDS,
    Script,
    find_script,
    make_impostor,
    make_older,
)
from creditsandbox.dialects.provincial.journal import Counted, Journal, JournalFull
from creditsandbox.dialects.provincial.messages import (
    GrantRefused,
    Query,
    QueryMalformed,
    parse_grant,
    parse_query,
    require_grant,
)
from creditsandbox.dialects.provincial.sections import delivered_at, find_file
from creditsandbox.dialects.provincial.tokens import Tokens
from creditsandbox.dialects.provincial.words import write_date, write_instant
from creditsandbox.province.population import Province
from creditsandbox.province.state import State, StateUnusable

NO_GRANT = "::"
JSON_TYPE = (("content-type", "application/json"),)
_ENCODER = msgspec.json.Encoder()


class CallerUnknown(Refused):
    """The request does not come from the gateway: its token or its signature says otherwise."""

    code = "caller-unknown"
    message = "The request is not the gateway's."


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """An answer before its signature, and what the script does to it."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    script: Script = NO_SCRIPT


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How long the slow enterprise's answers take, and the answer to a dispute."""

    slow_seconds: float
    dispute_seconds: float


class Platform:
    """One platform process: the province, its keys, its counts."""

    def __init__(
        self,
        *,
        province: Province,
        platform_id: str,
        tokens: Tokens,
        signer: FileKey,
        message_keys: Mapping[str, PublicKey],
        pace: Pace,
    ) -> None:
        self.journal = Journal()
        self.disputes = Disputes(answer_seconds=pace.dispute_seconds)
        self.tokens = tokens
        self._province = province
        self._platform_id = platform_id
        self._signer = signer
        # Made once: a fresh key for each wrong signature would cost more than the answer.
        self._impostor = make_impostor(signer.key)
        self._message_keys = message_keys
        self._slow_seconds = pace.slow_seconds

    def admit(self, request: Request, *, now: datetime) -> VerifiedSignature:
        """Accept a request of the gateway's (1).

        Raises:
            CallerUnknown: its token, its signature or its nonce says otherwise.
        """
        try:
            # The cheap check first: a stranger costs no signature.
            self.tokens.require(find_header(request, "authorization"), now=now)
            verified = verify_request(request, PLATFORM_QUERY, self._message_keys.get, now=now)
        except (Refused, SignatureInvalid) as error:
            raise CallerUnknown(detail=error.code) from error
        # Only what verified may spend a nonce, or a stranger could spend the gateway's.
        if not self.journal.is_new_nonce(verified.nonce, now=now):
            raise CallerUnknown(detail="signature-replayed")
        return verified

    def answer(self, request: Request, *, now: datetime) -> Reply:
        """Return the answer to an admitted query (2, 3, 4)."""
        query_id = find_header(request, "creditbridge-query-id")
        try:
            query = parse_query(request.body)
        except QueryMalformed:
            return _reply(400, {"code": "QUERY_MALFORMED"})
        state = self._read_state()
        outcome = state.outcome_of(query.uscc) if state else None
        script = find_script(outcome, slow_seconds=self._slow_seconds)
        # Before anything is counted: "down" must mean that nothing happened.
        if state is None or script.is_down:
            return _later(script)
        try:
            return self._answer_granted(request, query, script=script, state=state, now=now)
        except GrantRefused:
            return _reply(403, _refusal(query_id, query.uscc, "GRANT_REFUSED"))
        except JournalFull:
            return _later(script)

    def find_state(self, request: Request, query_id: str) -> Reply:
        """Return whether a query was counted; an id never seen is NOT_COUNTED."""
        named = find_header(request, "creditbridge-query-id")
        # No consent is exercised here, and none may be (the contract: the empty byte sequence).
        empty = find_header(request, "creditbridge-consent") == NO_GRANT
        if named != query_id or not is_id(Kind.QUERY, query_id) or not empty:
            return _reply(400, {"code": "QUERY_MALFORMED"})
        state = "COUNTED" if self.journal.is_counted(query_id) else "NOT_COUNTED"
        return _reply(200, {"query_id": query_id, "state": state})

    def take_dispute(self, request: Request, *, now: datetime) -> Reply:
        """Take an objection and return how it stands; one that came before changes nothing."""
        named = find_header(request, "creditbridge-query-id")
        try:
            objection = parse_objection(request.body)
        except ObjectionMalformed:
            return _reply(400, {"code": "OBJECTION_MALFORMED"})
        if objection.dispute_id != named or not is_id(Kind.DISPUTE, named):
            return _reply(400, {"code": "OBJECTION_MALFORMED"})
        state = self._read_state()
        script = find_script(state.outcome_of(objection.uscc) if state else None, slow_seconds=0.0)
        if state is None or script.is_down:
            return _later(script)
        file = find_file(self._province, objection.uscc, delivered_at(now), state)
        is_known = file is not None and holds_record(
            file.section(objection.section), objection.record_no
        )
        try:
            case = self.disputes.take(objection, is_known=is_known, now=now)
        except DisputeChanged:
            return _reply(409, {"dispute_id": named, "code": "DISPUTE_CHANGED"})
        except DisputesFull:
            return _later(script)
        return _reply(200, _standing_of(case, now=now), script)

    def find_dispute(self, request: Request, dispute_id: str, *, now: datetime) -> Reply:
        """Return how a dispute stands; one that never came is unknown."""
        named = find_header(request, "creditbridge-query-id")
        empty = find_header(request, "creditbridge-consent") == NO_GRANT
        if named != dispute_id or not is_id(Kind.DISPUTE, dispute_id) or not empty:
            return _reply(400, {"code": "QUERY_MALFORMED"})
        case = self.disputes.find(dispute_id)
        if case is None:
            return _reply(404, {"dispute_id": dispute_id, "code": "DISPUTE_UNKNOWN"})
        return _reply(200, _standing_of(case, now=now))

    def sign(self, reply: Reply, request: Request, *, label: str, now: datetime) -> Response:
        """Return the answer with its signature, bound to the request (5)."""
        signer = self._impostor if reply.script.has_wrong_key else self._signer
        asked, instant = request, now
        if reply.script.is_replayed:
            asked, instant = make_older(request, label=label, now=now)
        # An empty body has no type, and its signature covers none.
        headers = reply.headers + (JSON_TYPE if reply.body else ())
        response = Response(status=reply.status, headers=headers, body=reply.body)
        added = sign_response(
            response, asked, PLATFORM_ANSWER, signer, created=int(instant.timestamp())
        )
        return msgspec.structs.replace(response, headers=headers + added)

    def _read_state(self) -> State | None:
        # What cannot be read is not guessed: the platform is down until its tester mends it.
        try:
            return self._province.read_state()
        except StateUnusable:
            return None

    def _answer_granted(
        self, request: Request, query: Query, *, script: Script, state: State, now: datetime
    ) -> Reply:
        query_id = find_header(request, "creditbridge-query-id")
        grant = parse_grant(find_header(request, "creditbridge-consent"))
        require_grant(grant, query, query_id=query_id, platform_id=self._platform_id, now=now)
        if not is_id(Kind.QUERY, query_id):
            raise GrantRefused(detail="no query id")
        # The consent belongs to the question: the same words under another one are another query.
        asked = request.body + grant.consent_digest.encode()
        fresh = Counted(
            uscc=query.uscc, fingerprint=sha256(asked).digest(), counted_at=now, state=state
        )
        # A repeated query is answered from its first count, so alike to the byte.
        counted = self.journal.count(query_id, fresh)
        file = find_file(
            self._province,
            script.about or query.uscc,
            delivered_at(counted.counted_at),
            counted.state,
        )
        # It was looked for, so it is counted, though nobody is there.
        if file is None:
            return _reply(404, _refusal(query_id, query.uscc, "SUBJECT_UNKNOWN"), script)
        asked_for = {code: file.section(code) for code in query.sections}
        sections = self.disputes.amend(file.uscc, asked_for, at=counted.counted_at)
        body = {
            "query_id": OLDER_QUERY_ID if script.is_replayed else query_id,
            "uscc": file.uscc,
            "consent_digest": grant.consent_digest,
            "answered_at": write_instant(counted.counted_at),
            "subject": file.subject,
            "sections": sections,
        }
        return _reply(200, body, script)


def find_header(request: Request, name: str) -> str:
    """Return the first value of a header, or the empty text."""
    return next((value for each, value in request.headers if each == name), "")


def _reply(status: int, body: Mapping[str, object], script: Script = NO_SCRIPT) -> Reply:
    return Reply(status=status, body=_ENCODER.encode(body), script=script)


def _refusal(query_id: str, uscc: str, code: str) -> dict[str, str]:
    return {"query_id": query_id, "uscc": uscc, "code": code}


def _standing_of(case: Case, *, now: datetime) -> dict[str, object]:
    outcome = case.outcome_at(now)
    state = "NOT_ACCEPTED" if not case.is_known else "ACCEPTED" if outcome is None else "ANSWERED"
    return {
        "dispute_id": case.objection.dispute_id,
        "uscc": case.objection.uscc,
        "stage": case.objection.stage,
        "state": state,
        "extended": False,
        "due_on": write_date(case.due_on) if state == "ACCEPTED" else None,
        "outcome": outcome,
    }


def _later(script: Script) -> Reply:
    return Reply(status=503, headers=(("retry-after", str(RETRY_AFTER_SECONDS)),), script=script)
