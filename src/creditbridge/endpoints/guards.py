"""The guard of the bank door: who comes in is known from here on, and so is what it is answered."""

from litestar import Response

from creditbridge.endpoints.answers import Answer, answer_signed
from creditbridge.endpoints.exchange import HttpRequest, present
from creditbridge.endpoints.house import House
from creditbridge.endpoints.problems import answer_any
from creditbridge.journeys.admit_caller import Caller, Presented

ADMITTED = "admitted"


async def admit(
    request: HttpRequest, house: House, *, door: str, scope: str
) -> tuple[Presented, Caller]:
    """Return the request as received and the caller who sent it.

    Raises:
        ContentTypeUnsupported: a body that is not plain JSON.
        Refused, Untrusted: as `journeys/admit_caller`.
    """
    presented = await present(request, url=house.bank_url, door=door, scope=scope)
    caller = await house.admit_caller(presented)
    request.scope["state"][ADMITTED] = presented
    return presented, caller


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
