"""What of an answer is believed: RawAnswer -> verify_answer -> Answer, and only that is mapped.

1. The signature covers the answer and our own request, its signature included (RFC 9421).
2. Only then the envelope is read: query id, enterprise and consent digest are those we sent.
3. A signed refusal becomes its error; sections stay unparsed until all of this holds.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import msgspec

from creditbridge.foundation.errors import SignatureInvalid
from creditbridge.foundation.keys import PublicKey
from creditbridge.platforms.grant import digest_text
from creditbridge.platforms.model import (
    AnswerRejected,
    AnswerUnreadable,
    DisputeName,
    DisputeStanding,
    EnterpriseUnknown,
    HttpQueryProof,
    PlatformQuery,
    PlatformRefused,
    QueryProof,
    QueryState,
)
from creditbridge.platforms.provincial.schema import (
    TheirDisputeRefusal,
    TheirEnvelope,
    TheirQueryState,
    TheirRefusal,
    TheirStanding,
)
from creditbridge.protocols.http_signatures import (
    PLATFORM_ANSWER,
    MadeSignature,
    Request,
    Response,
    SignatureStale,
    VerifiedSignature,
    verify_response,
)
from creditbridge.protocols.strict_json import JsonMalformed, decode

OK_STATUS = 200
NOT_FOUND_STATUS = 404

T = TypeVar("T")


class SentQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What we sent: the signed request, how it was signed, and the grant in it (JCS)."""

    platform: str
    query_id: str
    request: Request
    made: MadeSignature
    grant: bytes


class RawAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer as it came. Nothing in it is true yet."""

    sent: SentQuery
    response: Response


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that its platform signed for this very query."""

    envelope: TheirEnvelope
    proof: QueryProof


def verify_answer(
    raw: RawAnswer,
    query: PlatformQuery,
    find_key: Callable[[str], PublicKey | None],
    *,
    now: datetime,
) -> Answer:
    """Accept an answer.

    Raises:
        AnswerRejected: its signature, or its query, enterprise or consent.
        EnterpriseUnknown: the platform signed that it holds none.
        PlatformRefused: the platform signed that it refuses the grant.
        AnswerUnreadable: signed, but not in the agreed form.
    """
    verified = verify_signature(raw, find_key, now=now)  # 1
    # Made from what was verified, before anything is parsed: a refusal is proven as well.
    proof = _prove(raw, verified)
    if raw.response.status != OK_STATUS:
        _raise_refusal(raw, query, proof)  # 3
    envelope = _decode(raw.response, TheirEnvelope)  # 2
    ours = (query.query_id, query.uscc, digest_text(query.consent_digest))
    # A signed answer for another enterprise is the attack that the signature alone does not see
    # (law 4).
    if (envelope.query_id, envelope.uscc, envelope.consent_digest) != ours:
        raise AnswerRejected(detail="the answer is for another query, enterprise or consent")
    return Answer(envelope=envelope, proof=proof)


def verify_query_state(
    raw: RawAnswer, find_key: Callable[[str], PublicKey | None], *, now: datetime
) -> QueryState:
    """Accept the platform's word on whether a query was counted.

    Raises:
        AnswerRejected: its signature, or another query's state.
        AnswerUnreadable: signed, but not in the agreed form.
    """
    verify_signature(raw, find_key, now=now)
    if raw.response.status != OK_STATUS:
        raise AnswerUnreadable(detail=f"status {raw.response.status}")
    state = _decode(raw.response, TheirQueryState)
    if state.query_id != raw.sent.query_id:
        raise AnswerRejected(detail="the state is of another query")
    return QueryState(state.state)


def verify_standing(
    raw: RawAnswer,
    name: DisputeName,
    find_key: Callable[[str], PublicKey | None],
    *,
    now: datetime,
) -> DisputeStanding | None:
    """Accept the platform's word on how a dispute stands; None where it signed that none came.

    Raises:
        AnswerRejected: its signature, or another dispute's standing.
        AnswerUnreadable: signed, but not in the agreed form.
    """
    verify_signature(raw, find_key, now=now)
    if raw.response.status == NOT_FOUND_STATUS:
        refusal = _decode(raw.response, TheirDisputeRefusal)
        if (refusal.dispute_id, refusal.code) != (name.dispute_id, "DISPUTE_UNKNOWN"):
            raise AnswerRejected(detail="the refusal is for another dispute, or of another kind")
        return None
    if raw.response.status != OK_STATUS:
        raise AnswerUnreadable(detail=f"status {raw.response.status}")
    standing = _decode(raw.response, TheirStanding)
    ours = (name.dispute_id, name.uscc, name.stage)
    if (standing.dispute_id, standing.uscc, standing.stage) != ours:
        raise AnswerRejected(detail="the standing is of another dispute, enterprise or stage")
    if (standing.state == "ANSWERED") is (standing.outcome is None):
        raise AnswerUnreadable(detail=f"{standing.state} with {standing.outcome}")
    return DisputeStanding(
        is_taken=standing.state != "NOT_ACCEPTED",
        is_extended=standing.extended,
        outcome=standing.outcome,
        answer=raw.response.body,
    )


def verify_signature(
    raw: RawAnswer, find_key: Callable[[str], PublicKey | None], *, now: datetime
) -> VerifiedSignature:
    """Accept the answer's signature over itself and over our request.

    Raises:
        AnswerRejected: missing, stale (the detail then names the platform's clock), or wrong.
    """
    try:
        return verify_response(raw.response, raw.sent.request, PLATFORM_ANSWER, find_key, now=now)
    except SignatureStale as error:
        detail = f"{error.code}: {error.detail}; is the platform's clock right?"
        raise AnswerRejected(detail=detail) from error
    except SignatureInvalid as error:
        raise AnswerRejected(detail=f"{error.code}: {error.detail}") from error


def _raise_refusal(raw: RawAnswer, query: PlatformQuery, proof: QueryProof) -> None:
    refusal = _decode(raw.response, TheirRefusal)
    if (refusal.query_id, refusal.uscc) != (query.query_id, query.uscc):
        raise AnswerRejected(detail="the refusal is for another query or enterprise")
    match raw.response.status, refusal.code:
        case 404, "SUBJECT_UNKNOWN":
            raise EnterpriseUnknown(proof=proof)
        case 403, "GRANT_REFUSED":
            raise PlatformRefused(detail=f"query {query.query_id}")
        case _:
            # A code of one meaning under the status of another: neither is believed.
            raise AnswerUnreadable(detail=f"status {raw.response.status} with {refusal.code}")


def _decode(response: Response, kind: type[T]) -> T:
    try:
        return decode(response.body, kind)
    except JsonMalformed as error:
        raise AnswerUnreadable(detail=f"{error.pointer}: {error.detail}") from error


def _prove(raw: RawAnswer, verified: VerifiedSignature) -> HttpQueryProof:
    return HttpQueryProof(
        platform=raw.sent.platform,
        query_id=raw.sent.query_id,
        query_base=raw.sent.made.base,
        query_signature=raw.sent.made.signature,
        query_key_id=raw.sent.made.key_id,
        grant=raw.sent.grant,
        answer_base=verified.base,
        answer_signature=verified.signature,
        answer_key_id=verified.key_id,
        answer_body=raw.response.body,
    )
