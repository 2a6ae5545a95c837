"""A client's own grants: what each gives, and giving it back (Grant Management, section 6)."""

import msgspec
from litestar import Response, Router, delete, get
from litestar.params import FromPath

from creditbridge.access.metadata import GRANTS_PATH
from creditbridge.access.model import format_scopes
from creditbridge.endpoints.answers import Answer, answer_json, answer_signed
from creditbridge.endpoints.exchange import HttpRequest
from creditbridge.endpoints.guards import admitted
from creditbridge.endpoints.house import AtHouse
from creditbridge.journeys.manage_grant import GrantStatus

DOOR = "grants"
QUERY_SCOPE = "grant_management_query"
REVOKE_SCOPE = "grant_management_revoke"


@get(GRANTS_PATH + "/{grant_id:str}")
async def read_grant(
    grant_id: FromPath[str], request: HttpRequest, house: AtHouse
) -> Response[bytes]:
    """Tell what a grant gives, and where its consents stand."""
    async with admitted(request, house, door=DOOR, scope=QUERY_SCOPE) as (presented, caller):
        status = await house.machines.manage_grant.read(caller, grant_id)
        return answer_json(house, presented, show_grant(status))


# The answer says 204 itself; declared here, the framework would let nobody sign it.
@delete(GRANTS_PATH + "/{grant_id:str}", status_code=200)
async def revoke_grant(
    grant_id: FromPath[str], request: HttpRequest, house: AtHouse
) -> Response[bytes]:
    """End a grant with every code and token under it; its consents go on."""
    async with admitted(request, house, door=DOOR, scope=REVOKE_SCOPE) as (presented, caller):
        recorded = await house.machines.manage_grant.revoke(caller, grant_id)
        headers = (("creditbridge-receipt", recorded.receipt.header_value()),)
        return answer_signed(house, presented, Answer(status=204, headers=headers, body=b""))


def show_grant(status: GrantStatus) -> dict[str, object]:
    """Return a grant as its client sees it (Grant Management, section 6.4).

    Each detail says where its consent stands; instants are whole seconds since 1970.
    """
    grant = status.grant
    return {
        "scopes": [{"scope": format_scopes(grant.scopes)}],
        "authorization_details": [
            {
                **msgspec.to_builtins(detail),
                "consent_state": status.states[detail.consent_id],
                "consent_approvals": dict(
                    zip(("given", "needed"), status.approvals[detail.consent_id], strict=True)
                ),
            }
            for detail in grant.details
        ],
        "created_at": int(grant.made_at.timestamp()),
        "expires_at": int(grant.expires_at.timestamp()),
    }


router = Router("/", route_handlers=[read_grant, revoke_grant])
