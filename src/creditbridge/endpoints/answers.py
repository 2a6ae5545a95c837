"""What leaves through the bank door: signed, bound to its request (RFC 9421, RFC 9530)."""

import msgspec
from litestar import Response

from creditbridge.admission.model import Outcome, Stored
from creditbridge.endpoints.house import House
from creditbridge.endpoints.problems import tell
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.journeys.admit_caller import Presented
from creditbridge.journeys.report_ports import Report
from creditbridge.ledger.model import Recorded
from creditbridge.protocols.http_signatures import (
    BANK_RESPONSE,
    Response as SignedResponse,
    sign_response,
)

JSON_TYPE = "application/json"
NO_STORE = ("cache-control", "no-store")


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer before it is signed; header names in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class ReportAnswers:
    """How the outcomes of a report are answered, so that a repetition gets the same bytes."""

    def delivered(self, report: Report) -> Outcome:
        """Return the answer that hands a report over, with the receipt of its delivery."""
        receipt = report.delivery.receipt
        return Outcome(
            status=200,
            headers=(
                ("content-type", JSON_TYPE),
                ("creditbridge-report", report.report_id),
                ("creditbridge-receipt", receipt.header_value()),
            ),
            body=report.body,
            event_id=report.delivery.event_id,
            receipt=receipt.encode(),
        )

    def failed(self, failure: CreditbridgeError, recorded: Recorded) -> Outcome:
        """Return the answer that tells a failure, with the receipt of its record."""
        # Without the interaction id: it is the exchange's, and a repetition has another.
        told = tell(failure)
        receipt = recorded.receipt
        return Outcome(
            status=told.status,
            headers=tuple({**told.headers, "creditbridge-receipt": receipt.header_value()}.items()),
            body=told.problem.encode(),
            event_id=recorded.event_id,
            receipt=receipt.encode(),
        )


def answer_outcome(
    house: House, presented: Presented, outcome: Outcome | Stored
) -> Response[bytes]:
    """Answer what was decided, now or under the same idempotency key before."""
    headers = outcome.headers
    if isinstance(outcome, Stored):
        # Outside the kept answer, so that the body and its receipt stay the same bytes.
        headers = (*headers, ("idempotency-replayed", "?1"))
    answer = Answer(status=outcome.status, headers=headers, body=outcome.body)
    return answer_signed(house, presented, answer)


def answer_json(
    house: House, presented: Presented, members: object, *, status: int = 200
) -> Response[bytes]:
    """Answer with a JSON value."""
    answer = Answer(
        status=status, headers=(("content-type", JSON_TYPE),), body=msgspec.json.encode(members)
    )
    return answer_signed(house, presented, answer)


def answer_signed(house: House, presented: Presented, answer: Answer) -> Response[bytes]:
    """Sign an answer and bind it to its request."""
    named = (("x-fapi-interaction-id", presented.interaction_id), NO_STORE)
    headers = (*answer.headers, *named)
    unsigned = SignedResponse(status=answer.status, headers=headers, body=answer.body)
    # Last, over what really leaves: anything added after it would be unsigned.
    added = sign_response(
        unsigned,
        presented.request,
        BANK_RESPONSE,
        house.message_signer.current(),
        created=int(house.clock.now().timestamp()),
    )
    return Response(
        answer.body,
        status_code=answer.status,
        headers=dict((*headers, *added)),
        media_type=dict(headers).get("content-type", JSON_TYPE),
    )
