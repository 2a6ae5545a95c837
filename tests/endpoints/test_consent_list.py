"""A bank's list of consents: pages, filters, and cursors that are worth something here alone."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from tests.endpoints.stage import USCC, Machine, Stage
from tests.endpoints.wire import Answer

from creditbridge.endpoints.cursors import CURSOR_LIFE, CursorInvalid, Cursors

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
BOUND = ("/v1/consents", "north-core", "", "", "")
OTHER_USCC = "91330106589876549K"


def ids_in(answer: Answer) -> list[str]:
    """Return the ids of the consents on a page."""
    shown = msgspec.convert(answer.json["consents"], list[dict[str, object]])
    return [str(one["consent_id"]) for one in shown]


async def lodge(stage: Stage, machine: Machine, count: int) -> list[str]:
    """Lodge so many requests; return their ids, newest first."""
    ids = [await stage.lodge(machine) for _ in range(count)]
    return ids[::-1]


def next_of(link: str) -> str:
    """Return the path and query that a Link header leads to (RFC 8288)."""
    address, _, relation = link.partition(">; ")
    assert relation == 'rel="next"'
    return address.removeprefix("<").partition("/v1/")[1] + address.partition("/v1/")[2]


async def test_E6_a_list_goes_on_from_page_to_page(stage: Stage, north: Machine) -> None:
    """Each consent once, newest first; what is lodged meanwhile moves nothing."""
    ids = await lodge(stage, north, 3)

    request, first = await stage.call(north, "GET", "/v1/consents?limit=2")
    await stage.lodge(north)
    _, second = await stage.call(north, "GET", next_of(first.header("link")))

    stage.verify(request, first)
    assert ids_in(first) + ids_in(second) == ids
    assert second.list_headers("link") == []


async def test_E6_a_list_is_narrowed(stage: Stage, north: Machine, consent_id: str) -> None:
    """By the state that is shown, and by enterprise; a page holds what fits."""
    waiting = await stage.lodge(north)

    async def list_ids(query: str) -> list[str]:
        _, answer = await stage.call(north, "GET", f"/v1/consents?{query}")
        assert answer.status == 200, answer.body
        return ids_in(answer)

    assert await list_ids("state=ACTIVE") == [consent_id]
    assert await list_ids("state=REQUESTED") == [waiting]
    assert await list_ids("state=WITHDRAWN") == []
    assert await list_ids(f"enterprise={USCC}&limit=200") == [waiting, consent_id]
    assert await list_ids(f"enterprise={OTHER_USCC}") == []


@pytest.mark.parametrize(
    "query",
    [
        *("limit=0", "limit=201", "limit=-1", "limit=x", "limit=", "limit=1&limit=2", "limit=0001"),
        *("state=OPEN", "page=2", "state=ACTIVE&state=ACTIVE"),
    ],
)
async def test_E6_what_a_list_does_not_have_is_refused(
    stage: Stage, north: Machine, query: str
) -> None:
    """At its bounds and beyond, repeated, or unknown."""
    _, answer = await stage.call(north, "GET", f"/v1/consents?{query}")

    assert (answer.status, answer.code) == (400, "list-malformed")


async def test_E6_a_cursor_is_its_callers_and_its_lists(
    stage: Stage, north: Machine, south: Machine
) -> None:
    """Carried to another bank, to another filter, or altered, it is none."""
    await lodge(stage, north, 2)
    _, first = await stage.call(north, "GET", "/v1/consents?limit=1")
    path = next_of(first.header("link"))
    cursor = path.partition("cursor=")[2]
    other = ("B" if cursor[0] == "A" else "A") + cursor[1:]

    answers = [
        (await stage.call(machine, "GET", address))[1]
        for machine, address in (
            (south, path),
            (north, f"{path}&state=REQUESTED"),
            (north, f"/v1/consents?cursor={other}"),
            (north, "/v1/consents?cursor="),
            (north, f"/v1/consents?cursor={'A' * 600}"),
            (north, "/v1/consents?cursor=%C3%A4"),
        )
    ]

    assert {(one.status, one.code) for one in answers} == {(400, "cursor-invalid")}


def test_E6_a_cursor_lives_an_hour() -> None:
    """At its very end it is old."""
    cursors = Cursors(bytes(32))
    cursor = cursors.make("cns_1", bound_to=BOUND, now=NOON)

    just = NOON + CURSOR_LIFE - timedelta(seconds=1)
    assert cursors.read(cursor, bound_to=BOUND, now=just) == "cns_1"
    with pytest.raises(CursorInvalid):
        cursors.read(cursor, bound_to=BOUND, now=NOON + CURSOR_LIFE)
    with pytest.raises(CursorInvalid):
        Cursors(bytes(range(32))).read(cursor, bound_to=BOUND, now=NOON)


def test_E6_every_changed_byte_of_a_cursor_is_noticed() -> None:
    """And its spelling is one: spare bits of the last character are not free."""
    cursors = Cursors(bytes(32))
    cursor = cursors.make("cns_1", bound_to=BOUND, now=NOON)
    raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))

    for place in range(len(raw)):
        changed = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        spelled = urlsafe_b64encode(changed).rstrip(b"=").decode()
        with pytest.raises(CursorInvalid):
            cursors.read(spelled, bound_to=BOUND, now=NOON)
    for spelled in (cursor + "=", cursor + "A", cursor[:-1]):
        with pytest.raises(CursorInvalid):
            cursors.read(spelled, bound_to=BOUND, now=NOON)


async def test_a_consent_is_polled_cheaply(stage: Stage, north: Machine) -> None:
    """While nobody has answered: when to come again, and 304 to whoever knows what is there."""
    consent_id = await stage.lodge(north)
    _, first = await stage.call(north, "GET", f"/v1/consents/{consent_id}")
    again = [("if-none-match", first.header("etag"))]
    request, same = await stage.call(north, "GET", f"/v1/consents/{consent_id}", headers=again)
    await stage.call(north, "POST", f"/v1/consents/{consent_id}/cancellation")
    _, ended = await stage.call(north, "GET", f"/v1/consents/{consent_id}", headers=again)

    assert first.header("retry-after") == "5"
    assert (same.status, same.body, same.header("etag")) == (304, b"", first.header("etag"))
    stage.verify(request, same)
    assert (ended.status, ended.json["state"]) == (200, "LAPSED")
    assert ended.list_headers("retry-after") == []


async def test_a_bank_tells_the_end_of_a_business(
    stage: Stage, north: Machine, south: Machine, consent_id: str
) -> None:
    """A consent without a business has none to end; another bank's is unknown (PROTOCOLS, S6)."""
    path = f"/v1/consents/{consent_id}/business-closure"

    _, own = await stage.call(north, "POST", path)
    _, foreign = await stage.call(south, "POST", path)

    assert (own.status, own.code) == (403, "consent-transition-impossible")
    assert (foreign.status, foreign.code) == (404, "consent-unknown")
