"""A representative comes from the bank, and is shown what it asks (RFC 6749, section 4.1.1).

    access -> parties

1. The request is this client's, and nobody has decided it; its first opening begins 15 minutes.
2. The client may still come in, and the address of the answer is still its own.
3. How many people of the enterprise must approve is told before anybody does.
"""

import msgspec
from msgspec.structs import replace

from creditbridge.access.pushed.model import OpenedRequest, RequestUriInvalid
from creditbridge.access.pushed.service import open_request
from creditbridge.foundation.database import Database, Transaction
from creditbridge.parties.model import Bank, ResponseMode
from creditbridge.parties.service import find_approval_rules, find_client
from creditbridge.parties.voices.quorum import ApprovalRule


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """Which request a browser brought: two parameters of its address, and nothing else counts."""

    client_id: str
    request_uri: str


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """An open request, with the bank that asks."""

    asking: Asking
    opened: OpenedRequest
    bank: Bank
    rules: tuple[ApprovalRule, ...] = ()  # How many people of the enterprise must approve.

    @property
    def uscc(self) -> str | None:
        """The enterprise that it is about; None where it asks for no consent."""
        details = self.opened.pushed.request.details
        return details[0].enterprise.uscc if details else None


class OpenAuthorization(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through; `modes` are the response modes served."""

    database: Database
    modes: frozenset[ResponseMode]

    async def __call__(self, asking: Asking) -> Asked:
        """Walk the steps above, in order.

        Raises:
            RequestUriInvalid: no such open request, or none of a client that may ask.
        """
        async with self.database.transaction() as tx:
            opened = await open_request(  # 1
                tx, client_id=asking.client_id, request_uri=asking.request_uri
            )
            bank = await require_asker(tx, opened, self.modes)  # 2
            asked = Asked(asking=asking, opened=opened, bank=bank)
            if asked.uscc is None:
                return asked
            return replace(asked, rules=await find_approval_rules(tx, asked.uscc))  # 3


async def require_asker(
    tx: Transaction, opened: OpenedRequest, modes: frozenset[ResponseMode]
) -> Bank:
    """Return the bank of a request that may be answered at this very moment.

    Raises:
        RequestUriInvalid: since it asked, the client was shut out or gave up the address, or this
            house the key that would sign the answer.
    """
    request = opened.pushed.request
    if request.response_mode not in modes:
        raise RequestUriInvalid(detail="an answer that nobody here can sign")
    registration = await find_client(tx, request.client_id)
    # Nobody is sent to an address that is no longer the client's (RFC 6749, section 4.1.2.1).
    if registration is None or request.redirect_uri not in registration.client.redirect_uris:
        raise RequestUriInvalid(detail="a client that may ask no more, or another address")
    return registration.bank
