"""A bank's consents, page by page (PROTOCOLS, E6)."""

from urllib.parse import parse_qsl, urlencode

import msgspec
from litestar import Response, get

from creditbridge.consents.acts import ConsentFilter
from creditbridge.consents.model import ConsentState
from creditbridge.endpoints.answers import Answer, answer_signed
from creditbridge.endpoints.consent_words import DOOR, SCOPE, show_consent
from creditbridge.endpoints.exchange import JSON_TYPE, HttpRequest
from creditbridge.endpoints.guards import admitted
from creditbridge.endpoints.house import AtHouse
from creditbridge.foundation.errors import Malformed
from creditbridge.journeys.admit_caller import Caller
from creditbridge.protocols.uscc import parse_uscc

PATH = "/v1/consents"
PAGE_ROWS = 50
PAGE_ROWS_MAX = 200
PARAMETERS = frozenset({"limit", "cursor", "state", "enterprise"})


class ListMalformed(Malformed):
    """A parameter that a list does not have, or a value that it cannot have."""

    code = "list-malformed"
    message = "A list takes limit (1 to 200), cursor, state and enterprise, each at most once."


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Which page of which list was asked for."""

    rows: int
    cursor: str | None
    state: ConsentState | None
    uscc: str | None

    def bound_to(self, caller: Caller) -> tuple[str, ...]:
        """Return what a cursor of this list is bound to: who asks, by what token, for what."""
        return (PATH, caller.client_id, caller.grant_id or "", self.state or "", self.uscc or "")

    def address_of(self, cursor: str) -> str:
        """Return the query of the page that begins at a cursor."""
        members = {"limit": str(self.rows), "state": self.state, "enterprise": self.uscc}
        given = {name: value for name, value in members.items() if value is not None}
        return urlencode({**given, "cursor": cursor})


@get(PATH)
async def list_consents(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Return a page of the bank's own consents, newest first, and where the next begins."""
    async with (
        admitted(request, house, door=DOOR, scope=SCOPE) as (presented, caller),
        house.database.transaction() as tx,
    ):
        page = read_page(request)
        bound_to, before = page.bound_to(caller), None
        if page.cursor is not None:
            before = house.cursors.read(page.cursor, bound_to=bound_to, now=tx.now)
        wanted = ConsentFilter(
            before=before, consent_ids=caller.consent_ids, state=page.state, uscc=page.uscc
        )
        # One more than the page holds tells whether there is another.
        found = await house.consents.list_for_bank(
            tx, caller.bank.bank_id, wanted, rows_max=page.rows + 1
        )
        shown = found[: page.rows]
        headers: tuple[tuple[str, str], ...] = (("content-type", JSON_TYPE),)
        if len(found) > len(shown):
            cursor = house.cursors.make(shown[-1].consent_id, bound_to=bound_to, now=tx.now)
            link = f'<{house.bank_url}{PATH}?{page.address_of(cursor)}>; rel="next"'
            headers = (*headers, ("link", link))
        body = {"consents": [show_consent(consent, now=tx.now) for consent in shown]}
        answer = Answer(status=200, headers=headers, body=msgspec.json.encode(body))
        return answer_signed(house, presented, answer)


def read_page(request: HttpRequest) -> Page:
    """Return the page that a query names.

    Raises:
        ListMalformed: another parameter, one that is repeated, or a value out of bounds.
        UsccInvalid: `enterprise` is no code.
    """
    try:
        pairs = parse_qsl(
            request.scope["query_string"].decode("latin-1"),
            keep_blank_values=True,
            max_num_fields=len(PARAMETERS),
        )
    except ValueError as error:
        raise ListMalformed from error
    given = dict(pairs)
    # Of two values one reader takes the first and another the last: neither is believed.
    if not PARAMETERS.issuperset(given) or len(pairs) != len(given):
        raise ListMalformed
    uscc = given.get("enterprise")
    return Page(
        rows=_read_rows(given.get("limit")),
        cursor=given.get("cursor"),
        state=_read_state(given.get("state")),
        uscc=None if uscc is None else parse_uscc(uscc).value,
    )


def _read_rows(text: str | None) -> int:
    if text is None:
        return PAGE_ROWS
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(PAGE_ROWS_MAX))):
        raise ListMalformed
    if not 1 <= int(text) <= PAGE_ROWS_MAX:
        raise ListMalformed
    return int(text)


def _read_state(text: str | None) -> ConsentState | None:
    try:
        return None if text is None else ConsentState(text)
    except ValueError as error:
        raise ListMalformed from error
