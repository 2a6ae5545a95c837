"""The consent policy, for a bank's engineer: every ceiling before a request meets it."""

from base64 import urlsafe_b64encode

import msgspec
from litestar import Response, Router, get

from creditbridge.consents.policy import SignedPolicy
from creditbridge.endpoints.answers import answer_json
from creditbridge.endpoints.exchange import HttpRequest
from creditbridge.endpoints.guards import admitted
from creditbridge.endpoints.house import AtHouse

DOOR = "consents"
SCOPE = "consents"


@get("/v1/policy")
async def read_policies(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Return the policy that binds now, and those that are announced, each as it was signed."""
    async with (
        admitted(request, house, door=DOOR, scope=SCOPE) as (presented, _caller),
        house.database.transaction() as tx,
    ):
        signed = await house.consents.policies.list_signed(tx)
        return answer_json(house, presented, {"policies": [_show(one) for one in signed]})


def _show(signed: SignedPolicy) -> dict[str, object]:
    return {
        # Its canonical JSON (RFC 8785) are the bytes that are signed.
        "policy": msgspec.json.decode(signed.policy),
        "signature": urlsafe_b64encode(signed.signature).rstrip(b"=").decode("ascii"),
        "key_id": signed.key_id,
    }


router = Router("/", route_handlers=[read_policies])
