"""What an authorization request may say. Pure.

Everything is refused here, at the push: a person never sees a page for a request with a fault.
"""

import re
from collections.abc import Mapping

from creditbridge.access.authorization import AuthorizationRequest
from creditbridge.access.model import OPENID
from creditbridge.access.pushed.details import read_details
from creditbridge.access.pushed.model import (
    LoginRequired,
    PushFault,
    PushInvalid,
    ResponseTypeUnsupported,
)
from creditbridge.access.rules import decide_scopes
from creditbridge.parties.model import Client, ResponseMode, SenderConstraint

# Up to here the conformance suite wants them back whole.
TEXT_BYTES_MAX = 1_024
REQUEST_URI = "request_uri"
REQUEST_OBJECT = "request"
# SHA-256 in base64url: of a code verifier (RFC 7636, section 4.2), and of a key (RFC 7638).
_DIGEST = re.compile(r"[A-Za-z0-9_-]{43}")


def require_by_value(form: Mapping[str, str], client: Client) -> None:
    """Accept a form that says what it asks, or brings it in a request object.

    Raises:
        PushInvalid: it points elsewhere, or is unsigned where the client must sign.
    """
    # What is pushed must be here: a pointer could be pushed, and change afterwards (RFC 9126,
    # section 2.1).
    if REQUEST_URI in form:
        raise PushInvalid(PushFault.REQUEST_URI)
    if client.requires_request_object and REQUEST_OBJECT not in form:
        raise PushInvalid(PushFault.UNSIGNED)


def read_request(
    parameters: Mapping[str, str],
    client: Client,
    *,
    modes: frozenset[ResponseMode],
    scopes: frozenset[str],
) -> AuthorizationRequest:
    """Return the request that parameters make; what none of them names is passed over.

    `modes` and `scopes` are the response modes and the scopes that this server serves.

    Raises:
        OAuthError: the standard's word for the first fault.
    """
    _require_response_type(parameters)
    _require_new_grant(parameters)
    asked = decide_scopes(parameters.get("scope"), client.scopes & scopes)
    if OPENID in asked:
        _require_prompt(parameters)
    return AuthorizationRequest(
        client_id=client.client_id,
        bank_id=client.bank_id,
        redirect_uri=_read_redirect(parameters, client),
        response_mode=_read_response_mode(parameters, client.response_modes & modes),
        code_challenge=_read_challenge(parameters),
        scopes=asked,
        state=_read_text(parameters, "state"),
        nonce=_read_text(parameters, "nonce"),
        ui_locales=_read_text(parameters, "ui_locales"),
        details=read_details(parameters.get("authorization_details")),
        proof_key=_read_proof_key(parameters, client),
    )


def _require_response_type(parameters: Mapping[str, str]) -> None:
    response_type = parameters.get("response_type")
    if response_type is None:
        raise PushInvalid(PushFault.RESPONSE_TYPE)
    # A token in an address ends in histories and logs: a code alone travels (FAPI 2.0, 5.3.2.2).
    if response_type != "code":
        raise ResponseTypeUnsupported


def _require_new_grant(parameters: Mapping[str, str]) -> None:
    # Every authorization makes a grant of its own; none is merged or replaced (PROTOCOLS N1).
    if "grant_id" in parameters:
        raise PushInvalid(PushFault.GRANT_ID)
    if parameters.get("grant_management_action", "create") != "create":
        raise PushInvalid(PushFault.GRANT_ACTION)


def _require_prompt(parameters: Mapping[str, str]) -> None:
    # Nobody is ever asked without a page: who signs in, signs in for this request (OpenID Connect
    # Core 1.0, section 3.1.2.1). For the same reason every `max_age` is kept.
    if "none" in parameters.get("prompt", "").split(" "):
        raise LoginRequired


def _read_redirect(parameters: Mapping[str, str], client: Client) -> str:
    redirect_uri = parameters.get("redirect_uri")
    # Byte for byte: whatever is compared more cleverly was tricked before (RFC 9700, section 2.1).
    if redirect_uri is None or redirect_uri not in client.redirect_uris:
        raise PushInvalid(PushFault.REDIRECT_URI)
    return redirect_uri


def _read_response_mode(
    parameters: Mapping[str, str], modes: frozenset[ResponseMode]
) -> ResponseMode:
    # Who is registered for signed answers alone need not ask for them.
    default = ResponseMode.QUERY if ResponseMode.QUERY in modes else ResponseMode.JWT
    asked = parameters.get("response_mode", default)
    if asked not in modes:
        raise PushInvalid(PushFault.RESPONSE_MODE)
    return ResponseMode(asked)


def _read_challenge(parameters: Mapping[str, str]) -> str:
    # Without a method it would be `plain` (RFC 7636, section 4.3), whose verifier everybody reads.
    if parameters.get("code_challenge_method") != "S256":
        raise PushInvalid(PushFault.CHALLENGE_METHOD)
    challenge = parameters.get("code_challenge", "")
    if _DIGEST.fullmatch(challenge) is None:
        raise PushInvalid(PushFault.CHALLENGE)
    return challenge


def _read_proof_key(parameters: Mapping[str, str], client: Client) -> str | None:
    thumbprint = parameters.get("dpop_jkt")
    # Its tokens are bound to its certificate: a code for a key could never be used.
    if thumbprint is not None and client.sender_constraint is not SenderConstraint.DPOP:
        raise PushInvalid(PushFault.PROOF_KEY_UNUSED)
    if thumbprint is not None and _DIGEST.fullmatch(thumbprint) is None:
        raise PushInvalid(PushFault.PROOF_KEY)
    return thumbprint


def _read_text(parameters: Mapping[str, str], name: str) -> str | None:
    text = parameters.get(name)
    if text is not None and len(text.encode()) > TEXT_BYTES_MAX:
        raise PushInvalid(PushFault.LONG)
    return text
