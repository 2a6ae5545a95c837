"""The enterprise's monthly statements: a list, a page to read, a signed file to keep."""

import msgspec
from litestar import Response, Router, get
from litestar.params import FromPath

from creditbridge.endpoints.exchange import HttpRequest
from creditbridge.endpoints.house import AtHouse, House
from creditbridge.endpoints.page_errors import answer_page
from creditbridge.endpoints.visits import Visit, attach, require_visit, show
from creditbridge.endpoints.words import NothingThere
from creditbridge.evidence.statements import Statement
from creditbridge.ledger.service import StatementRow, list_statements
from creditbridge.protocols.strict_json import decode

HOME = "/portal/statements"
MONTH_CHARACTERS = 7


class StatementListView(msgspec.Struct, frozen=True, kw_only=True):
    """An enterprise's statements, the latest first."""

    statements: tuple[Statement, ...]


class StatementView(msgspec.Struct, frozen=True, kw_only=True):
    """One statement, as it was signed."""

    statement: Statement


@get(HOME)
async def show_statements(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """List the statements."""
    visit = await require_visit(request, house)
    async with house.database.transaction() as tx:
        rows = await list_statements(tx, visit.session.uscc)
    found = tuple(decode(row.document, Statement) for row in rows)
    return show(request, "statements", visit, view=StatementListView(statements=found))


@get("/portal/statements/{month:str}")
async def show_statement(
    month: FromPath[str], request: HttpRequest, house: AtHouse
) -> Response[bytes]:
    """Show a month."""
    visit = await require_visit(request, house)
    row = await _get_own(house, visit, month, request)
    view = StatementView(statement=decode(row.document, Statement))
    return show(request, "statement", visit, view=view)


@get("/portal/statements/{month:str}/file")
async def download(month: FromPath[str], request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Hand over the signed bytes."""
    visit = await require_visit(request, house)
    row = await _get_own(house, visit, month, request)
    part = "" if row.part == 1 else f"-part-{row.part}"
    return attach(row.document, f"statement-{row.month}{part}.json")


async def _get_own(house: House, visit: Visit, month: str, request: HttpRequest) -> StatementRow:
    """Return a month's statement, or the part of it that the address names."""
    part = request.query_params.get("part", "1")
    async with house.database.transaction() as tx:
        rows = await list_statements(tx, visit.session.uscc, month=month[:MONTH_CHARACTERS])
    for row in rows:
        if (row.month, str(row.part)) == (month, part):
            return row
    raise NothingThere


router = Router(
    "/",
    route_handlers=[show_statements, show_statement, download],
    exception_handlers={Exception: answer_page},
)
