"""The guard of the bank door: who comes in is known from here on, and so is what it is answered."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from litestar import Response

from creditbridge.endpoints.answers import Answer, answer_signed
from creditbridge.endpoints.exchange import (
    JSON_TYPE,
    HttpRequest,
    present,
    require_acceptable,
    require_json,
)
from creditbridge.endpoints.house import House
from creditbridge.endpoints.problems import answer_any
from creditbridge.foundation.errors import Malformed, Refused
from creditbridge.journeys.admit_caller import Caller, Presented
from creditbridge.protocols.certificate_chain import CertificateUntrusted

ADMITTED = "admitted"


@asynccontextmanager
async def admitted(
    request: HttpRequest, house: House, *, door: str, scope: str, produces: str = JSON_TYPE
) -> AsyncGenerator[tuple[Presented, Caller]]:
    """Give the request as received and the caller who sent it; what refuses them is recorded.

    `produces` is the media type of a good answer.

    Raises:
        Refused, Untrusted: as `journeys/admit_caller`.
        CertificateUntrusted: a proxy handed on a certificate that nobody vouches for.
        ContentTypeUnsupported: a body that is not plain JSON.
        AnswerNotAcceptable: the caller takes no such answer.
        Malformed, Refused: what the block raises, once the ledger holds it (law 1).
    """
    try:
        presented = await present(request, url=house.bank_url, door=door, scope=scope)
    except (Malformed, CertificateUntrusted) as refusal:
        # Nobody is known yet, so it is one more stranger of this minute.
        house.strangers.count(door, refusal.code, now=house.clock.now())
        raise
    caller = await house.machines.admit_caller(presented)
    request.scope["state"][ADMITTED] = presented
    try:
        if presented.request.body:
            require_json(presented.request.headers)
        require_acceptable(presented.request.headers, produces)
        yield presented, caller
    except (Malformed, Refused) as refusal:
        await house.machines.refuse_caller(caller, refusal, door=door)
        raise


def answer_caller(house: House, request: HttpRequest, error: Exception) -> Response[bytes]:
    """Answer an error; to a caller who is known it is signed, bound to the request."""
    answer = answer_any(request, error)
    presented: object = request.scope["state"].get(ADMITTED)
    # A stranger's request may bear a signature that nobody can bind an answer to.
    if not isinstance(presented, Presented):
        return answer
    headers = tuple(answer.headers.items())
    status = answer.status_code or 500
    return answer_signed(
        house, presented, Answer(status=status, headers=headers, body=answer.content)
    )
