"""A request that a bank pushes: what is kept of it, and what the ledger holds of a refused one."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from tests.journeys.asking import House, Onboarded, Street

from creditbridge.access.model import InvalidClient, OAuthError
from creditbridge.access.pushed.model import DetailsNotAllowed
from creditbridge.foundation.database import DatabaseUnavailable
from creditbridge.ledger.model import CallerRefused, EventKind
from creditbridge.protocols.certificate_binding import PeerCertificate

END = datetime.max.replace(tzinfo=UTC)
REFUSALS: list[tuple[dict[str, str], str]] = [
    ({"redirect_uri": "https://evil.example/callback"}, "authorization-request-invalid"),
    ({"code_challenge_method": "plain"}, "authorization-request-invalid"),
    ({"request_uri": "urn:x"}, "authorization-request-invalid"),
    ({"response_type": "token"}, "response-type-unsupported"),
    ({"scope": "payments"}, "invalid-scope"),
    ({"request": "a.b.c"}, "request-object-invalid"),
    ({"authorization_details": "{}"}, "authorization-details-invalid"),
]


@pytest.fixture
def street(
    house: House,
    north: Onboarded,
    person_id: str,
    certify: Callable[[str], PeerCertificate],
) -> Street:
    """A bank's machine and a representative."""
    return Street(house, north, person_id, certify)


async def test_P1_a_good_request_leaves_no_record(street: Street) -> None:
    """Nothing has been decided, and no consent exists; the request is kept."""
    await street.push(await street.detail())

    assert await street.count("requests") == 1
    assert await street.count("consents") == 0
    assert await street.house.told("caller", "consent", "authorization") == []


@pytest.mark.parametrize(("changed", "code"), REFUSALS)
async def test_law_1_a_refused_request_of_a_known_client_is_recorded(
    changed: dict[str, str], code: str, street: Street
) -> None:
    """By client, door and code, and nothing of what it sent; nothing is kept of the request."""
    with pytest.raises(OAuthError):
        await street.push(**changed)

    (record,) = await street.house.told("caller")
    assert record.kind is EventKind.CALLER_REFUSED
    assert record.terms == CallerRefused(client=street.north.client_ids[0], door="par", code=code)
    assert await street.count("requests") == 0


async def test_R2_the_ceiling_that_was_exceeded_is_recorded(street: Street) -> None:
    """Which of them, as with a request that is lodged directly; the engineer is told it, too."""
    with pytest.raises(DetailsNotAllowed) as caught:
        await street.push(await street.detail(), await street.detail(max_queries=5_000))

    assert caught.value.prose == "A consent cannot allow that many queries."
    (record,) = await street.house.told("caller")
    assert isinstance(record.terms, CallerRefused)
    assert record.terms.code == "consent-queries-not-allowed"


async def test_R4_that_the_licence_does_not_reach_so_far_is_recorded(street: Street) -> None:
    """Under the word of what it lacks."""
    async with street.house.database.transaction() as tx:
        await tx.execute("UPDATE parties_banks SET purposes = '{POST_LOAN}', sections = '{REG}'")

    with pytest.raises(DetailsNotAllowed) as caught:
        await street.push(await street.detail())

    assert caught.value.prose.startswith("This bank is not licensed for that purpose")
    (record,) = await street.house.told("caller")
    assert isinstance(record.terms, CallerRefused)
    assert record.terms.code == "consent-purpose-not-licensed"


async def test_law_1_a_stranger_is_counted_and_not_recorded(street: Street) -> None:
    """Nobody can fill the ledger with requests that prove nothing."""
    with pytest.raises(InvalidClient):
        await street.push(client_id="nobody-known")

    assert await street.house.told("caller") == []
    (counted,) = street.strangers.take_until(END)
    assert (counted.door, counted.code) == ("par", "invalid-client")


@pytest.mark.parametrize("fault", ["failed", "reply lost"])
async def test_law_1_no_refusal_is_told_without_its_record(fault: str, street: Street) -> None:
    """The statement fails, before or after it was done: the client may try again."""
    ledger = street.house.faulty_ledger(EventKind.CALLER_REFUSED, fault)

    with pytest.raises(DatabaseUnavailable):
        await street.pushing(ledger=ledger)(street.request(scope="payments"))
