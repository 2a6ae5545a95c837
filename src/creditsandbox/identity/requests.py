"""An authorization request, checked before a person sees a page (OpenID Connect Core, 3.1.2)."""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from creditbridge.foundation.errors import Malformed

PARAMETERS_MAX = 30
VALUE_CHARACTERS_MAX = 1_024
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # SHA-256 as base64url (RFC 7636, section 4.2).


class RequestMalformed(Malformed):
    """A request that cannot be read: nobody is sent anywhere, the person sees a page."""

    code = "authorization-request-malformed"
    message = "The sign-in request cannot be understood."


class RedirectUnknown(Malformed):
    """An unknown client, or an address it did not register.

    Nobody is sent there (RFC 6749, section 4.1.2.1): the person sees a page.
    """

    code = "redirect-unknown"
    message = "The sign-in request does not come from a known application."


class AuthorizationRefused(Malformed):
    """A fault that the client is told, by the person's browser (RFC 6749, section 4.1.2.1)."""

    code = "authorization-refused"
    message = "The sign-in request is not one that this provider answers."

    def __init__(self, oauth_code: str, *, redirect_uri: str, state: str) -> None:
        super().__init__(detail=oauth_code)
        self.oauth_code = oauth_code
        self.redirect_uri = redirect_uri
        self.state = state


class AuthorizationRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request that may be answered with a code."""

    client_id: str
    redirect_uri: str
    scope: str
    state: str
    nonce: str
    code_challenge: str
    ui_locales: str

    def to_parameters(self) -> dict[str, str]:
        """Return the request as the log-in form repeats it."""
        return {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": self.scope,
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": self.code_challenge,
            "code_challenge_method": "S256",
            "ui_locales": self.ui_locales,
        }


def parse_parameters(raw: bytes) -> dict[str, str]:
    """Return the parameters of a query or a form.

    Raises:
        RequestMalformed: not its encoding, a parameter twice, too many or too long.
    """
    try:
        pairs = parse_qsl(
            raw.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(raw),
            errors="strict",
            max_num_fields=PARAMETERS_MAX,
        )
    except ValueError as error:
        raise RequestMalformed(detail="encoding") from error
    parameters = dict(pairs)
    # Each at most once (RFC 6749, section 3.1): two readers must not see two requests.
    if len(parameters) != len(pairs):
        raise RequestMalformed(detail="a parameter twice")
    if any(len(value) > VALUE_CHARACTERS_MAX for value in parameters.values()):
        raise RequestMalformed(detail="a value too long")
    return parameters


def require_request(
    parameters: Mapping[str, str], *, client_id: str, redirect_uris: Sequence[str]
) -> AuthorizationRequest:
    """Return the request that parameters make.

    Raises:
        RedirectUnknown: the client, or an address that is not one of its own, byte for byte.
        AuthorizationRefused: anything else.
    """
    redirect_uri, state = parameters.get("redirect_uri", ""), parameters.get("state", "")
    if parameters.get("client_id") != client_id or redirect_uri not in redirect_uris:
        raise RedirectUnknown
    fault = find_fault(parameters)
    if fault is not None:
        raise AuthorizationRefused(fault, redirect_uri=redirect_uri, state=state)
    return AuthorizationRequest(
        client_id=client_id,
        redirect_uri=redirect_uri,
        scope=parameters["scope"],
        state=state,
        nonce=parameters["nonce"],
        code_challenge=parameters["code_challenge"],
        ui_locales=parameters.get("ui_locales", ""),
    )


def find_fault(parameters: Mapping[str, str]) -> str | None:
    """Return the OAuth error of the first fault of a request; None where it has none."""
    unsupported = find_unsupported(parameters)
    if unsupported is not None:
        return unsupported
    # PKCE with S256 and nothing else (RFC 7636, section 4.3; RFC 9700, section 2.1.1).
    challenge = parameters.get("code_challenge", "")
    if parameters.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(challenge):
        return "invalid_request"
    # The gateway's own protection against another's answer: without them it asks in error.
    complete = parameters.get("nonce") and parameters.get("state")
    return None if complete else "invalid_request"


def find_unsupported(parameters: Mapping[str, str]) -> str | None:
    """Return the OAuth error of what this provider does not do; None where it does it all."""
    if "request" in parameters or "request_uri" in parameters:
        return "request_not_supported"
    if parameters.get("response_type") != "code":
        return "unsupported_response_type"
    if "openid" not in parameters.get("scope", "").split(" "):
        return "invalid_scope"
    if parameters.get("prompt") == "none":
        # There is never a session here: every sign-in asks for the password.
        return "login_required"
    is_query = parameters.get("response_mode", "query") == "query"
    return None if is_query else "invalid_request"


def answer_address(redirect_uri: str, parameters: Mapping[str, str]) -> str:
    """Return the address that carries an answer to the client."""
    joint = "&" if urlsplit(redirect_uri).query else "?"
    return f"{redirect_uri}{joint}{urlencode(parameters)}"
