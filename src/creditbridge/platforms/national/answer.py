"""What of an answer is believed, once its signature and its envelope held (`message.open_answer`).

1. What is not the status of success becomes its error; only what is signed is read.
2. The result names query id, enterprise, consent and question as we sent them.
3. Each page is the one whose digest the result holds, so none is swapped, and none is from
   another query; sections stay unparsed until all of this holds.
"""

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from creditbridge.platforms.grant import digest_text
from creditbridge.platforms.model import (
    AnswerRejected,
    AnswerUnreadable,
    DisputeName,
    DisputeStanding,
    EnterpriseUnknown,
    PlatformQuery,
    PlatformRefused,
    QueryState,
    Sm2QueryProof,
)
from creditbridge.platforms.national.message import OpenedAnswer, SentMessage
from creditbridge.platforms.national.schema import (
    TheirDisputeRefusal,
    TheirPage,
    TheirPageRecord,
    TheirQueryState,
    TheirRefusal,
    TheirResult,
    TheirStanding,
    TheirTicket,
)
from creditbridge.protocols.sm2_message import digest_sm3
from creditbridge.protocols.strict_json import JsonMalformed, decode

OK_STATUS, WAIT_STATUS, NOT_FOUND_STATUS = 200, 202, 404

T = TypeVar("T")


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A result that its platform signed for this very question."""

    result: TheirResult
    proof: Sm2QueryProof


def read_progress(
    opened: OpenedAnswer, query: PlatformQuery, submitted: SentMessage, *, platform: str
) -> Answer | None:
    """Return the result; None while the platform is not ready.

    Raises:
        AnswerRejected: of another query, enterprise, consent or question.
        EnterpriseUnknown: the platform signed that it holds none.
        PlatformRefused: the platform signed that it refuses the grant.
        AnswerUnreadable: signed, but not in the agreed form.
    """
    proof = _prove(opened, submitted, query, platform=platform)
    if opened.status == WAIT_STATUS:
        _require_same(_decode(opened, TheirTicket).query_id, query)
        return None
    if opened.status != OK_STATUS:
        _raise_refusal(opened, query, proof)  # 1
    result = _decode(opened, TheirResult)
    question = digest_sm3(submitted.call.question)
    ours = (query.query_id, query.uscc, digest_text(query.consent_digest), question)
    # A signed answer for another enterprise is what the signature alone does not see (law 4).
    said = (result.query_id, result.uscc, result.consent_digest, result.question_digest)
    if said != ours:
        raise AnswerRejected(detail="the answer is for another query, enterprise or consent")  # 2
    return Answer(result=result, proof=proof)


def read_page(
    opened: OpenedAnswer, query: PlatformQuery, *, number: int, digest: str
) -> Sequence[TheirPageRecord]:
    """Return the records of a page; none where the platform signed that it lost the page.

    Raises:
        AnswerRejected: another page than the result named.
        AnswerUnreadable: signed, but not in the agreed form.
    """
    if opened.status != OK_STATUS:
        refusal = _decode(opened, TheirRefusal)
        _require_same(refusal.query_id, query)
        if (opened.status, refusal.code) != (NOT_FOUND_STATUS, "PAGE_UNKNOWN"):
            raise AnswerUnreadable(detail=f"status {opened.status} with {refusal.code}")
        # Its records are then missing from their sections, which the counts will show.
        return ()
    if digest_sm3(opened.body) != digest:
        raise AnswerRejected(detail=f"page {number} is not the one that the result names")  # 3
    page = _decode(opened, TheirPage)
    if (page.query_id, page.page) != (query.query_id, number):
        raise AnswerRejected(detail="the page is of another query, or in another's place")
    return page.records


def read_query_state(opened: OpenedAnswer, query_id: str) -> QueryState:
    """Return the platform's word on whether a query was counted.

    Raises:
        AnswerRejected: another query's state.
        AnswerUnreadable: signed, but not in the agreed form.
    """
    if opened.status != OK_STATUS:
        raise AnswerUnreadable(detail=f"status {opened.status}")
    state = _decode(opened, TheirQueryState)
    if state.query_id != query_id:
        raise AnswerRejected(detail="the state is of another query")
    return QueryState(state.state)


def read_standing(opened: OpenedAnswer, name: DisputeName) -> DisputeStanding | None:
    """Return how a dispute stands; None where the platform signed that none came.

    Raises:
        AnswerRejected: another dispute's standing.
        AnswerUnreadable: signed, but not in the agreed form.
    """
    if opened.status == NOT_FOUND_STATUS:
        if _decode(opened, TheirDisputeRefusal).dispute_id != name.dispute_id:
            raise AnswerRejected(detail="the refusal is for another dispute")
        return None
    if opened.status != OK_STATUS:
        raise AnswerUnreadable(detail=f"status {opened.status}")
    standing = _decode(opened, TheirStanding)
    ours = (name.dispute_id, name.uscc, name.stage)
    if (standing.dispute_id, standing.uscc, standing.stage) != ours:
        raise AnswerRejected(detail="the standing is of another dispute, enterprise or stage")
    if (standing.state == "ANSWERED") is (standing.outcome is None):
        raise AnswerUnreadable(detail=f"{standing.state} with {standing.outcome}")
    return DisputeStanding(
        is_taken=standing.state != "NOT_ACCEPTED",
        is_extended=standing.extended,
        outcome=standing.outcome,
        answer=opened.body,
    )


def _raise_refusal(opened: OpenedAnswer, query: PlatformQuery, proof: Sm2QueryProof) -> None:
    refusal = _decode(opened, TheirRefusal)
    if (refusal.query_id, refusal.uscc) != (query.query_id, query.uscc):
        raise AnswerRejected(detail="the refusal is for another query or enterprise")
    match opened.status, refusal.code:
        case 404, "SUBJECT_UNKNOWN":
            raise EnterpriseUnknown(proof=proof)
        case 403, "GRANT_REFUSED":
            raise PlatformRefused(detail=f"query {query.query_id}")
        case _:
            # A code of one meaning under the status of another: neither is believed.
            raise AnswerUnreadable(detail=f"status {opened.status} with {refusal.code}")


def _require_same(query_id: str, query: PlatformQuery) -> None:
    if query_id != query.query_id:
        raise AnswerRejected(detail="the answer is of another query")


def _decode(opened: OpenedAnswer, kind: type[T]) -> T:
    try:
        return decode(opened.body, kind)
    except JsonMalformed as error:
        raise AnswerUnreadable(detail=f"{error.pointer}: {error.detail}") from error


def _prove(
    opened: OpenedAnswer, submitted: SentMessage, query: PlatformQuery, *, platform: str
) -> Sm2QueryProof:
    return Sm2QueryProof(
        platform=platform,
        query_id=query.query_id,
        query_base=submitted.base,
        query_signature=submitted.signature,
        query_key_id=submitted.key_id,
        grant=submitted.call.question,
        answer_base=opened.base,
        answer_signature=opened.signature,
        answer_key_id=opened.key_id,
        answer_body=opened.body,
    )
