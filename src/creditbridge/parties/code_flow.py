"""What a client registers to ask people: its grants, and where answers go. Pure."""

import re
from collections.abc import Collection, Sequence

from creditbridge.foundation.errors import Malformed
from creditbridge.parties.model import (
    AUTHORIZATION_CODE,
    CIBA,
    CLIENT_CREDENTIALS,
    REFRESH_TOKEN,
    ClientOnboarding,
    ResponseMode,
)

REDIRECT_URIS_MAX = 16
REDIRECT_CHARACTERS_MAX = 512
GRANT_TYPES_MAX = 8
PORT_MAX = 65_535

# The name of a grant, or an absolute URI (RFC 6749, section 4.5); which are served, access knows.
_GRANT_TYPE = re.compile(r"[a-z][a-z_]{0,63}|urn:[a-z0-9:_.-]{1,128}")
# The characters of a URI (RFC 3986, section 2) without those of a fragment: nothing that a browser
# would rewrite, so that what is compared byte for byte is also where it goes.
_REDIRECT = re.compile(
    r"https://[A-Za-z0-9.-]{1,253}(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"/(?:[!$&-;=?-Z_a-z~]|%[0-9A-Fa-f]{2})*"
)


class RedirectsUnfit(Malformed):
    """An address that no answer may be sent to, or none where answers must go somewhere."""

    code = "redirects-unfit"
    message = (
        "authorization_code takes 1 to 16 redirect URIs, each once: https, a host, a path, at most "
        "512 characters, without user, fragment or blanks; other clients have none."
    )


class GrantsUnfit(Malformed):
    """Grants that do not fit each other, or members that none of the grants uses."""

    code = "grants-unfit"
    message = (
        "A client's grants are distinct; refresh_token needs authorization_code or CIBA beside it; "
        "response modes and signed request objects need authorization_code; what is signed, a key."
    )


def grant_types_of(client: ClientOnboarding) -> frozenset[str]:
    """Return the grants that a client is registered for."""
    return frozenset(client.grant_types) or frozenset({CLIENT_CREDENTIALS})


def response_modes_of(client: ClientOnboarding) -> frozenset[ResponseMode]:
    """Return how a client may want its answers; in every mode where it names none."""
    return frozenset(client.response_modes) or frozenset(ResponseMode)


def require_code_flow(client: ClientOnboarding) -> None:
    """Accept a client whose grants, addresses and response modes fit each other.

    Raises:
        GrantsUnfit, RedirectsUnfit: they do not.
    """
    _require_grants(client.grant_types)
    asks_people = AUTHORIZATION_CODE in client.grant_types
    _require_distinct(client.response_modes)
    # A member that nothing uses is one that nobody looks after.
    if not asks_people and (client.response_modes or client.require_signed_request_object is True):
        raise GrantsUnfit(detail="members of the code flow without its grant")
    # Without a browser every request is signed (FAPI-CIBA, section 5.2.2).
    signs = CIBA in client.grant_types or client.require_signed_request_object is True
    if signs and not client.keys and client.jwks_uri is None:
        raise GrantsUnfit(detail="no key to verify request objects with")
    if asks_people:
        require_redirects(client.redirect_uris)
    elif client.redirect_uris:
        raise RedirectsUnfit(detail="redirect URIs without authorization_code")


def require_redirects(redirect_uris: Sequence[str]) -> None:
    """Accept addresses that answers may be sent to (RFC 9700, section 2.1).

    Raises:
        RedirectsUnfit: none, too many, one twice, or one that is no plain https address.
    """
    if not 0 < len(redirect_uris) <= REDIRECT_URIS_MAX:
        raise RedirectsUnfit(detail=f"{len(redirect_uris)} redirect URIs")
    if len(set(redirect_uris)) != len(redirect_uris):
        raise RedirectsUnfit(detail="a redirect URI twice")
    if not all(map(_is_redirect, redirect_uris)):
        raise RedirectsUnfit(detail="a redirect URI of another form")


def _is_redirect(redirect_uri: str) -> bool:
    if len(redirect_uri) > REDIRECT_CHARACTERS_MAX:
        return False
    read = _REDIRECT.fullmatch(redirect_uri)
    return read is not None and int(read["port"] or 1) <= PORT_MAX


def _require_grants(grant_types: Sequence[str]) -> None:
    if len(grant_types) > GRANT_TYPES_MAX or not all(map(_GRANT_TYPE.fullmatch, grant_types)):
        raise GrantsUnfit(detail="no name of a grant")
    _require_distinct(grant_types)
    # A refresh token comes with a person's yes; without one there is nothing to refresh.
    if REFRESH_TOKEN in grant_types and {AUTHORIZATION_CODE, CIBA}.isdisjoint(grant_types):
        raise GrantsUnfit(detail="refresh_token without a grant that asks people")


def _require_distinct(names: Collection[str]) -> None:
    if len(set(names)) != len(names):
        raise GrantsUnfit(detail="one twice")
