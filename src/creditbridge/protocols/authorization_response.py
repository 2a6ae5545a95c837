"""What a browser carries back to a client: code or error, `state`, and who answers.

Bare parameters with `iss` (RFC 6749, section 4.1.2; RFC 9207), or all of them in one signed token
(JWT Secured Authorization Response Mode, JARM, section 2).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlencode

import msgspec

from creditbridge.protocols.jws import TokenSigner, sign_compact

RESPONSE_LIFE = timedelta(seconds=60)
TYPE = "JWT"


class ResponseClaims(msgspec.Struct, frozen=True, kw_only=True):
    """What binds a signed response to its server, its client and its minute (JARM, section 2.1)."""

    iss: str
    aud: str
    exp: int


def name_issuer(parameters: Mapping[str, str], *, issuer: str) -> dict[str, str]:
    """Return the parameters of a bare response: the answer, and whose it is (RFC 9207)."""
    return {**parameters, "iss": issuer}


def sign_response(
    parameters: Mapping[str, str],
    signer: TokenSigner,
    *,
    issuer: str,
    client_id: str,
    now: datetime,
) -> dict[str, str]:
    """Return the one parameter of a signed response, good for a minute from `now`."""
    expires_at = int((now + RESPONSE_LIFE).timestamp())
    claims = ResponseClaims(iss=issuer, aud=client_id, exp=expires_at)
    # The issuer stands inside alone: beside the token nobody has signed it (RFC 9207, section 2.4).
    members = {**parameters, **msgspec.to_builtins(claims)}
    return {"response": sign_compact(msgspec.json.encode(members), signer, typ=TYPE)}


def address_response(redirect_uri: str, parameters: Mapping[str, str]) -> str:
    """Return where to send the browser: a registered address keeps its own query."""
    joint = "&" if "?" in redirect_uri else "?"
    return f"{redirect_uri}{joint}{urlencode(parameters)}"
