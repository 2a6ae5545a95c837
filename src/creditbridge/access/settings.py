"""Where the authorization server is reached, and what it serves."""

from urllib.parse import urlsplit

import msgspec

from creditbridge.foundation.errors import CreditbridgeError


class IssuerInvalid(CreditbridgeError):
    """The issuer cannot be published."""

    code = "issuer-invalid"
    message = "The issuer must be an https address without query and fragment; start is refused."


class AccessSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`issuer` is the people's door, `bank_url` the door that asks for certificates.

    Both without a trailing slash. `scopes` are all that a client may be registered for.
    """

    issuer: str
    bank_url: str
    scopes: frozenset[str]

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
