"""Where the authorization server is reached, and what it serves."""

from urllib.parse import urlsplit

import msgspec

from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.parties.model import ResponseMode


class IssuerInvalid(CreditbridgeError):
    """The issuer cannot be published."""

    code = "issuer-invalid"
    message = "The issuer must be an https address without query and fragment; start is refused."


class AccessSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`issuer` is the people's door, `bank_url` the door that asks for certificates.

    Both without a trailing slash. `scopes` are all that a client may be registered for, and
    `token_algorithms` those of the keys that sign tokens here: without one no answer is signed,
    and with `openid` among the scopes there is one.
    """

    issuer: str
    bank_url: str
    scopes: frozenset[str]
    token_algorithms: tuple[str, ...] = ()

    @property
    def response_modes(self) -> frozenset[ResponseMode]:
        """How an answer may travel over a browser: signed only where there is a key for it."""
        modes = frozenset(ResponseMode)
        return modes if self.token_algorithms else modes - {ResponseMode.JWT}

    def __post_init__(self) -> None:
        """Refuse addresses that clients could not compare byte for byte (RFC 8414, section 2).

        Raises:
            IssuerInvalid: no https, or a query, a fragment, a trailing slash.
        """
        for url in (self.issuer, self.bank_url):
            parts = urlsplit(url)
            if parts.scheme != "https" or not parts.netloc or "?" in url or "#" in url:
                raise IssuerInvalid(detail=url)
            # Clients append the well-known path; two slashes would be another address (RFC 8414,
            # section 3.1).
            if url.endswith("/"):
                raise IssuerInvalid(detail=f"{url}: trailing slash")
